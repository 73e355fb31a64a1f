// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_HARNESS_HPP
#define FOREST_SIM_CONFORMANCE_HARNESS_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

// A harness is the code that a user writes around a model: it makes the model, and lets real or
// virtual time pass. If a harness also needs the other side of a connection, its concept is in
// peer.hpp.

namespace forest::inline FOREST_FORM::sim::conformance {

/// The part of every harness that lets time pass:
///
/// - `now()`: the time that passes in `run_until`; never goes back;
/// - `run_until(holds, limit)`: lets time pass and handlers run until `holds()` is true, or for
///   `limit`; returns the last value of `holds()`;
/// - `in_context()`: returns whether the caller runs where handlers have to run;
/// - `elsewhere(action)`: calls `action` on another thread and waits until it returns. If the model
///   must not be called from other threads, calls `action` at once;
/// - `tolerance()`: how late a handler may be before it counts as lost: 0 in virtual time, some
///   seconds on a busy machine.
template <typename T>
concept time_harness = requires(T& harness, const T& constant, const std::function<bool()>& holds,
                                duration limit, const std::function<void()>& action) {
    { constant.now() } -> std::convertible_to<steady_time>;
    { harness.run_until(holds, limit) } -> std::convertible_to<bool>;
    { constant.in_context() } -> std::convertible_to<bool>;
    harness.elsewhere(action);
    { constant.tolerance() } -> std::convertible_to<duration>;
};

/// A harness for clocks: time, and `make()`, which returns a clock. All clocks of a harness share
/// one execution context.
template <typename T>
concept clock_harness = time_harness<T> && requires(T& harness) {
    { harness.make() } -> clock;
};

/// A harness for servers: time, and
///
/// - `server()`: returns the server, the same each time;
/// - `send(bytes, done)`: opens a connection and sends a request on it. The request asks for the
///   connection to be closed; when the server has closed it, calls `done` with all bytes that came
///   back.
///
/// The battery registers all paths before it sends the first request.
template <typename T>
concept server_harness = time_harness<T> && requires(T& harness, std::string bytes,
                                                     std::function<void(std::string)> done) {
    { harness.server() } -> forest::server;
    harness.send(bytes, done);
};

/// The progress of a battery, for a waiting person.
struct progress {
    std::string_view scenario{}; ///< the next scenario
    std::size_t number = 0;      ///< of that scenario, from 1
    std::size_t count = 0;       ///< of all scenarios of the battery
};

/// Called before each scenario, on the thread that called the battery. An exception that it throws
/// ends the battery.
using progress_callback = std::function<void(const progress&)>;

/// The time of an event_queue: the base of harnesses for models that run on one.
class virtual_time {
public:
    /// More events than any battery needs. With this limit, a model that makes events without end
    /// is stopped.
    static constexpr std::size_t events_max = 1'000'000;

    event_queue queue;

    [[nodiscard]] steady_time now() const noexcept { return queue.now(); }

    bool run_until(const std::function<bool()>& holds, duration limit);

    [[nodiscard]] bool in_context() const noexcept { return running_; }

    void elsewhere(const std::function<void()>& action) { action(); }

    [[nodiscard]] duration tolerance() const noexcept { return duration::zero(); }

private:
    struct running {
        virtual_time& time;
        explicit running(virtual_time& running_time) noexcept : time{running_time} {
            time.running_ = true;
        }
        running(const running&) = delete;
        running& operator=(const running&) = delete;
        ~running() { time.running_ = false; }
    };

    bool running_ = false;
};

static_assert(time_harness<virtual_time>);

} // namespace forest::inline FOREST_FORM::sim::conformance

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/impl/harness.ipp>
#endif

#endif
