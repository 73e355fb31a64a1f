// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_SCRIPTED_TRANSPORT_HPP
#define FOREST_SIM_NETWORK_SCRIPTED_TRANSPORT_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// A transport without a network: it returns the replies of a test, at the times that the test has
// chosen.

namespace forest::inline FOREST_FORM::sim {

/// One reply of a script.
struct scripted_reply {
    std::error_code error{}; ///< if set, the request fails with this error
    int status = 200;
    std::string body{};
    std::string fields{};   ///< raw header lines, each ended by CRLF
    std::string trailers{}; ///< the same, behind the body

    /// The time from the request to the reply. If it is longer than the timeout, the request fails
    /// with `timed_out`.
    duration latency = duration::zero();
};

/// A healthy answer.
[[nodiscard]] FOREST_DECL scripted_reply healthy(duration latency = duration::zero());

/// A failure without an answer: a refused connection, for example.
[[nodiscard]] inline scripted_reply failing(errc error, duration latency = duration::zero()) {
    return {.error = error, .status = 0, .latency = latency};
}

/// Any answer.
[[nodiscard]] FOREST_DECL scripted_reply answering(int status, std::string body,
                                                   std::string fields = {});

/// The answer of a server that announces its stop (B9).
[[nodiscard]] inline scripted_reply stopping() {
    return answering(503, R"({"status":"stopping"})");
}

/// No answer: the check lasts for its whole timeout.
[[nodiscard]] inline scripted_reply silent() {
    return healthy(duration::max());
}

/// A request that was sent through a scripted_transport.
struct recorded_request {
    steady_time at{};
    std::string target{};
    std::string fields{};
    duration timeout{};
    bool fresh_connection = false;
    std::string method{}; ///< as in the request: empty for a GET
    std::string body{};
};

/// Returns the replies of a script, and the default reply after its end: a model of `transport`.
///
/// From examples/tutorial/11_virtual_time.cpp:
///     forest::sim::event_queue queue;
///     forest::sim::scripted_transport network{queue};
///     network.then(forest::sim::healthy())
///         .then(forest::sim::failing(forest::errc::connection_refused), 3)
///         .then(forest::sim::silent(), 10);
///
/// **Thread safety:** none. Handlers run when the queue is run.
///
/// **Lifetime:** the queue must outlive the transport. Copies share the script and the record of
/// requests, so a test keeps one copy and the client another. Destroying a transport cancels
/// nothing: a pending GET still ends.
///
/// **Errors:** members throw only std::bad_alloc. The handler gets the error of the reply, or
/// `errc::timed_out`, `errc::response_too_large` or `errc::operation_canceled`. A second GET at the
/// same time fails an assertion.
class scripted_transport {
public:
    static constexpr transport_abilities abilities{
        .methods = true, .bodies = true, .trailers = true};

    explicit scripted_transport(event_queue& queue) : state_{std::make_shared<state>(queue)} {}

    /// Adds a reply to the script, `times` times.
    scripted_transport& then(const scripted_reply& next, std::size_t times = 1);

    /// Sets the default reply; without a call it is `healthy()`.
    void otherwise(scripted_reply fallback) { state_->fallback = std::move(fallback); }

    /// All requests so far.
    [[nodiscard]] const std::vector<recorded_request>& requests() const noexcept {
        return state_->requests;
    }

    /// The largest number of requests that were in flight at once (B2: never more than one).
    [[nodiscard]] int in_flight_max() const noexcept { return state_->in_flight_max; }

    [[nodiscard]] int in_flight() const noexcept { return state_->in_flight; }

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        state& self = *state_;
        assert(!self.handler); // One request at a time.
        self.requests.push_back({self.queue.now(), std::string{get.target.text()},
                                 std::string{get.fields.text()}, timeout, get.fresh_connection,
                                 get.method, get.body});
        self.in_flight_max = std::max(self.in_flight_max, ++self.in_flight);
        self.handler = std::forward<Handler>(handler);
        self.answer = self.next < self.script.size() ? self.script[self.next++] : self.fallback;
        if (self.answer.fields.size() > get.limits.head_bytes_max ||
            self.answer.body.size() > get.limits.body_bytes_max)
            self.answer = failing(errc::response_too_large, self.answer.latency);
        if (self.answer.latency > timeout)
            self.answer = failing(errc::timed_out, timeout);
        self.queue.after(self.answer.latency, [state = state_, generation = ++self.generation] {
            state->finish(generation);
        });
    }

    void cancel();

private:
    struct state {
        explicit state(event_queue& timeline) : queue{timeline} {}

        void finish(std::uint64_t id);

        event_queue& queue;
        std::vector<scripted_reply> script;
        std::size_t next = 0;
        scripted_reply fallback = healthy();
        std::vector<recorded_request> requests;
        forest::detail::unique_function<void(const reply&)> handler;
        scripted_reply answer;
        std::uint64_t generation = 0;
        int in_flight = 0;
        int in_flight_max = 0;
    };

    std::shared_ptr<state> state_;
};

static_assert(transport<scripted_transport>);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/scripted_transport.ipp>
#endif

#endif
