// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_VIRTUAL_CLIENT_HPP
#define FOREST_TESTS_SUPPORT_VIRTUAL_CLIENT_HPP

#include <forest/health_client.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

// A client under a virtual clock with a scripted transport, and a record of all that it reports.

namespace forest::tests {

/// A copy of an event, which outlives the report.
struct reported_event {
    event_kind kind;
    steady_time at;
    target_status status;
    int attempt;
    int failures;
    std::error_code error;
    int http_status;
    std::optional<std::chrono::seconds> clock_skew;
    std::uint64_t outage_id;
    std::string detail;
};

/// Returns the copy of an event that is reported at `at`.
[[nodiscard]] inline reported_event copy_of(const event& happened, steady_time at) {
    return {happened.kind,
            at,
            happened.status,
            happened.attempt,
            happened.failures,
            happened.check ? happened.check->error : std::error_code{},
            happened.check ? happened.check->status : 0,
            happened.check ? happened.check->clock_skew : std::nullopt,
            happened.outage ? happened.outage->id : 0,
            std::string{happened.detail}};
}

template <typename Backoff = exponential_backoff, typename Signer = unsigned_requests>
struct virtual_client {
    using client_type =
        basic_health_client<sim::scripted_transport, sim::virtual_clock, Signer, Backoff>;

    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport transport{queue};
    std::vector<reported_event> events;
    std::vector<outage> downs;
    std::vector<outage> ups;
    std::vector<steady_time> down_times;
    std::optional<client_type> client;

    explicit virtual_client(options settings = {}, Backoff backoff = {}, Signer signer = {}) {
        client.emplace(transport, clock, signer, backoff,
                       "http://warehouse.example:3000/forest/health", settings,
                       random_generator{1});
        client->on_event([this](const event& happened) { record(happened); });
        client->on_server_down([this](const outage& of) {
            downs.push_back(of);
            down_times.push_back(queue.now());
        });
        client->on_server_up([this](const outage& of) { ups.push_back(of); });
    }

    void record(const event& happened) { events.push_back(copy_of(happened, queue.now())); }

    /// When each check began, in seconds since the start.
    [[nodiscard]] std::vector<double> check_times() const {
        std::vector<double> times;
        for (const auto& each : transport.requests())
            times.push_back(std::chrono::duration<double>(each.at.time_since_epoch()).count());
        return times;
    }

    [[nodiscard]] std::size_t count(event_kind kind) const {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(),
                          [kind](const reported_event& each) { return each.kind == kind; }));
    }

    [[nodiscard]] const reported_event& last(event_kind kind) const {
        const auto found =
            std::find_if(events.rbegin(), events.rend(),
                         [kind](const reported_event& each) { return each.kind == kind; });
        if (found == events.rend())
            throw std::logic_error("no such event was reported");
        return *found;
    }
};

} // namespace forest::tests

#endif
