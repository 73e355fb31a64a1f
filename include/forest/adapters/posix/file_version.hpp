// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_FILE_VERSION_HPP
#define FOREST_ADAPTERS_POSIX_FILE_VERSION_HPP

#include <forest/form.hpp>

#include <sys/stat.h>
#include <sys/types.h>

#include <string>

namespace forest::inline FOREST_FORM {

/// Identifies the state of a file without reading it: a changed file has another version.
class file_version {
public:
    /// The version of a file that does not exist.
    file_version() noexcept = default;

    explicit file_version(const struct stat& file) noexcept;

    /// The version of the file at `path` now.
    [[nodiscard]] static file_version of(const std::string& path) noexcept;

    friend bool operator==(const file_version&, const file_version&) = default;

private:
    ino_t inode_ = 0;
    off_t bytes_ = -1;
    time_t seconds_ = 0;
    long nanoseconds_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/file_version.ipp>
#endif

#endif
