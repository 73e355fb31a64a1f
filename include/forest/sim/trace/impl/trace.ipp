// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TRACE_IMPL_TRACE_IPP
#define FOREST_SIM_TRACE_IMPL_TRACE_IPP

#include <forest/sim/trace/trace.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL std::string detail_text(const trace_line& line) {
    std::string_view known;
    switch (line.kind) {
    case trace_kind::reported: known = forest::name(static_cast<event_kind>(line.detail)); break;
    case trace_kind::faulted:
    case trace_kind::healed:
        if (line.detail < fault_kind_count)
            known = sim::name(static_cast<fault_kind>(line.detail));
        break;
    case trace_kind::lost: known = line.detail == 0 ? "to_server" : "to_client"; break;
    case trace_kind::called: known = line.detail == 0 ? "on_server_up" : "on_server_down"; break;
    case trace_kind::clock_set: known = line.detail == 0 ? "of_server" : "of_client"; break;
    default: break;
    }
    return known.empty() ? std::to_string(line.detail) : std::string{known};
}

FOREST_DECL std::string value_text(const trace_line& line) {
    if (line.kind == trace_kind::ended && line.value != 0)
        return std::string{forest::name(errc{static_cast<int>(line.value)})};
    if ((line.kind == trace_kind::faulted || line.kind == trace_kind::healed) &&
        line.value == fault::everyone)
        return "everyone";
    return std::to_string(line.value);
}

} // namespace forest::inline FOREST_FORM::sim::detail

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL std::string to_string(const trace_line& line) {
    const auto nanoseconds = std::to_string(line.at.count() % 1'000'000'000);
    std::string text = std::to_string(line.at.count() / 1'000'000'000) + '.';
    text.append(9 - nanoseconds.size(), '0').append(nanoseconds).append(" ");
    text.append(name(line.kind));
    text.append(" ").append(std::to_string(line.subject));
    text.append(" ").append(detail::detail_text(line));
    return text.append(" ").append(detail::value_text(line));
}

FOREST_DECL void trace::add(const trace_line& line) {
    digest_ = mixed(digest_ ^ static_cast<std::uint64_t>(line.at.count()));
    digest_ = mixed(digest_ ^ line.value);
    digest_ = mixed(digest_ ^ (static_cast<std::uint64_t>(line.kind) << 32U) ^
                    (std::uint64_t{line.subject} << 16U) ^ line.detail);
    if (count_++ >= skipped_ && lines_.size() < lines_max_)
        lines_.push_back(line);
}

FOREST_DECL std::string digest_text(std::uint64_t digest) {
    const auto digits = forest::detail::hex_digits(digest);
    return {digits.data(), digits.size()};
}

} // namespace forest::inline FOREST_FORM::sim

#endif
