// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_SIMULATED_CLIENT_HPP
#define FOREST_SIM_WORLD_SIMULATED_CLIENT_HPP

#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/client_network.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/detail/chained_callbacks.hpp>
#include <forest/sim/world/world_policies.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A client in a simulated world: the real client on its own host, with a record of its reports.

namespace forest::inline FOREST_FORM::sim {

/// Holds a client, its host, its link to the server, and a record of its reports.
///
/// From examples/tutorial/16_policies_of_a_world.cpp:
///     forest::sim::basic_world<my_policies> world;
///     auto& warehouse = world.add_server("warehouse");
///     auto& client = world.add_client(warehouse);
///     world.between(75s, 10min).crash(warehouse);
///     const bool reported = world.run_until([&] { return client.downs() == 1; }, 1h);
///
/// `Client` is a basic_health_client, a basic_datasource, or a type of a test with the same
/// interface.
///
/// **Thread safety:** none.
///
/// **Lifetime:** not copyable. Queue, server and trace must outlive this. A world owns its clients.
///
/// **Errors:** the constructor throws what `make` throws. An exception of a listener of
/// `also_report` or `also_call` becomes the event `callback_failed`, like an exception of any
/// callback.
template <typename Client, typename Transport = network_transport>
class simulated_client {
public:
    /// `make(connect, host)` makes the client; `connect()` makes a transport. `seed` is the seed of
    /// link and host.
    template <typename Make>
    simulated_client(event_queue& queue, const client_setup& setup, server_process& server,
                     std::uint64_t seed, trace& lines, std::uint16_t number, Make&& make)
        : host_{queue, seed},
          link_{queue, setup.usual, seed},
          network_{host_, setup.connections},
          name_{setup.name},
          server_{&server},
          lines_{&lines},
          number_{number} {
        client_.emplace(
            make(
                [&] {
                    return Transport{
                        network_path{&host_, &link_, server_, lines_, &sent_, number_, &network_}};
                },
                host_),
            [this](const event& happened) { reported(happened); },
            [this](const outage& begun) { called(true, begun); },
            [this](const outage& ended) { called(false, ended); });
    }

    simulated_client(const simulated_client&) = delete;
    simulated_client& operator=(const simulated_client&) = delete;

    /// The client itself. Callbacks that are set there are called after those of the world.
    [[nodiscard]] detail::chained_callbacks<Client>& client() noexcept { return *client_; }

    /// The host on which the client runs.
    [[nodiscard]] sim::host& host() noexcept { return host_; }
    [[nodiscard]] const sim::host& host() const noexcept { return host_; }

    /// The time with which the client signs now.
    [[nodiscard]] wall_time signing_now() const noexcept { return offset_.before(host_.now()); }

    /// Sets how far the client's timestamps are behind the wall clock of its host; at first 0.
    void signs_behind(forest::detail::timestamp_offset offset) noexcept { offset_ = offset; }

    /// The link between the client and the server.
    [[nodiscard]] sim::link& link() noexcept { return link_; }
    [[nodiscard]] const sim::link& link() const noexcept { return link_; }

    /// How the client connects, and the names that it knows.
    [[nodiscard]] client_network& network() noexcept { return network_; }
    [[nodiscard]] const client_network& network() const noexcept { return network_; }

    [[nodiscard]] server_process& server() const noexcept { return *server_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

    // What the client has reported so far.
    [[nodiscard]] std::uint64_t checks() const noexcept { return checks_; } ///< ended checks
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
    [[nodiscard]] std::uint64_t inconclusive() const noexcept { return inconclusive_; }
    [[nodiscard]] std::uint64_t downs() const noexcept {
        return downs_;
    } ///< calls of on_server_down
    [[nodiscard]] std::uint64_t ups() const noexcept { return ups_; } ///< calls of on_server_up
    [[nodiscard]] std::uint64_t reloads() const noexcept { return reloads_; } ///< of a datasource
    [[nodiscard]] const std::optional<outage>& last_outage() const noexcept { return last_outage_; }

    /// The status of the server as the client reports it.
    [[nodiscard]] target_status status() const noexcept { return client_->status(); }

    /// Calls `listener` for every event, after the earlier listeners.
    void also_report(std::function<void(const event&)> listener) {
        listeners_.push_back(std::move(listener));
    }

    /// Calls `listener` with true for each call of on_server_down, and with false for on_server_up.
    void also_call(std::function<void(bool down)> listener) {
        callees_.push_back(std::move(listener));
    }

    /// Calls `listener` for each request that is sent, with the number of requests already in
    /// flight.
    void on_send(std::function<void(int in_flight)> listener) {
        senders_.push_back(std::move(listener));
    }

    /// Stops the client, as the application would.
    void quit() {
        if constexpr (requires { client_->stop(); })
            client_->stop();
        else
            client_->cleanup();
        for (const auto& each : quitters_)
            each();
    }

    /// Calls `listener` when `quit` has stopped the client.
    void on_quit(std::function<void()> listener) { quitters_.push_back(std::move(listener)); }

private:
    void reported(const event& happened) {
        std::uint64_t value = static_cast<std::uint64_t>(happened.failures);
        switch (happened.kind) {
        case event_kind::check_succeeded: ++checks_; break;
        case event_kind::check_failed:
            ++checks_;
            ++failures_;
            break;
        case event_kind::check_inconclusive:
            ++checks_;
            ++inconclusive_;
            break;
        case event_kind::server_down:
        case event_kind::server_up: value = happened.outage->id; break;
        case event_kind::schema_reloaded: ++reloads_; break;
        default: break;
        }
        lines_->add({host_.queue().now().time_since_epoch(), trace_kind::reported, number_,
                     static_cast<std::uint16_t>(happened.kind), value});
        for (const auto& each : listeners_)
            each(happened);
    }

    void called(bool down, const outage& reported) {
        ++(down ? downs_ : ups_);
        last_outage_ = reported;
        lines_->add({host_.queue().now().time_since_epoch(), trace_kind::called, number_,
                     static_cast<std::uint16_t>(down ? 1 : 0), reported.id});
        for (const auto& each : callees_)
            each(down);
    }

    void sent(int in_flight) {
        for (const auto& each : senders_)
            each(in_flight);
    }

    sim::host host_;
    sim::link link_;
    client_network network_;
    forest::detail::timestamp_offset offset_;
    std::string name_;
    server_process* server_;
    trace* lines_;
    std::uint16_t number_;
    std::uint64_t checks_ = 0;
    std::uint64_t failures_ = 0;
    std::uint64_t inconclusive_ = 0;
    std::uint64_t downs_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t reloads_ = 0;
    std::optional<outage> last_outage_;
    std::vector<std::function<void(const event&)>> listeners_;
    std::vector<std::function<void(bool)>> callees_;
    std::vector<std::function<void(int)>> senders_;
    std::vector<std::function<void()>> quitters_;
    std::function<void(int)> sent_ = [this](int in_flight) { sent(in_flight); };
    std::optional<detail::chained_callbacks<Client>>
        client_; // Destroyed first, because it calls the members above.
};

} // namespace forest::inline FOREST_FORM::sim

#endif
