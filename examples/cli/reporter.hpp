// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_REPORTER_HPP
#define FOREST_EXAMPLES_CLI_REPORTER_HPP

#include "live_view.hpp"
#include "terminal.hpp"

#include <forest/core/event.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

// Decides which events of `watch` are printed, and in which form.

namespace forest::cli {

/// What a reporter prints.
struct report_options {
    bool json = false;
    bool verbose = false; ///< every single check, too
};

/// Prints the events of all targets to one terminal. Not thread-safe.
class reporter {
public:
    reporter(terminal& out, report_options chosen, const std::vector<std::string_view>& targets);

    /// Tells of an event of the target at `index`.
    void report(std::size_t index, const event& happened);

    /// Removes what is not to stay on the terminal.
    void close();

private:
    terminal& out_;
    report_options options_;
    live_view view_;
};

} // namespace forest::cli

#endif
