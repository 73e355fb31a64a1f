// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_BYTES_HPP
#define FOREST_CORE_DETAIL_JSON_BYTES_HPP

#include <forest/form.hpp>

// Finds the end of a name or a value, eight bytes at a time, with arithmetic on 64-bit numbers. A
// loop over single bytes would be most of the cost of reading a message.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

// Returns eight bytes as one number. The first byte is the lowest one on every machine. Compilers
// read all bytes at once.
constexpr std::uint64_t word_at(const char* bytes) noexcept {
    const auto byte = [bytes](unsigned index) {
        return std::uint64_t{static_cast<unsigned char>(bytes[index])} << (8 * index);
    };
    return byte(0) | byte(1) | byte(2) | byte(3) | byte(4) | byte(5) | byte(6) | byte(7);
}

// The same byte eight times.
constexpr std::uint64_t repeated(unsigned char byte) noexcept {
    return std::uint64_t{0x0101010101010101U} * byte;
}

inline constexpr std::uint64_t mark_bits = repeated(0x80);

// The following functions mark bytes of a word by their highest bits. They may also mark bytes from
// 0x80 on, and bytes above one that they mark.

constexpr std::uint64_t marks_of(std::uint64_t word, char byte) noexcept {
    return ((word ^ repeated(static_cast<unsigned char>(byte))) - repeated(1)) & mark_bits;
}

// Marks controls: below 0x20, or 0x7f.
constexpr std::uint64_t controls_in(std::uint64_t word) noexcept {
    return ((word - repeated(0x20)) | marks_of(word, 0x7f) | word) & mark_bits;
}

// Returns the same bytes in lower case.
constexpr std::uint64_t lower_in(std::uint64_t word) noexcept {
    const std::uint64_t low = word & ~mark_bits;
    const std::uint64_t capitals =
        (low + repeated(0x80 - 'A')) & ~(low + repeated(0x80 - ('Z' + 1))) & ~word & mark_bits;
    return word | (capitals >> 2U);
}

// Returns the index of the lowest marked byte, from 0 on. There must be one.
constexpr std::size_t first_marked(std::uint64_t marks) noexcept {
    return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

// Returns the place of the first byte from `position` on that is not allowed, or the end.
// `marks_in` marks all such bytes, and may mark a few others.
template <auto marks_in, auto is_allowed>
constexpr std::size_t skip_allowed(std::string_view text, std::size_t position) noexcept {
    while (text.size() - position >= 8) {
        const std::uint64_t marks = marks_in(word_at(text.data() + position));
        if (marks == 0) {
            position += 8;
            continue;
        }
        position += first_marked(marks);
        if (!is_allowed(text[position]))
            return position;
        ++position;
    }
    while (position < text.size() && is_allowed(text[position]))
        ++position;
    return position;
}

// Returns the place of the first `byte` from `position` on, or the end.
constexpr std::size_t find_near(std::string_view text, std::size_t position, char byte) noexcept {
    const std::size_t found = text.find(byte, position);
    return found == std::string_view::npos ? text.size() : found;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
