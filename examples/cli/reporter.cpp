// SPDX-License-Identifier: BSL-1.0
#include "reporter.hpp"

#include "event_json.hpp"
#include "event_text.hpp"
#include "text.hpp"

#include <string>

namespace forest::cli {

reporter::reporter(terminal& out, report_options chosen,
                   const std::vector<std::string_view>& targets)
    : out_{out}, options_{chosen}, view_{out, targets} {}

void reporter::report(std::size_t index, const event& happened) {
    const wall_time now = wall_clock_now();
    if (options_.json) {
        if (is_printed(happened.kind, options_.verbose))
            out_.write(event_json(happened, now));
        return out_.look_for_reader();
    }
    view_.update(index, happened, now);
    view_.print(is_printed(happened.kind, options_.verbose) ? event_text(happened, now, out_)
                                                            : std::string{});
    out_.look_for_reader();
}

void reporter::close() {
    view_.close();
}

} // namespace forest::cli
