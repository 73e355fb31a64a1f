// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_HEX_HPP
#define FOREST_CORE_DETAIL_JSON_HEX_HPP

#include <forest/form.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

// Bytes and numbers as lower-case hex digits, and the values of digits. Both digits of a byte are
// looked up at once, because every signature is written this way.

namespace forest::inline FOREST_FORM::detail {

inline constexpr auto hex_pairs = [] {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 512> table{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        table[2 * byte] = digits[byte / 16];
        table[2 * byte + 1] = digits[byte % 16];
    }
    return table;
}();

// Writes two lower-case hex digits for each byte; `out` has room for them.
constexpr void write_hex(std::span<const unsigned char> bytes, char* out) noexcept {
    for (const unsigned char byte : bytes) {
        const char* const pair = hex_pairs.data() + 2 * std::size_t{byte};
        *out++ = pair[0];
        *out++ = pair[1];
    }
}

// The two digits of one byte.
constexpr std::string_view hex_pair(unsigned char byte) noexcept {
    return {hex_pairs.data() + 2 * std::size_t{byte}, 2};
}

// Returns the digits of a number with leading zeros, most significant first.
template <std::unsigned_integral Number>
constexpr std::array<char, 2 * sizeof(Number)> hex_digits(Number number) noexcept {
    std::array<char, 2 * sizeof(Number)> text{};
    for (std::size_t position = text.size(); position > 0;
         number = static_cast<Number>(number >> 4U))
        text[--position] = hex_pair(static_cast<unsigned char>(number % 16))[1];
    return text;
}

// The value of each byte as a lower-case hex digit; 16 for bytes that are no digit. It is a table,
// because the digits of a signature are random: half of the branches on them would be mispredicted.
inline constexpr std::array<unsigned char, 256> lower_hex_values = [] {
    std::array<unsigned char, 256> table{};
    table.fill(16);
    for (unsigned char value = 0; value < 16; ++value)
        table[static_cast<unsigned char>(hex_pairs[2 * std::size_t{value} + 1])] = value;
    return table;
}();

constexpr unsigned lower_hex_value(char digit) noexcept {
    return lower_hex_values[static_cast<unsigned char>(digit)];
}

// The value of a hex digit of either case; 16 for bytes that are no digit.
constexpr unsigned hex_value(char digit) noexcept {
    if ('A' <= digit && digit <= 'F')
        return static_cast<unsigned>(digit - 'A') + 10;
    return lower_hex_value(digit);
}

constexpr bool is_hex_digit(char byte) noexcept {
    return hex_value(byte) < 16;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
