// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_HEX_HPP
#define FOREST_ADAPTERS_OPENSSL_HEX_HPP

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

} // namespace forest::detail

#endif
