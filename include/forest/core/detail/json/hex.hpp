// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_HEX_HPP
#define FOREST_CORE_DETAIL_JSON_HEX_HPP

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

// Digests as text. Both digits of a byte are looked up at once, since every signature is written
// so.

namespace forest::detail {

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

// The value of each byte as a lower-case hex digit, 16 for those that are none. A table, since the
// digits of a signature are random, and half of the branches on them would be mispredicted.
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

} // namespace forest::detail

#endif
