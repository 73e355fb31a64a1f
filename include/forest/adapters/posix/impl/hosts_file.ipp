// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_HOSTS_FILE_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_HOSTS_FILE_IPP

#include <forest/adapters/posix/hosts_file.hpp>

#include <cstdlib>
#include <cstring>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD bool hosts_file::contains(std::string_view name) noexcept try {
    const std::lock_guard lock{mutex_};
    const auto now = std::chrono::steady_clock::now();
    if (now >= look_again_at_) {
        look_again_at_ = now + look_interval;
        refresh();
    }
    const std::string text{name};
    const char* const key = text.c_str();
    return name.find('\0') == std::string_view::npos && count_ > 0 &&
           std::bsearch(static_cast<const void*>(&key), static_cast<const void*>(names_), count_,
                        sizeof key, &order) != nullptr;
} catch (...) { // There is no memory.
    return false;
}

FOREST_DECL FOREST_COLD void hosts_file::refresh() {
    const descriptor file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat found{};
    if (file.number < 0 || ::fstat(file.number, &found) != 0 || !S_ISREG(found.st_mode)) {
        forget();
        known_ = {};
        return;
    }
    const file_version seen{found};
    if (seen == known_)
        return;
    forget();
    known_ = {}; // in case reading throws
    read(file.number);
    known_ = seen;
}

FOREST_DECL FOREST_COLD void hosts_file::read(int file) {
    std::string text(bytes_max, '\0');
    std::size_t size = 0;
    for (ssize_t count = 0;
         size < text.size() && (count = ::read(file, text.data() + size, text.size() - size)) > 0;)
        size += static_cast<std::size_t>(count);
    text_.assign(text, 0, size);
    const std::size_t count = find_names(nullptr);
    names_ = new const char*[count];
    count_ = find_names(names_);
    std::qsort(static_cast<void*>(names_), count_, sizeof *names_, &order);
}

FOREST_DECL FOREST_COLD void hosts_file::forget() noexcept {
    delete[] names_;
    names_ = nullptr;
    count_ = 0;
    text_.clear();
}

// A line has an address and names with blanks between them, and perhaps a comment.
FOREST_DECL FOREST_COLD std::size_t hosts_file::find_names(const char** names) noexcept {
    std::size_t count = 0;
    bool is_comment = false;
    bool is_address = true;
    bool is_inside = false; // a word
    for (char& byte : text_) {
        const bool ends_line = byte == '\n';
        is_comment = !ends_line && (is_comment || byte == '#');
        const bool ends_word =
            ends_line || is_comment || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\0';
        if (!ends_word && !is_inside && !is_address) {
            if (names != nullptr)
                names[count] = &byte;
            ++count;
        }
        if (ends_word && is_inside)
            is_address = false;
        if (ends_line)
            is_address = true;
        is_inside = !ends_word;
        if (names != nullptr && ends_word)
            byte = '\0';
        if ('A' <= byte && byte <= 'Z')
            byte = static_cast<char>(byte - 'A' + 'a');
    }
    return count;
}

FOREST_DECL FOREST_COLD int hosts_file::order(const void* left, const void* right) noexcept {
    return std::strcmp(*static_cast<const char* const*>(left),
                       *static_cast<const char* const*>(right));
}

} // namespace forest::inline FOREST_FORM

#endif
