// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_MEMORY_TRANSPORT_HPP
#define FOREST_SIM_NETWORK_MEMORY_TRANSPORT_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/time/event_queue.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

// The simplest network: it carries the bytes of a check to a server in memory, and the bytes of the
// answer back. It has no faults; for a network with faults, use network_transport.

namespace forest::inline FOREST_FORM::sim {

/// Carries the requests of a client to one simulated server, and the responses back: a model of
/// `transport`.
///
/// From tests/assemblies/health_route_test.cpp:
///     basic_health_client client{sim::memory_transport{on.queue, on.server, 5ms}, on.clock,
///                                unsigned_requests{}, exponential_backoff{},
///                                "http://warehouse.example/forest/health"};
///     std::vector<outage> downs;
///     client.on_server_down([&](const outage& ended) { downs.push_back(ended); });
///     client.start();
///
/// **Thread safety:** none. Handlers run when the queue is run.
///
/// **Lifetime:** queue and server must outlive the transport and its pending GETs. Destroying a
/// transport cancels nothing: a pending GET still ends. A transport that was moved from may only be
/// destroyed.
///
/// **Errors:** members throw only std::bad_alloc. The handler gets an `errc`: `timed_out`,
/// `operation_canceled`, or what is wrong with the response, such as `response_too_large`. A second
/// GET at the same time fails an assertion.
class memory_transport {
public:
    /// `latency` is the time that each direction takes.
    memory_transport(event_queue& queue, memory_server& server, duration latency = duration::zero())
        : state_{std::make_shared<state>(queue, server, latency)} {}

    memory_transport(memory_transport&&) noexcept = default;
    memory_transport& operator=(memory_transport&&) = delete;
    ~memory_transport() = default;

    template <typename Handler>
    void async_get(const request& get, duration timeout, Handler&& handler) {
        state& self = *state_;
        assert(!self.handler);
        self.handler = std::forward<Handler>(handler);
        self.limits = get.limits;
        const std::uint64_t call = ++self.call;
        std::array<char, forest::detail::request_bytes_max> bytes;
        const std::size_t size =
            forest::detail::write_request(bytes, "GET", get.target, get.fields, false);
        self.queue.after(std::min(timeout, options::duration_max),
                         [state = state_, call] { state->fail(call, errc::timed_out); });
        self.queue.after(self.latency,
                         [state = state_, call, sent = std::string(bytes.data(), size)]() mutable {
                             state->arrive(call, std::move(sent));
                         });
    }

    void cancel();

private:
    struct state : std::enable_shared_from_this<state> {
        state(event_queue& timeline, memory_server& peer, duration delay)
            : queue{timeline}, server{peer}, latency{delay} {}

        void arrive(std::uint64_t id, std::string bytes);

        void answered(std::uint64_t id, std::string bytes);

        void fail(std::uint64_t id, std::error_code ec);

        void finish(const reply& result);

        event_queue& queue;
        memory_server& server;
        duration latency;
        message_limits limits;
        forest::detail::unique_function<void(const reply&)> handler;
        std::uint64_t call = 0; // the number of the current request
    };

    std::shared_ptr<state> state_;
};

static_assert(transport<memory_transport>);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/memory_transport.ipp>
#endif

#endif
