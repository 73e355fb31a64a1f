// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_WORLD_HPP
#define FOREST_SIM_WORLD_WORLD_HPP

#include <forest/core/datasource_options.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/fleet_options.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/datasource.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/network/quick_signer.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/time/virtual_clock.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/detail/fault_player.hpp>
#include <forest/sim/world/moment.hpp>
#include <forest/sim/world/simulated_client.hpp>
#include <forest/sim/world/simulated_fleet.hpp>
#include <forest/sim/world/world_policies.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A world in which the real client, fleet, datasource and routes run for simulated years: hosts, a
// network and a script of faults. The same seed and script give the same world, to the last bit.

namespace forest::inline FOREST_FORM::sim {

/// Simulates servers, clients, the network between them and its faults, without a socket or a
/// thread.
///
/// From examples/tutorial/17_compare_two_runs.cpp:
///     forest::sim::world world{seed, std::move(lines)};
///     auto& warehouse = world.add_server("warehouse");
///     world.add_client(warehouse, {}, {.usual = forest::sim::exponential(20ms)});
///     world.between(75s, 200s).crash(warehouse);
///     world.run_for(1h);
///     return world.trace();
///
/// Add servers and clients, say what goes wrong, and let time pass. The same seed and script give
/// the same world, to the last bit.
///
/// **Thread safety:** none: a simulation has no threads.
///
/// **Lifetime:** not copyable. The world owns its servers, clients, datasources and fleets; the
/// references that it returns are valid as long as the world exists. Destroying it calls no
/// callback, and no task on the queue.
///
/// **Errors:** `add_server` and the members that add a client, a datasource or a fleet throw
/// std::length_error if there are too many, and std::system_error for options or a schema that are
/// not valid. std::invalid_argument is thrown for a latency, a span of time or a fault that makes
/// no sense. An exception of a task on the queue passes through `run_for`.
template <typename Policies = world_policies>
class basic_world {
public:
    using transport_type = typename Policies::carrier;
    using health_client =
        typename Policies::template client<transport_type, virtual_clock, typename Policies::signer,
                                           typename Policies::backoff>;
    using health_fleet =
        typename Policies::template fleet<transport_type, virtual_clock, typename Policies::signer,
                                          typename Policies::backoff>;
    using datasource = basic_datasource<transport_type, virtual_clock, typename Policies::signer,
                                        typename Policies::backoff>;
    using client_type = simulated_client<health_client, transport_type>;
    using datasource_type = simulated_client<datasource, transport_type>;
    using fleet_type = simulated_fleet<health_fleet, transport_type>;
    using moment = basic_moment<basic_world>;

    /// All random numbers come from `seed`. `lines` is an empty trace, with the number of lines to
    /// keep.
    explicit basic_world(std::uint64_t seed = 0, sim::trace lines = sim::trace{})
        : random_{seed}, trace_{std::move(lines)}, faults_{queue_, servers_, trace_} {}

    basic_world(const basic_world&) = delete;
    basic_world& operator=(const basic_world&) = delete;

    /// Adds a server process with a health route and a schema route. It runs from now on. Throws
    /// std::length_error beyond 65535 servers.
    server_process& add_server(std::string name, server_setup setup = {}) {
        if (servers_.size() >= fault::everyone)
            throw std::length_error("a world has at most 65535 servers");
        const typename Policies::verifier accept{secret};
        servers_.push_back(std::make_unique<server_process>(
            queue_, std::move(name), accept, [](std::string_view text) { return quick_hex(text); },
            std::move(setup), random_()));
        return *servers_.back();
    }

    /// Adds a client that watches the server, and starts it. Throws like the client for options
    /// that are not valid, std::invalid_argument for a latency that is not valid, and
    /// std::length_error beyond 65535 clients, datasources and links of fleets.
    client_type& add_client(server_process& server, const options& settings = {},
                            client_setup setup = {}, typename Policies::backoff backoff = {}) {
        client_type& made = prepare_client(server, settings, std::move(setup), std::move(backoff));
        made.client().start();
        return made;
    }

    /// Adds a client like `add_client`, but does not start it.
    client_type& prepare_client(server_process& server, const options& settings = {},
                                client_setup setup = {}, typename Policies::backoff backoff = {}) {
        const url target{"http://" + server.name() + ".example" + setup.path};
        random_generator own;
        client_type& made = add(clients_, server, setup, [&](const auto& connect, host& owner) {
            own = random_generator{random_()};
            return health_client(connect(), virtual_clock{owner},
                                 typename Policies::signer{std::string_view{secret}}, backoff,
                                 target, settings, own);
        });
        made.signs_behind(forest::detail::timestamp_offset{own});
        return made;
    }

    /// Adds a datasource of the server, and starts it. The options need neither uri nor secret.
    /// Throws like the datasource.
    datasource_type& add_datasource(server_process& server, datasource_options settings = {},
                                    client_setup setup = {},
                                    typename Policies::backoff backoff = {}) {
        if (settings.uri.empty())
            settings.uri = "http://" + server.name() + ".example";
        datasource_type& made =
            add(datasources_, server, setup, [&](const auto& connect, host& owner) {
                return datasource(connect(), connect(), virtual_clock{owner},
                                  typename Policies::signer{std::string_view{secret}}, backoff,
                                  std::move(settings), random_generator{random_()});
            });
        made.client().start();
        return made;
    }

    /// Adds a fleet on a host of its own, and starts it; its `watch` adds targets. Throws like the
    /// fleet.
    fleet_type& add_fleet(const fleet_options& settings = {}, client_setup setup = {},
                          typename Policies::backoff backoff = {}) {
        const std::uint16_t number = enter("fleet", setup);
        const auto make = [&](const auto& connect, host& owner) {
            return health_fleet(connect, virtual_clock{owner},
                                typename Policies::signer{std::string_view{secret}}, backoff,
                                settings, random_generator{random_()});
        };
        fleets_.push_back(std::make_unique<fleet_type>(queue_, std::move(setup), random_(), trace_,
                                                       faults_, number, make));
        fleet_type& made = *fleets_.back();
        faults_.add({&made.host(), nullptr, nullptr, [&made] { made.quit(); }});
        made.fleet().start();
        return made;
    }

    /// A moment, counted from the beginning: `at(75s).crash(warehouse)`.
    [[nodiscard]] moment at(duration when) { return moment{*this, {.at = when}}; }

    /// A span from `begin` to `end`: `between(75s, 90s).freeze(warehouse)`. Throws
    /// std::invalid_argument unless 0 <= `begin` < `end`.
    [[nodiscard]] moment between(duration begin, duration end) {
        if (end <= begin || begin < duration::zero())
            throw std::invalid_argument(
                "between() needs a beginning that is not negative, and a later end");
        return moment{*this, {.at = begin, .lasting = end - begin}};
    }

    /// A repeated moment, for the first time at `first`: `every(1h).lasting(10s).crash(warehouse)`.
    /// Throws std::invalid_argument for a period that is not greater than 0.
    [[nodiscard]] moment every(duration period, duration first) {
        if (period <= duration::zero())
            throw std::invalid_argument("every() needs a period that is greater than 0");
        return moment{*this, {.at = first, .every = period}};
    }
    [[nodiscard]] moment every(duration period) { return every(period, period); }

    /// Adds a fault that happens when it is due, or now if that time has passed. Repetitions in the
    /// past do not happen. Throws std::invalid_argument for an impossible fault: for example, its
    /// client does not exist, or it would have ended already.
    void play(const fault& added) { faults_.play(added); }

    /// Adds all faults of a script.
    void play(const script& faults) {
        for (const fault& each : faults)
            play(each);
    }

    /// The number of a server in faults.
    [[nodiscard]] std::uint16_t number_of(const server_process& server) const {
        const auto found = std::find_if(servers_.begin(), servers_.end(),
                                        [&](const auto& each) { return each.get() == &server; });
        assert(found != servers_.end() && "a server of another world");
        return static_cast<std::uint16_t>(found - servers_.begin());
    }

    /// Calls `call` with the number of each client, datasource and fleet link of a server.
    template <typename Call>
    void for_each_client_of(const server_process& server, Call&& call) const {
        const auto& all = faults_.subjects();
        for (std::size_t index = 0; index < all.size(); ++index) {
            if (all[index].server == &server)
                call(static_cast<std::uint16_t>(index));
        }
    }

    /// All faults that were added, in that order.
    [[nodiscard]] const script& played() const noexcept { return faults_.played(); }

    /// Ends all faults that have begun, cancels all others, and corrects all clocks. A paused or
    /// suspended host continues at the time that its fault has set.
    void heal() { faults_.heal(); }

    /// How many faults have begun, plus how many have ended.
    [[nodiscard]] std::uint64_t disturbances() const noexcept { return faults_.disturbances(); }

    /// Lets time pass, and runs everything that is due.
    void run_for(duration span) { queue_.run_for(span); }

    /// Lets time pass until the predicate is true. Returns false if it is not true within `bound`.
    template <typename Predicate>
    bool run_until(Predicate&& holds, duration bound) {
        return queue_.run_until(std::forward<Predicate>(holds), bound);
    }

    /// The time since the beginning.
    [[nodiscard]] duration now() const noexcept { return queue_.now().time_since_epoch(); }

    [[nodiscard]] event_queue& queue() noexcept { return queue_; }
    [[nodiscard]] const sim::trace& trace() const noexcept { return trace_; }

    /// The generator of the world, for random choices of a test. The world itself uses it when a
    /// server, client, datasource or fleet is added.
    [[nodiscard]] random_generator& random() noexcept { return random_; }

    [[nodiscard]] const std::vector<std::unique_ptr<server_process>>& servers() const noexcept {
        return servers_;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<client_type>>& clients() const noexcept {
        return clients_;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<datasource_type>>&
    datasources() const noexcept {
        return datasources_;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<fleet_type>>& fleets() const noexcept {
        return fleets_;
    }

private:
    static constexpr std::string_view secret = "of a simulated world";

    std::uint16_t enter(const char* kind, client_setup& setup) const {
        if (!setup.usual.valid())
            throw std::invalid_argument("a latency needs times from 0 to 1 hour");
        if (setup.connections && !setup.connections->valid())
            throw std::invalid_argument("connections need 1 to 8 addresses and 0 to 4 flights");
        const std::uint16_t number = faults_.next_number();
        if (setup.name.empty())
            setup.name = kind + (number == 0 ? std::string{} : std::to_string(number));
        return number;
    }

    template <typename Kind, typename Make>
    Kind& add(std::vector<std::unique_ptr<Kind>>& list, server_process& server, client_setup& setup,
              Make&& make) {
        const std::uint16_t number = enter("client", setup);
        list.push_back(std::make_unique<Kind>(queue_, setup, server, random_(), trace_, number,
                                              std::forward<Make>(make)));
        Kind& made = *list.back();
        faults_.add({&made.host(), &made.link(), &server, [&made] { made.quit(); }});
        return made;
    }

    event_queue queue_;
    random_generator random_;
    sim::trace trace_;
    std::vector<std::unique_ptr<server_process>> servers_;
    detail::fault_player faults_;
    std::vector<std::unique_ptr<client_type>> clients_;
    std::vector<std::unique_ptr<datasource_type>> datasources_;
    std::vector<std::unique_ptr<fleet_type>> fleets_;
};

using world = basic_world<>;

#ifdef FOREST_SEPARATE_COMPILATION
extern template class basic_world<>;
extern template class simulated_client<world::health_client>;
extern template class simulated_client<world::datasource>;
extern template class simulated_fleet<world::health_fleet>;
#endif

} // namespace forest::inline FOREST_FORM::sim

#endif
