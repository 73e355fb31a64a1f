// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_TEXT_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_TEXT_IPP

#include <forest/sim/conformance/detail/text.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL void append_escape(std::string& text, char byte) {
    switch (byte) {
    case '\n': text.append("\\n"); return;
    case '\r': text.append("\\r"); return;
    case '\t': text.append("\\t"); return;
    default: text.append("\\x").append(forest::detail::hex_pair(static_cast<unsigned char>(byte)));
    }
}

FOREST_DECL std::string escaped(std::string_view text, bool in_quotes) {
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

FOREST_DECL std::string_view shortened(std::string_view text, std::size_t bytes_max) noexcept {
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

FOREST_DECL std::string one_line(std::string_view text) {
    constexpr std::string_view cut = "...";
    std::string line = escaped(text, false);
    if (line.size() > explanation_bytes_max) {
        line.resize(shortened(line, explanation_bytes_max - cut.size()).size());
        line.append(cut);
    }
    return line;
}

FOREST_DECL void append(std::string& text, duration span) {
    constexpr duration millisecond = std::chrono::milliseconds{1};
    const bool whole = span % millisecond == duration::zero();
    text.append(std::to_string(whole ? span / millisecond : span.count()));
    text.append(whole ? " ms" : " ns");
}

FOREST_DECL void append(std::string& text, const std::error_code& ec) {
    if (!ec)
        text.append("no error");
    else if (ec.category() == error_category())
        text.append("errc::").append(name(errc{ec.value()}));
    else
        text.append(ec.category().name()).append(":").append(std::to_string(ec.value()));
}

FOREST_DECL void append(std::string& text, quoted part) {
    const std::string_view shown = shortened(part.value, quoted_bytes_max);
    text.append("\"").append(escaped(shown, true)).append("\"");
    if (shown.size() < part.value.size())
        text.append("... (").append(std::to_string(part.value.size())).append(" bytes)");
}

FOREST_DECL std::string difference(std::string_view expected, std::string_view got) {
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
