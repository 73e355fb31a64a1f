// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_SIMULATED_FLEET_HPP
#define FOREST_SIM_WORLD_SIMULATED_FLEET_HPP

#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/client_network.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/detail/chained_callbacks.hpp>
#include <forest/sim/world/detail/fault_player.hpp>
#include <forest/sim/world/world_policies.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

// A fleet in a simulated world: the real one, on one host, with a link to each of its servers.

namespace forest::inline FOREST_FORM::sim {

/// The link of a fleet to one server. Pass it to a fault that concerns this link only.
class fleet_link {
public:
    fleet_link(event_queue& queue, latency usual, std::uint64_t seed, server_process& server,
               std::uint16_t number)
        : link_{queue, usual, seed}, server_{&server}, number_{number} {}

    [[nodiscard]] sim::link& link() noexcept { return link_; }
    [[nodiscard]] server_process& server() const noexcept { return *server_; }
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

private:
    sim::link link_;
    server_process* server_;
    std::uint16_t number_;
};

/// A fleet, its host, its links, and a record of its reports. Not copyable, not thread-safe.
template <typename Fleet, typename Transport = network_transport>
class simulated_fleet {
public:
    /// What the fleet has reported about one target so far.
    struct record {
        server_process* server = nullptr;
        std::uint16_t link_number = 0; ///< its number in lines of the trace
        std::uint64_t checks = 0;      ///< ended checks
        std::uint64_t failures = 0;    ///< without the inconclusive ones
        std::uint64_t inconclusive = 0;
        std::uint64_t downs = 0; ///< calls of on_server_down
        std::uint64_t ups = 0;   ///< calls of on_server_up
        std::optional<outage> last_outage{};
    };

    /// `make(connect, host)` makes the fleet; `connect()` makes a transport.
    template <typename Make>
    simulated_fleet(event_queue& queue, client_setup setup, std::uint64_t seed, trace& lines,
                    detail::fault_player& faults, std::uint16_t number, Make&& make)
        : host_{queue, seed},
          setup_{std::move(setup)},
          network_{host_, setup_.connections},
          random_{seed},
          lines_{&lines},
          faults_{&faults},
          number_{number} {
        const auto connect = [this] {
            return Transport{[this](const url& target) { return path_to(target); }};
        };
        fleet_.emplace(
            make(connect, host_), [this](const event& happened) { reported(happened); },
            [this](target_id target, const outage& begun) { called(true, target, begun); },
            [this](target_id target, const outage& ended) { called(false, target, ended); });
    }

    simulated_fleet(const simulated_fleet&) = delete;
    simulated_fleet& operator=(const simulated_fleet&) = delete;

    /// The fleet itself. Callbacks that are set there are called after those of the world. Add
    /// targets with `watch`.
    [[nodiscard]] detail::chained_callbacks<Fleet, target_id>& fleet() noexcept { return *fleet_; }

    /// Watches a server of the same world. All targets on one server share the link to it. Throws
    /// like `add` of the fleet, std::invalid_argument if another server has that name, and
    /// std::length_error if there are too many links.
    target_id watch(server_process& server, const options& settings = {}) {
        const std::string host = server.name() + ".example";
        fleet_link& link = to(server, host);
        const target_id added = fleet_->add(url{"http://" + host + setup_.path}, settings);
        if (added != target_id{}) // A stopped fleet returns an empty id.
            records_[added] = {.server = &server, .link_number = link.number()};
        return added;
    }

    /// Returns the link to a watched server. Throws std::out_of_range for any other server.
    [[nodiscard]] fleet_link& to(const server_process& server) {
        return *links_.at(server.name() + ".example");
    }

    /// The host on which the fleet runs.
    [[nodiscard]] sim::host& host() noexcept { return host_; }

    [[nodiscard]] const std::string& name() const noexcept { return setup_.name; }
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

    /// Returns the reports about a target. Throws std::out_of_range for a target that was never
    /// watched.
    [[nodiscard]] const record& reports_of(target_id target) const { return records_.at(target); }
    [[nodiscard]] std::uint64_t downs(target_id target) const { return reports_of(target).downs; }
    [[nodiscard]] std::uint64_t ups(target_id target) const { return reports_of(target).ups; }

    /// The sums of all targets.
    [[nodiscard]] std::uint64_t downs() const noexcept { return downs_; }
    [[nodiscard]] std::uint64_t ups() const noexcept { return ups_; }
    [[nodiscard]] std::uint64_t checks() const noexcept { return checks_; }

    /// Calls `listener` for every event, after the earlier listeners.
    void also_report(std::function<void(const event&)> listener) {
        listeners_.push_back(std::move(listener));
    }

    /// Stops the fleet, as the application would.
    void quit() { fleet_->stop(); }

private:
    fleet_link& to(server_process& server, const std::string& host) {
        if (const auto found = links_.find(host); found != links_.end()) {
            if (&found->second->server() != &server)
                throw std::invalid_argument("two servers are called " + server.name());
            return *found->second;
        }
        auto made = std::make_unique<fleet_link>(host_.queue(), setup_.usual, random_(), server,
                                                 faults_->next_number());
        fleet_link& link = *made;
        links_.emplace(host, std::move(made));
        faults_->add({&host_, &link.link(), &server, [this] { quit(); }, number_});
        return link;
    }

    network_path path_to(const url& target) {
        const auto found = links_.find(target.host());
        if (found == links_.end())
            throw std::invalid_argument("a target of a simulated fleet was not added with watch()");
        fleet_link& link = *found->second;
        return {.client = &host_,
                .over = &link.link(),
                .server = &link.server(),
                .lines = lines_,
                .sent = nullptr,
                .subject = link.number(),
                .network = &network_};
    }

    void reported(const event& happened) {
        record& seen = records_[happened.id];
        std::uint64_t value = static_cast<std::uint64_t>(happened.failures);
        switch (happened.kind) {
        case event_kind::check_succeeded:
            ++seen.checks;
            ++checks_;
            break;
        case event_kind::check_failed:
            ++seen.checks;
            ++checks_;
            ++seen.failures;
            break;
        case event_kind::check_inconclusive:
            ++seen.checks;
            ++checks_;
            ++seen.inconclusive;
            break;
        case event_kind::server_down:
        case event_kind::server_up: value = happened.outage->id; break;
        default: break;
        }
        note(trace_kind::reported, seen, static_cast<std::uint16_t>(happened.kind), value);
        for (const auto& each : listeners_)
            each(happened);
    }

    void called(bool down, target_id target, const outage& reported) {
        record& seen = records_[target];
        ++(down ? seen.downs : seen.ups);
        ++(down ? downs_ : ups_);
        seen.last_outage = reported;
        note(trace_kind::called, seen, static_cast<std::uint16_t>(down ? 1 : 0), reported.id);
    }

    void note(trace_kind kind, const record& seen, std::uint16_t detail, std::uint64_t value) {
        lines_->add(
            {host_.queue().now().time_since_epoch(), kind, seen.link_number, detail, value});
    }

    sim::host host_;
    client_setup setup_;
    client_network network_;
    random_generator random_;
    trace* lines_;
    detail::fault_player* faults_;
    std::uint16_t number_;
    std::uint64_t downs_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t checks_ = 0;
    std::map<std::string, std::unique_ptr<fleet_link>, std::less<>>
        links_; // by the host of the URL
    std::unordered_map<target_id, record> records_;
    std::vector<std::function<void(const event&)>> listeners_;
    std::optional<detail::chained_callbacks<Fleet, target_id>>
        fleet_; // Destroyed first, because it calls the members above.
};

} // namespace forest::inline FOREST_FORM::sim

#endif
