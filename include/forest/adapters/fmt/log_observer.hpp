// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_FMT_LOG_OBSERVER_HPP
#define FOREST_ADAPTERS_FMT_LOG_OBSERVER_HPP

#include <forest/adapters/fmt/log_line.hpp>
#include <forest/core/event.hpp>
#include <forest/form.hpp>
#include <forest/policy/observer.hpp>

#include <concepts>
#include <string_view>
#include <utility>

// An observer that writes each event as a line, at the level that BEHAVIOUR.md gives it.

namespace forest::inline FOREST_FORM {

/// Writes lines to the standard error stream. Each line is written in one piece, so lines of
/// several threads and processes are not mixed.
struct stderr_sink {
    void operator()(severity, std::string_view line) const noexcept;
};

/// Writes each event as a line to a sink.
///
/// From examples/tutorial/04_observe_events.cpp:
///     const auto measured = std::make_shared<counts>();
///     client.on_event(forest::tee{forest::log_observer{}, meter{measured}});
///     client.start();
///     queue.run_for(1min);
///     client.stop();
///
/// A sink of your own is a callable: `basic_log_observer{severity::debug, [](severity level,
/// std::string_view line) { … }}`. The observer itself allocates nothing.
///
/// **Thread safety:** as thread-safe as the sink. `log_observer` may be called from several threads
/// at once.
///
/// **Lifetime:** an observer owns its sink, and a copy has a copy of the sink. Objects that a sink
/// refers to must exist as long as events are reported to it.
///
/// **Errors:** `on_event` throws nothing. Exceptions of a sink are dropped, because a full disk
/// must not stop the polling.
template <typename Sink = stderr_sink>
class basic_log_observer {
    static_assert(std::invocable<Sink&, severity, std::string_view>,
                  "the sink of a log observer is called as sink(severity, std::string_view)");

public:
    /// Events below `minimum` are ignored: `severity::debug` logs every check, the default only the
    /// important events.
    explicit basic_log_observer(severity minimum = severity::info, Sink sink = {})
        : minimum_{minimum}, sink_{std::move(sink)} {}

    void on_event(const event& happened) noexcept {
        const severity level = severity_of(happened);
        if (level < minimum_)
            return;
        try {
            const log_line line{happened};
            sink_(level, line.text());
        } catch (...) { // A full disk must not stop the polling.
        }
    }

private:
    severity minimum_;
    [[no_unique_address]] Sink sink_;
};

/// Logs to the standard error stream: `client.on_event(log_observer{})`.
using log_observer = basic_log_observer<>;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/fmt/impl/log_observer.ipp>
#endif

#endif
