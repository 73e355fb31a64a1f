// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_MESSAGE_SCRIPT_HPP
#define FOREST_TESTS_FUZZ_MESSAGE_SCRIPT_HPP

#include <core/detail/http/feeding.hpp>
#include <fuzz/require.hpp>

// How an input of a fuzzer says what is sent over a connection, and in which pieces.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forest_fuzz {

/// The largest message after `expand`; more than the limit of a head, so that it is exceeded.
inline constexpr std::size_t expanded_bytes_max = std::size_t{40} * 1024;

/// Each piece costs some system calls.
inline constexpr std::size_t pieces_max = 200;

/// Takes the sizes of the pieces from the front of the input: their number, and then one byte for
/// each. Without sizes, each byte is a piece.
inline std::vector<std::size_t> take_piece_sizes(std::string_view& input) {
    std::vector<std::size_t> sizes(take_choice(input) % 16U);
    for (std::size_t& size : sizes) {
        const std::size_t choice = take_choice(input);
        size = choice < 240 ? 1 + choice : (choice - 239) * 1000; // a few are large
    }
    return sizes;
}

/// Cuts a message into pieces of these sizes, in turn. The last piece has the rest.
inline forest_test::cuts cut(std::string_view message, const std::vector<std::size_t>& sizes) {
    forest_test::cuts positions;
    std::size_t position = 0;
    for (std::size_t index = 0; positions.size() < pieces_max; ++index) {
        position += sizes.empty() ? 1 : sizes[index % sizes.size()];
        if (position >= message.size())
            break;
        positions.push_back(position);
    }
    return positions;
}

/// Calls `send(piece)` for each piece, until it returns false.
template <typename Send>
void for_each_piece(std::string_view message, const forest_test::cuts& positions, Send&& send) {
    std::size_t begin = 0;
    for (std::size_t index = 0; index <= positions.size(); ++index) {
        const std::size_t end = index < positions.size() ? positions[index] : message.size();
        if (begin < end && !send(message.substr(begin, end - begin)))
            return;
        begin = end;
    }
}

/// Replaces each byte 254 by 1,000 letters, so that a short input can exceed every limit.
inline std::string expand(std::string_view input) {
    constexpr char many = '\xfe';
    constexpr std::size_t letters = 1000;
    std::string message;
    for (const char byte : input) {
        if (byte == many)
            message.append(letters, 'x');
        else
            message.push_back(byte);
    }
    message.resize(std::min(message.size(), expanded_bytes_max));
    return message;
}

/// Bytes that look different at each place. So a lost byte or two that were swapped are noticed.
inline std::string filler(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (char& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<char>('a' + (state >> 24U) % 26U);
    }
    return bytes;
}

} // namespace forest_fuzz

#endif
