// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_STUDY_MEASURE_HPP
#define FOREST_BENCHMARKS_STUDY_MEASURE_HPP

#include <forest/core/backoff.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/world/world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

// What the study measures, in simulated worlds with the real client. The truth is known, because
// the script says when a server is away: a down that is reported at another time is a false alarm.

namespace study {

using namespace std::chrono_literals;
using namespace forest;

inline constexpr duration year = 365 * 24h;

/// The worlds of the default schedule, and those of the fixed one.
using exponential_worlds = sim::world_policies;
struct fixed_worlds : sim::world_policies {
    using backoff = constant_backoff;
};

/// Each message takes this long, so that a check of a server that is well takes twice as long, and
/// so does one that is refused.
inline constexpr duration message_delay = 1ms;
inline constexpr duration round_trip = 2 * message_delay;

inline constexpr sim::client_setup usual_link() {
    return {.usual = sim::constant(message_delay)};
}

/// The share of the checks that fail when that many of a thousand messages are lost: both the
/// request and the answer have to arrive.
[[nodiscard]] inline double failing_share(int loss_per_mille) noexcept {
    const double arriving = 1.0 - loss_per_mille / 1000.0;
    return 1.0 - arriving * arriving;
}

[[nodiscard]] inline double seconds(duration span) noexcept {
    return std::chrono::duration<double>(span).count();
}

/// The reports of a client about a server that was always healthy.
struct false_alarms {
    std::uint64_t reported = 0;
    std::uint64_t checks = 0;
    duration watched{};
    duration called_down{}; ///< of which the client took the server to be down

    [[nodiscard]] double per_year() const noexcept {
        return static_cast<double>(reported) * (seconds(year) / seconds(watched));
    }
    /// How long the server was taken to be down each time, in seconds.
    [[nodiscard]] double mean_length() const noexcept {
        return reported == 0 ? 0.0 : seconds(called_down) / static_cast<double>(reported);
    }
};

/// Watches a healthy server over a link that loses messages, until `enough` false alarms were
/// reported, or for `most`.
template <typename Policies>
[[nodiscard]] false_alarms watch_a_healthy_server(std::uint64_t seed, const options& settings,
                                                  int loss_per_mille, duration most,
                                                  std::uint64_t enough) {
    sim::basic_world<Policies> world{seed};
    auto& server = world.add_server("server");
    auto& client = world.add_client(server, settings, usual_link());
    if (loss_per_mille > 0)
        world.at(0s).loss(client, loss_per_mille);
    false_alarms result;
    duration since{};
    client.also_report([&](const event& happened) {
        if (happened.kind == event_kind::server_down)
            since = world.now();
        else if (happened.kind == event_kind::server_up)
            result.called_down += world.now() - since;
    });
    while (world.now() < most && client.downs() < enough)
        world.run_for(24h);
    result.reported = client.downs();
    result.checks = client.checks();
    result.watched = world.now();
    return result;
}

/// The expected number of the same. A success begins a round, which ends with the next success. A
/// false alarm is reported in every round with as many failures as the threshold. With the loss of
/// a message independent of all others, a check fails with one probability, so that both the length
/// of a round and its failures follow.
template <typename Backoff>
[[nodiscard]] double expected_alarms_per_year(const options& settings, double failing,
                                              const Backoff& backoff) {
    constexpr int failures_max = 1000; // Of which nothing is left in any sum here.
    double round = seconds(settings.interval);
    double so_many = 1.0;
    double reaching = 1.0;
    for (int failures = 1; failures <= failures_max; ++failures) {
        so_many *= failing;
        round += so_many * seconds(settings.timeout + backoff(failures, settings.interval));
        if (failures == settings.failure_threshold)
            reaching = so_many;
    }
    return reaching * seconds(year) / round;
}

/// How a server ends.
enum class death {
    crash,      ///< its host answers for it: connections are refused
    black_hole, ///< nothing answers
};

/// How soon that was reported, for crashes at moments that are spread evenly over the interval.
struct latencies {
    std::vector<duration> sorted{};
    std::uint64_t already = 0; ///< how often the server was taken to be down already

    /// The one that this share of all is not above: the nearest rank.
    [[nodiscard]] duration at(double share) const {
        const auto count = static_cast<double>(sorted.size());
        const auto rank = static_cast<std::size_t>(share * count + 0.999999);
        return sorted.at(std::clamp<std::size_t>(rank, 1, sorted.size()) - 1);
    }
    [[nodiscard]] duration least() const { return sorted.front(); }
    [[nodiscard]] duration median() const { return at(0.5); }
    [[nodiscard]] duration worst() const { return sorted.back(); }
};

/// A moment within the interval for each of `count` repetitions, none at its ends.
[[nodiscard]] inline duration phase(int index, int count, duration interval) noexcept {
    return interval * (2 * index + 1) / (2 * count);
}

/// Lets a server die in `count` worlds. Those in which the client took it to be down at that moment
/// are counted and left out: it had nothing more to tell.
template <typename Policies>
[[nodiscard]] latencies let_die(std::uint64_t seed, const options& settings, int loss_per_mille,
                                death how, int count) {
    constexpr int warm_up_intervals = 20;
    constexpr duration bound = 24h;
    latencies result;
    for (int index = 0; index < count; ++index) {
        sim::basic_world<Policies> world{seed + static_cast<std::uint64_t>(index)};
        auto& server = world.add_server("server");
        auto& client = world.add_client(server, settings, usual_link());
        if (loss_per_mille > 0)
            world.at(0s).loss(client, loss_per_mille);
        const duration end =
            warm_up_intervals * settings.interval + phase(index, count, settings.interval);
        if (how == death::crash)
            world.at(end).crash(server);
        else
            world.at(end).black_hole(server);
        world.run_for(end);
        if (client.status() == target_status::down) {
            ++result.already;
            continue;
        }
        if (world.run_until([&] { return client.status() == target_status::down; }, bound))
            result.sorted.push_back(world.now() - end);
    }
    std::sort(result.sorted.begin(), result.sorted.end());
    return result;
}

/// How many of `count` restarts that take `length` are reported as an outage.
template <typename Policies>
[[nodiscard]] int reported_restarts(const options& settings, duration length, int count) {
    constexpr duration warm_up = 5min;
    int reported = 0;
    for (int index = 0; index < count; ++index) {
        sim::basic_world<Policies> world;
        auto& server = world.add_server("server");
        auto& client = world.add_client(server, settings, usual_link());
        const duration begin = warm_up + phase(index, count, settings.interval);
        world.between(begin, begin + length).crash(server);
        world.run_for(begin + length + settings.interval);
        reported += client.downs() > 0 ? 1 : 0;
    }
    return reported;
}

} // namespace study

#endif
