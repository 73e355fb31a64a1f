// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_HPP
#define FOREST_SIM_WORLD_HPP

#include <forest/core/datasource_options.hpp>
#include <forest/core/options.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/datasource.hpp>
#include <forest/sim/event_queue.hpp>
#include <forest/sim/fault.hpp>
#include <forest/sim/latency.hpp>
#include <forest/sim/moment.hpp>
#include <forest/sim/network_transport.hpp>
#include <forest/sim/process.hpp>
#include <forest/sim/quick_signer.hpp>
#include <forest/sim/simulated_client.hpp>
#include <forest/sim/trace.hpp>
#include <forest/sim/virtual_clock.hpp>
#include <forest/sim/world_policies.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A world in which the real client, the real routes and the real datasource run for years:
// machines, a network and a script of what goes wrong. The same seed and script give the same
// world, to the last bit.

namespace forest::sim {

/// A world. Make the servers and the clients, say what goes wrong, and let time pass:
///
///     forest::sim::world world{seed};
///     auto& warehouse = world.add_server("warehouse");
///     auto& client = world.add_client(warehouse, {.interval = 30s});
///     world.between(75s, 200s).crash(warehouse);
///     world.run_for(24h);
///     assert(client.downs() == 1);
///
/// Not copyable, not thread-safe: a simulation has no threads.
template <typename Policies = world_policies>
class basic_world {
public:
    using health_client =
        typename Policies::template client<network_transport, virtual_clock,
                                           typename Policies::signer, typename Policies::backoff>;
    using datasource = basic_datasource<network_transport, virtual_clock, typename Policies::signer,
                                        typename Policies::backoff>;
    using client_type = simulated_client<health_client>;
    using datasource_type = simulated_client<datasource>;
    using moment = basic_moment<basic_world>;

    /// All randomness comes from `seed`. `lines` says how much of the trace is kept.
    explicit basic_world(std::uint64_t seed = 0, sim::trace lines = sim::trace{})
        : random_{seed}, trace_{std::move(lines)} {}

    basic_world(const basic_world&) = delete;
    basic_world& operator=(const basic_world&) = delete;

    /// A server process with a health route and a schema route, which runs from now on.
    process& add_server(std::string name, process_setup setup = {}) {
        const typename Policies::verifier accept{secret};
        servers_.push_back(std::make_unique<process>(
            queue_, std::move(name), accept, [](std::string_view text) { return quick_hex(text); },
            std::move(setup)));
        return *servers_.back();
    }

    /// A client that watches it, started now. Throws as the client does for options that are not
    /// valid.
    client_type& add_client(process& of, const options& chosen = {}, client_setup setup = {},
                            typename Policies::backoff backoff = {}) {
        client_type& made = prepare_client(of, chosen, std::move(setup), std::move(backoff));
        made.client().start();
        return made;
    }

    /// The same, but it is not started yet.
    client_type& prepare_client(process& of, const options& chosen = {}, client_setup setup = {},
                                typename Policies::backoff backoff = {}) {
        const url target{"http://" + of.name() + ".example" + setup.path};
        return add(clients_, of, setup, [&](const auto& connect, host& on) {
            return health_client(connect(), virtual_clock{on},
                                 typename Policies::signer{std::string_view{secret}}, backoff,
                                 target, chosen, random_generator{random_()});
        });
    }

    /// A datasource that follows it, started now; the uri and the secret need not be given. Throws
    /// as the datasource does.
    datasource_type& add_datasource(process& of, datasource_options chosen = {},
                                    client_setup setup = {},
                                    typename Policies::backoff backoff = {}) {
        if (chosen.uri.empty())
            chosen.uri = "http://" + of.name() + ".example";
        datasource_type& made = add(datasources_, of, setup, [&](const auto& connect, host& on) {
            return datasource(connect(), connect(), virtual_clock{on},
                              typename Policies::signer{std::string_view{secret}}, backoff,
                              std::move(chosen), random_generator{random_()});
        });
        made.client().start();
        return made;
    }

    /// What is said of this moment, since the beginning: `at(75s).crash(warehouse)`.
    [[nodiscard]] moment at(duration when) { return moment{*this, {.at = when}}; }

    /// From one moment until another: `between(75s, 90s).freeze(warehouse)`.
    [[nodiscard]] moment between(duration begin, duration end) {
        return moment{*this, {.at = begin, .lasting = end - begin}};
    }

    /// Again and again, the first time after `first`: `every(1h).lasting(10s).crash(warehouse)`.
    [[nodiscard]] moment every(duration period, duration first) {
        return moment{*this, {.at = first, .every = period}};
    }
    [[nodiscard]] moment every(duration period) { return every(period, period); }

    /// Lets a fault happen when it is due, or now if that is past.
    void play(const fault& what) {
        script_.push_back(what);
        schedule(what, steady_time{what.at});
    }

    void play(const script& all) {
        for (const fault& each : all)
            play(each);
    }

    /// The number by which faults name a server.
    [[nodiscard]] std::uint16_t number_of(const process& server) const {
        const auto found = std::find_if(servers_.begin(), servers_.end(),
                                        [&](const auto& each) { return each.get() == &server; });
        assert(found != servers_.end() && "a server of another world");
        return static_cast<std::uint16_t>(found - servers_.begin());
    }

    /// Calls `call` with the number of each client and datasource of a server.
    template <typename Call>
    void for_each_client_of(const process& server, Call&& call) const {
        for (std::size_t index = 0; index < members_.size(); ++index) {
            if (members_[index].server == &server)
                call(static_cast<std::uint16_t>(index));
        }
    }

    /// All faults that were asked for, in that order.
    [[nodiscard]] const script& played() const noexcept { return script_; }

    /// Ends all faults that have begun, lets none begin any more, and sets all clocks right: the
    /// world is well from now on. Machines that stand still go on when their time has come.
    void heal() {
        ++epoch_;
        for (const auto& [id, each] : std::exchange(ongoing_, {}))
            finish(each);
        for (const auto& each : servers_)
            each->machine().correct();
        for (const member& each : members_)
            each.machine->correct();
    }

    /// How often something has begun or ended to be wrong.
    [[nodiscard]] std::uint64_t disturbances() const noexcept { return disturbances_; }

    /// Lets time pass.
    void run_for(duration span) { queue_.run_for(span); }

    /// Until the predicate holds; false if it does not within `bound`.
    template <typename Predicate>
    bool run_until(Predicate&& holds, duration bound) {
        return queue_.run_until(std::forward<Predicate>(holds), bound);
    }

    /// Since the beginning.
    [[nodiscard]] duration now() const noexcept { return queue_.now().time_since_epoch(); }

    [[nodiscard]] event_queue& queue() noexcept { return queue_; }
    [[nodiscard]] const sim::trace& trace() const noexcept { return trace_; }

    /// For whoever draws what happens; the world itself draws from it, too, when something is
    /// added.
    [[nodiscard]] random_generator& random() noexcept { return random_; }

    [[nodiscard]] const std::vector<std::unique_ptr<process>>& servers() const noexcept {
        return servers_;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<client_type>>& clients() const noexcept {
        return clients_;
    }
    [[nodiscard]] const std::vector<std::unique_ptr<datasource_type>>&
    datasources() const noexcept {
        return datasources_;
    }

private:
    static constexpr std::string_view secret = "of a simulated world";

    template <typename Kind, typename Make>
    Kind& add(std::vector<std::unique_ptr<Kind>>& all, process& of, client_setup& setup,
              Make&& make) {
        const auto number = static_cast<std::uint16_t>(members_.size());
        if (setup.name.empty())
            setup.name = "client" + (number == 0 ? std::string{} : std::to_string(number));
        all.push_back(std::make_unique<Kind>(queue_, setup.name, of, setup.usual, random_(), trace_,
                                             number, std::forward<Make>(make)));
        Kind& made = *all.back();
        members_.push_back({&made.machine(), &made.way(), &of, [&made] { made.quit(); }});
        return made;
    }

    // What a fault may concern of a client or a datasource.
    struct member {
        host* machine;
        link* way;
        process* server;
        std::function<void()> quit;
    };

    // A fault that has begun.
    struct ongoing_fault {
        fault what;
        bool crashed = false; // a process that had announced its end
    };

    void schedule(const fault& what, steady_time when) {
        queue_.at(when, [this, what, epoch = epoch_] {
            if (epoch != epoch_)
                return;
            begin(what);
            if (what.every > duration::zero())
                schedule(what, queue_.now() + what.every);
        });
    }

    void begin(const fault& what) {
        note(trace_kind::faulted, what);
        change(what, 1);
        if (is_momentary(what.kind))
            return;
        const std::uint64_t id = next_fault_++;
        ongoing_.emplace(id, ongoing_fault{what});
        if (what.lasting > duration::zero())
            queue_.after(what.lasting, [this, id] { end(id); });
        if (what.kind == fault_kind::stop)
            queue_.after(what.span, [this, id] { crash(id); });
    }

    // It may have been healed before.
    void end(std::uint64_t id) {
        if (const auto ended = ongoing_.extract(id))
            finish(ended.mapped());
    }

    void crash(std::uint64_t id) {
        const auto stopping = ongoing_.find(id);
        if (stopping == ongoing_.end())
            return;
        stopping->second.crashed = true;
        servers_.at(stopping->second.what.server)->crash();
    }

    void finish(const ongoing_fault& ended) {
        note(trace_kind::healed, ended.what);
        if (ended.crashed)
            servers_.at(ended.what.server)->recover();
        change(ended.what, -1);
    }

    void note(trace_kind kind, const fault& what) {
        ++disturbances_;
        trace_.add({now(), kind, what.server, static_cast<std::uint16_t>(what.kind), what.client});
    }

    void change(const fault& what, int by) {
        if (is_of_process(what.kind))
            return change_process(*servers_.at(what.server), what, by);
        if (is_of_time(what.kind))
            return change_time(what.client == fault::everyone ? servers_.at(what.server)->machine()
                                                              : *members_.at(what.client).machine,
                               what, by);
        if (what.kind == fault_kind::quit)
            return members_.at(what.client).quit();
        for (std::size_t index = 0; index < members_.size(); ++index) {
            const bool meant = what.client == fault::everyone
                                   ? members_[index].server == servers_.at(what.server).get()
                                   : index == what.client;
            if (meant)
                change_link(*members_[index].way, what, by);
        }
    }

    event_queue queue_;
    random_generator random_;
    sim::trace trace_;
    script script_;
    std::map<std::uint64_t, ongoing_fault> ongoing_;
    std::uint64_t next_fault_ = 0;
    std::uint64_t disturbances_ = 0;
    std::uint64_t epoch_ = 0; // counts the healings, so that what was planned before is void
    std::vector<std::unique_ptr<process>> servers_;
    std::vector<member> members_;
    std::vector<std::unique_ptr<client_type>> clients_;
    std::vector<std::unique_ptr<datasource_type>> datasources_;
};

using world = basic_world<>;

} // namespace forest::sim

#endif
