// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_UTF8_HPP
#define FOREST_CORE_DETAIL_JSON_UTF8_HPP

#include <forest/form.hpp>

// UTF-8, the encoding of JSON, one character at a time (RFC 3629).

#include <array>
#include <cstddef>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

/// The longest encoding of a character, in bytes.
inline constexpr std::size_t utf8_bytes_max = 4;

/// The replacement for text that cannot be decoded, U+FFFD, in UTF-8.
inline constexpr std::string_view utf8_replacement = "\xef\xbf\xbd";

/// The first character of a text: its size, and whether it is valid.
struct utf8_prefix {
    std::size_t size = 0; ///< in bytes; if invalid, the bytes that a decoder replaces together
    bool valid = false;
};

/// Measures the first character of `text`, which is not empty. Overlong forms, surrogates and
/// numbers above U+10FFFF are invalid. The size of an invalid one is that of its maximal subpart
/// (Unicode, 3.9), at least 1.
[[nodiscard]] constexpr utf8_prefix read_utf8(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80)
        return {1, true};
    if (lead < 0xc2 || lead > 0xf4)
        return {1, false};
    const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    // The second byte shows overlong forms, surrogates and too large numbers.
    unsigned char lowest = 0x80;
    unsigned char highest = 0xbf;
    if (lead == 0xe0)
        lowest = 0xa0;
    else if (lead == 0xed)
        highest = 0x9f;
    else if (lead == 0xf0)
        lowest = 0x90;
    else if (lead == 0xf4)
        highest = 0x8f;
    for (std::size_t index = 1; index < length; ++index) {
        if (index == text.size())
            return {index, false};
        const auto byte = static_cast<unsigned char>(text[index]);
        if (byte < lowest || byte > highest)
            return {index, false};
        lowest = 0x80;
        highest = 0xbf;
    }
    return {length, true};
}

/// One character in UTF-8.
class utf8_character {
public:
    /// Encodes a number up to U+10FFFF that is no surrogate.
    constexpr explicit utf8_character(char32_t number) noexcept {
        if (number < 0x80) {
            bytes_[size_++] = static_cast<char>(number);
        } else if (number < 0x800) {
            bytes_[size_++] = static_cast<char>(0xc0 | (number >> 6));
            append_tail(number, 0);
        } else if (number < 0x10000) {
            bytes_[size_++] = static_cast<char>(0xe0 | (number >> 12));
            append_tail(number, 6);
            append_tail(number, 0);
        } else {
            bytes_[size_++] = static_cast<char>(0xf0 | (number >> 18));
            append_tail(number, 12);
            append_tail(number, 6);
            append_tail(number, 0);
        }
    }

    [[nodiscard]] constexpr std::string_view text() const noexcept {
        return {bytes_.data(), size_};
    }

private:
    constexpr void append_tail(char32_t number, unsigned shift) noexcept {
        bytes_[size_++] = static_cast<char>(0x80 | ((number >> shift) & 0x3f));
    }

    std::array<char, utf8_bytes_max> bytes_{};
    std::size_t size_ = 0;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
