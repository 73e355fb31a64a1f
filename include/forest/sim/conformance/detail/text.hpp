// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_TEXT_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_TEXT_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/core/detail/json/utf8.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

// Builds explanations. They quote bytes that a model sent. These may be any bytes, but an
// explanation must fit on one line of a terminal or a log.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// Whether a valid UTF-8 character could end a line, or change how the rest of a line is displayed:
// controls, line separators, the byte order mark, and the marks of bidirectional text.
constexpr bool disturbs_a_line(std::string_view character) noexcept {
    const auto byte = [character](std::size_t index) {
        return static_cast<unsigned char>(character[index]);
    };
    switch (character.size()) {
    case 1: return byte(0) < 0x20 || byte(0) == 0x7f;
    case 2: return (byte(0) == 0xc2 && byte(1) < 0xa0) || (byte(0) == 0xd8 && byte(1) == 0x9c);
    case 3:
        return (byte(0) == 0xe2 && byte(1) == 0x80 &&
                ((byte(2) >= 0xa8 && byte(2) <= 0xae) || byte(2) == 0x8e || byte(2) == 0x8f)) ||
               (byte(0) == 0xe2 && byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9) ||
               (byte(0) == 0xef && byte(1) == 0xbb && byte(2) == 0xbf);
    default: return false;
    }
}

FOREST_DECL void append_escape(std::string& text, char byte);

// The text as valid UTF-8 on one line. In quotes, quotes and backslashes are escaped, too.
FOREST_DECL std::string escaped(std::string_view text, bool in_quotes);

// The first `bytes_max` bytes of a text, or fewer, so that no character is cut in two.
FOREST_DECL std::string_view shortened(std::string_view text, std::size_t bytes_max) noexcept;

// The explanation of a violation.
FOREST_DECL std::string one_line(std::string_view text);

inline void append(std::string& text, std::string_view part) {
    text.append(part);
}

template <std::integral Number>
void append(std::string& text, Number number) {
    text.append(std::to_string(number));
}

FOREST_DECL void append(std::string& text, duration span);

FOREST_DECL void append(std::string& text, const std::error_code& ec);

// A value in an explanation: `"a\tb"`. A long value is shortened, and its size is added:
// `"xxx"... (40000 bytes)`.
struct quoted {
    std::string_view value;
};

FOREST_DECL void append(std::string& text, quoted part);

// Joins the parts of an explanation.
template <typename... Parts>
std::string say(const Parts&... parts) {
    std::string text;
    (append(text, parts), ...);
    return text;
}

// Describes where two bodies that are not equal differ.
FOREST_DECL std::string difference(std::string_view expected, std::string_view got);

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/text.ipp>
#endif

#endif
