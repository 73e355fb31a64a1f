// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_FILE_VERSION_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_FILE_VERSION_IPP

#include <forest/adapters/posix/file_version.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD file_version::file_version(const struct stat& file) noexcept
    : inode_{file.st_ino},
      bytes_{file.st_size},
      seconds_{file.st_mtim.tv_sec},
      nanoseconds_{file.st_mtim.tv_nsec} {}

FOREST_DECL FOREST_COLD file_version file_version::of(const std::string& path) noexcept {
    struct stat file{};
    return ::stat(path.c_str(), &file) == 0 ? file_version{file} : file_version{};
}

} // namespace forest::inline FOREST_FORM

#endif
