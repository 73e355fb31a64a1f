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

inline void append_escape(std::string& text, char byte) {
    switch (byte) {
    case '\n': text.append("\\n"); return;
    case '\r': text.append("\\r"); return;
    case '\t': text.append("\\t"); return;
    default: text.append("\\x").append(forest::detail::hex_pair(static_cast<unsigned char>(byte)));
    }
}

// The text as valid UTF-8 on one line. In quotes, quotes and backslashes are escaped, too.
inline std::string escaped(std::string_view text, bool in_quotes) {
    std::string safe;
    while (!text.empty()) {
        const forest::detail::utf8_prefix next = forest::detail::read_utf8(text);
        const std::string_view character = text.substr(0, next.size);
        if (in_quotes && (character == "\"" || character == "\\"))
            safe.append("\\").append(character);
        else if (next.valid && !disturbs_a_line(character))
            safe.append(character);
        else
            for (const char byte : character)
                append_escape(safe, byte);
        text.remove_prefix(next.size);
    }
    return safe;
}

// The first `bytes_max` bytes of a text, or fewer, so that no character is cut in two.
inline std::string_view shortened(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max)
        return text;
    std::size_t size = bytes_max;
    for (std::size_t back = 1; back < forest::detail::utf8_bytes_max && back <= size; ++back) {
        const forest::detail::utf8_prefix last =
            forest::detail::read_utf8(text.substr(size - back));
        if (last.valid && last.size > back) {
            size -= back;
            break;
        }
    }
    return text.substr(0, size);
}

// The explanation of a violation.
inline std::string one_line(std::string_view text) {
    constexpr std::string_view cut = "...";
    std::string line = escaped(text, false);
    if (line.size() > explanation_bytes_max) {
        line.resize(shortened(line, explanation_bytes_max - cut.size()).size());
        line.append(cut);
    }
    return line;
}

inline void append(std::string& text, std::string_view part) {
    text.append(part);
}

template <std::integral Number>
void append(std::string& text, Number number) {
    text.append(std::to_string(number));
}

inline void append(std::string& text, duration span) {
    constexpr duration millisecond = std::chrono::milliseconds{1};
    const bool whole = span % millisecond == duration::zero();
    text.append(std::to_string(whole ? span / millisecond : span.count()));
    text.append(whole ? " ms" : " ns");
}

inline void append(std::string& text, const std::error_code& ec) {
    if (!ec)
        text.append("no error");
    else if (ec.category() == error_category())
        text.append("errc::").append(name(errc{ec.value()}));
    else
        text.append(ec.category().name()).append(":").append(std::to_string(ec.value()));
}

// A value in an explanation: `"a\tb"`. A long value is shortened, and its size is added:
// `"xxx"... (40000 bytes)`.
struct quoted {
    std::string_view value;
};

inline void append(std::string& text, quoted part) {
    const std::string_view shown = shortened(part.value, quoted_bytes_max);
    text.append("\"").append(escaped(shown, true)).append("\"");
    if (shown.size() < part.value.size())
        text.append("... (").append(std::to_string(part.value.size())).append(" bytes)");
}

// Joins the parts of an explanation.
template <typename... Parts>
std::string say(const Parts&... parts) {
    std::string text;
    (append(text, parts), ...);
    return text;
}

// Describes where two bodies that are not equal differ.
inline std::string difference(std::string_view expected, std::string_view got) {
    const auto first = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
    const auto same = static_cast<std::size_t>(first.first - expected.begin());
    const auto rest = [same](std::string_view body) {
        return same == body.size() ? std::string{"its end"} : say(quoted{body.substr(same)});
    };
    return say("expected a body of ", expected.size(), " bytes, got ", got.size(),
               " bytes; from byte ", same, " on expected ", rest(expected), ", got ", rest(got));
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
