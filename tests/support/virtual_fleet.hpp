// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_VIRTUAL_FLEET_HPP
#define FOREST_TESTS_SUPPORT_VIRTUAL_FLEET_HPP

#include <support/scripted_network.hpp>
#include <support/virtual_client.hpp>

#include <forest/health_fleet.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A fleet under a virtual clock on a scripted network, and a record of all that it reports.

namespace forest::tests {

/// A copy of an event of one of many targets.
struct target_report {
    target_id id;
    std::string target;
    reported_event report;
};

template <typename Backoff = exponential_backoff, typename Signer = unsigned_requests>
struct virtual_fleet {
    using fleet_type =
        basic_health_fleet<scripted_network::transport, counting_clock, Signer, Backoff>;

    sim::event_queue queue;
    counting_clock clock{queue};
    scripted_network network{queue};
    std::vector<target_report> events;
    std::vector<std::pair<target_id, outage>> downs;
    std::vector<std::pair<target_id, outage>> ups;
    std::optional<fleet_type> fleet;

    /// Unlike the default, nothing is spread unless a test says so.
    static constexpr fleet_options unspread{.spread_start = false};

    explicit virtual_fleet(const fleet_options& settings = unspread, Backoff backoff = {},
                           Signer signer = {}) {
        fleet.emplace([this] { return network.make(); }, clock, std::move(signer), backoff,
                      settings, random_generator{1});
        record();
    }

    /// Listens to everything.
    void record() {
        fleet->on_event([this](const event& happened) { keep(happened); });
        fleet->on_server_down(
            [this](target_id id, const outage& of) { downs.emplace_back(id, of); });
        fleet->on_server_up([this](target_id id, const outage& of) { ups.emplace_back(id, of); });
    }

    void keep(const event& happened) {
        events.push_back(
            {happened.id, std::string{happened.target}, copy_of(happened, queue.now())});
    }

    /// Returns the events of one target, in order.
    [[nodiscard]] std::vector<reported_event> reports_of(target_id id) const {
        std::vector<reported_event> result;
        for (const auto& each : events)
            if (each.id == id)
                result.push_back(each.report);
        return result;
    }

    [[nodiscard]] std::size_t count(event_kind kind) const {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(),
                          [kind](const auto& each) { return each.report.kind == kind; }));
    }

    [[nodiscard]] std::size_t count(target_id id, event_kind kind) const {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [id, kind](const auto& each) {
                return each.id == id && each.report.kind == kind;
            }));
    }

    /// When each check of a URL began, in seconds since the start.
    [[nodiscard]] std::vector<double> check_times(const std::string& target) const {
        std::vector<double> times;
        for (const auto& each : network.requests())
            if (each.target == target)
                times.push_back(std::chrono::duration<double>(each.at.time_since_epoch()).count());
        return times;
    }
};

/// The URL of the `number`-th of many targets, each on a server of its own.
[[nodiscard]] inline std::string url_number(std::size_t number) {
    return "http://server-" + std::to_string(number) + ".example/forest/health";
}

/// The URL of the `number`-th of the targets that share a server.
[[nodiscard]] inline std::string url_on_one_server(std::size_t number) {
    return "http://shared.example/" + std::to_string(number);
}

} // namespace forest::tests

#endif
