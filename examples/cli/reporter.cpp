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
        if (printed(happened.kind))
            out_.write(event_json(happened, now));
        return out_.look_for_reader();
    }
    view_.update(index, happened, now);
    view_.print(printed(happened.kind) ? event_text(happened, now, out_) : std::string{});
    out_.look_for_reader();
}

void reporter::close() {
    view_.close();
}

// Single checks are many, transitions few.
bool reporter::printed(event_kind kind) const noexcept {
    switch (kind) {
    case event_kind::check_succeeded:
    case event_kind::check_failed:
    case event_kind::check_inconclusive: return options_.verbose;
    case event_kind::check_started:
    case event_kind::stopping: return false;
    case event_kind::started:
    case event_kind::server_down:
    case event_kind::server_up:
    case event_kind::callback_failed:
    case event_kind::stopped: return true;
    }
    return true;
}

} // namespace forest::cli
