// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_HOSTS_FILE_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_HOSTS_FILE_IPP

#include <forest/adapters/posix/hosts_file.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL void hosts_file::refresh() {
    const descriptor file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat found{};
    if (file.number < 0 || ::fstat(file.number, &found) != 0 || !S_ISREG(found.st_mode)) {
        names_.clear();
        known_ = {};
        return;
    }
    const file_version seen{found};
    if (seen == known_)
        return;
    names_.clear();
    known_ = {}; // in case reading throws
    read(file.number);
    known_ = seen;
}

FOREST_DECL void hosts_file::read(int file) {
    std::string text(bytes_max, '\0');
    std::size_t size = 0;
    for (ssize_t count = 0;
         size < text.size() && (count = ::read(file, text.data() + size, text.size() - size)) > 0;)
        size += static_cast<std::size_t>(count);
    for (std::string_view rest{text.data(), size}; !rest.empty();) {
        const std::size_t end = rest.find('\n');
        add_line(rest.substr(0, end));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
}

FOREST_DECL void hosts_file::add_line(std::string_view line) {
    constexpr std::string_view blanks = " \t\r";
    line = line.substr(0, line.find('#'));
    for (bool is_address = true;; is_address = false) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty())
            return;
        const std::string_view word = line.substr(0, line.find_first_of(blanks));
        line.remove_prefix(word.size());
        if (is_address)
            continue;
        std::string name{word};
        std::transform(name.begin(), name.end(), name.begin(), [](char byte) {
            return 'A' <= byte && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
        });
        names_.insert(std::move(name));
    }
}

} // namespace forest::inline FOREST_FORM

#endif
