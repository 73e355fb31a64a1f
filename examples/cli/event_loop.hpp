// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_EVENT_LOOP_HPP
#define FOREST_EXAMPLES_CLI_EVENT_LOOP_HPP

#include <asio/io_context.hpp>

// Where everything that waits runs.

namespace forest::cli {

/// The io_context of the process, for one thread. It is never destroyed: its destructor would wait
/// for the name resolver, and so for a DNS server that does not answer, long after the deadline of
/// the check.
[[nodiscard]] inline asio::io_context& event_loop() {
    static asio::io_context& loop = *new asio::io_context{1};
    return loop;
}

} // namespace forest::cli

#endif
