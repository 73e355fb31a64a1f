// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_SIMULATED_FLEET_HPP
#define FOREST_SIM_WORLD_SIMULATED_FLEET_HPP

#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/outage.hpp>
#include <forest/core/random.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/url.hpp>
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

// A fleet in a simulated world: the real one, on one host, with a way to each of its servers.

namespace forest::sim {

/// The way of a fleet to one server. Said of it, a fault concerns that way alone.
class fleet_link {
public:
    fleet_link(event_queue& queue, latency usual, std::uint64_t seed, server_process& to,
               std::uint16_t number)
        : link_{queue, usual, seed}, server_{&to}, number_{number} {}

    [[nodiscard]] sim::link& link() noexcept { return link_; }
    [[nodiscard]] server_process& server() const noexcept { return *server_; }
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

private:
    sim::link link_;
    server_process* server_;
    std::uint16_t number_;
};

/// A fleet, its host, its ways, and what it has told. Not copyable, not thread-safe.
template <typename Fleet>
class simulated_fleet {
public:
    /// What was told of one target so far.
    struct record {
        server_process* server = nullptr;
        std::uint16_t link_number = 0; ///< the number by which lines of the trace name it
        std::uint64_t checks = 0;      ///< that have ended
        std::uint64_t failures = 0;    ///< that count
        std::uint64_t inconclusive = 0;
        std::uint64_t downs = 0; ///< calls, not events
        std::uint64_t ups = 0;
        std::optional<outage> last_outage{};
    };

    /// `make` makes the fleet from a function that makes transports, and the host.
    template <typename Make>
    simulated_fleet(event_queue& queue, client_setup setup, std::uint64_t seed, trace& lines,
                    detail::fault_player& faults, std::uint16_t number, Make&& make)
        : host_{queue, seed},
          setup_{std::move(setup)},
          random_{seed},
          lines_{&lines},
          faults_{&faults},
          number_{number} {
        const auto connect = [this] {
            return network_transport{[this](const url& to) { return path_to(to); }};
        };
        fleet_.emplace(
            make(connect, host_), [this](const event& happened) { told(happened); },
            [this](target_id of, const outage& begun) { called(true, of, begun); },
            [this](target_id of, const outage& ended) { called(false, of, ended); });
    }

    simulated_fleet(const simulated_fleet&) = delete;
    simulated_fleet& operator=(const simulated_fleet&) = delete;

    /// The fleet itself. Callbacks that are set there come beside those of the world; targets are
    /// added with `watch`.
    [[nodiscard]] detail::chained_callbacks<Fleet, target_id>& fleet() noexcept { return *fleet_; }

    /// Watches a server of the same world, over the way to it that all targets there share. Throws
    /// as `add` of the fleet does, std::invalid_argument if another server of that name is watched,
    /// and std::length_error if there are too many ways.
    target_id watch(server_process& server, const options& chosen = {}) {
        const std::string host = server.name() + ".example";
        fleet_link& over = to(server, host);
        const target_id added = fleet_->add(url{"http://" + host + setup_.path}, chosen);
        if (added != target_id{}) // It is, after the fleet was stopped.
            records_[added] = {.server = &server, .link_number = over.number()};
        return added;
    }

    /// The way to a server that is watched; throws std::out_of_range for another one.
    [[nodiscard]] fleet_link& to(const server_process& server) {
        return *ways_.at(server.name() + ".example");
    }

    /// The host that it runs on.
    [[nodiscard]] sim::host& host() noexcept { return host_; }

    [[nodiscard]] const std::string& name() const noexcept { return setup_.name; }
    [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

    /// What was told of a target; throws std::out_of_range for one that was never watched.
    [[nodiscard]] const record& told_of(target_id target) const { return records_.at(target); }
    [[nodiscard]] std::uint64_t downs(target_id target) const { return told_of(target).downs; }
    [[nodiscard]] std::uint64_t ups(target_id target) const { return told_of(target).ups; }

    /// Of all targets.
    [[nodiscard]] std::uint64_t downs() const noexcept { return downs_; }
    [[nodiscard]] std::uint64_t ups() const noexcept { return ups_; }
    [[nodiscard]] std::uint64_t checks() const noexcept { return checks_; }

    /// Calls `listener` for every event, after those who came before.
    void also_tell(std::function<void(const event&)> listener) {
        listeners_.push_back(std::move(listener));
    }

    /// The application stops it.
    void quit() { fleet_->stop(); }

private:
    fleet_link& to(server_process& server, const std::string& host) {
        if (const auto found = ways_.find(host); found != ways_.end()) {
            if (&found->second->server() != &server)
                throw std::invalid_argument("two servers are called " + server.name());
            return *found->second;
        }
        auto made = std::make_unique<fleet_link>(host_.queue(), setup_.usual, random_(), server,
                                                 faults_->next_number());
        fleet_link& over = *made;
        ways_.emplace(host, std::move(made));
        faults_->add({&host_, &over.link(), &server, [this] { quit(); }, number_});
        return over;
    }

    detail::network_path path_to(const url& target) {
        const auto found = ways_.find(target.host());
        if (found == ways_.end())
            throw std::invalid_argument(
                "a target of a simulated fleet that was not added by watch");
        fleet_link& over = *found->second;
        return {.from = &host_,
                .over = &over.link(),
                .to = &over.server(),
                .lines = lines_,
                .sent = nullptr,
                .subject = over.number()};
    }

    void told(const event& happened) {
        record& of = records_[happened.id];
        std::uint64_t value = static_cast<std::uint64_t>(happened.failures);
        switch (happened.kind) {
        case event_kind::check_succeeded:
            ++of.checks;
            ++checks_;
            break;
        case event_kind::check_failed:
            ++of.checks;
            ++checks_;
            ++of.failures;
            break;
        case event_kind::check_inconclusive:
            ++of.checks;
            ++checks_;
            ++of.inconclusive;
            break;
        case event_kind::server_down:
        case event_kind::server_up: value = happened.outage->id; break;
        default: break;
        }
        note(trace_kind::told, of, static_cast<std::uint16_t>(happened.kind), value);
        for (const auto& each : listeners_)
            each(happened);
    }

    void called(bool down, target_id target, const outage& of) {
        record& one = records_[target];
        ++(down ? one.downs : one.ups);
        ++(down ? downs_ : ups_);
        one.last_outage = of;
        note(trace_kind::called, one, static_cast<std::uint16_t>(down ? 1 : 0), of.id);
    }

    void note(trace_kind kind, const record& of, std::uint16_t detail, std::uint64_t value) {
        lines_->add({host_.queue().now().time_since_epoch(), kind, of.link_number, detail, value});
    }

    sim::host host_;
    client_setup setup_;
    random_generator random_;
    trace* lines_;
    detail::fault_player* faults_;
    std::uint16_t number_;
    std::uint64_t downs_ = 0;
    std::uint64_t ups_ = 0;
    std::uint64_t checks_ = 0;
    std::map<std::string, std::unique_ptr<fleet_link>, std::less<>> ways_; // by the host of the URL
    std::unordered_map<target_id, record> records_;
    std::vector<std::function<void(const event&)>> listeners_;
    std::optional<detail::chained_callbacks<Fleet, target_id>>
        fleet_; // Destroyed first, as it calls the above.
};

} // namespace forest::sim

#endif
