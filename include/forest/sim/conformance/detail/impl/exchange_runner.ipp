// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_IMPL_EXCHANGE_RUNNER_IPP
#define FOREST_SIM_CONFORMANCE_DETAIL_IMPL_EXCHANGE_RUNNER_IPP

#include <forest/sim/conformance/detail/exchange_runner.hpp>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

FOREST_DECL std::optional<answer_parts> parse_answer(std::string bytes, bool head) {
    constexpr std::string_view empty_line = "\r\n\r\n";
    const std::size_t end = bytes.find(empty_line);
    if (end == std::string::npos)
        return {};
    answer_parts parts;
    forest::detail::response_parser parser{{.body_bytes_max = bytes.size()}};
    if (head) { // The fields describe the body of the answer to a GET.
        parts.body = bytes.substr(end + empty_line.size());
        bytes.resize(end + empty_line.size());
    }
    const std::size_t size = bytes.size();
    const std::size_t kept = parser.parse(bytes);
    if (!head && !parser.done())
        parser.finish();
    if (parser.status() == 0 || (!head && parser.error()))
        return {};
    parts.status = parser.status();
    parts.fields = as_lines(parser.fields({bytes.data(), kept}));
    if (!head) {
        parts.body = parser.body({bytes.data(), kept});
        if (field_view{parts.fields}.find("Content-Length"))
            parts.surplus = size - kept;
    }
    return parts;
}

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
