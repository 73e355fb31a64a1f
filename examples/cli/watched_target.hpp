// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_CLI_WATCHED_TARGET_HPP
#define FOREST_EXAMPLES_CLI_WATCHED_TARGET_HPP

#include "ground_truth.hpp"
#include "outage_ledger.hpp"
#include "simulation_outcome.hpp"
#include "timeline.hpp"

#include <forest/core/detection.hpp>
#include <forest/core/event.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp_sequence.hpp>
#include <forest/sim/host.hpp>
#include <forest/sim/monitor.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

// A client of a simulated world, with someone who knows the rules and someone who knows the truth.

namespace forest::cli {

/// `Client` is a `sim::simulated_client`. It must outlive this, and this must stay where it is from
/// `watch` on until the client is gone. Times are since the beginning of the simulation.
template <typename Client>
class watched_target {
public:
    /// `lane` may be null.
    watched_target(Client& client, std::uint16_t server, const options& chosen,
                   const detection_bound& bound, sim::monitor rules, timeline_lane* lane)
        : client_{&client}, server_{server}, timeout_{chosen.timeout}, rules_{std::move(rules)},
          ledger_{chosen, bound}, lane_{lane} {}

    /// Calls `told(*this, event)` for each event, after the rules were asked.
    template <typename Told>
    void watch(Told told) {
        client_->also_tell([this, told](const event& happened) {
            rules_.told(happened);
            told(*this, happened);
        });
        client_->also_call([this](bool down) { down ? rules_.called_down() : rules_.called_up(); });
        client_->on_send([this](int in_flight) { rules_.sent(in_flight); });
        client_->on_quit([this] {
            rules_.stopped();
            finish();
        });
    }

    [[nodiscard]] Client& client() noexcept { return *client_; }
    [[nodiscard]] std::uint16_t server() const noexcept { return server_; }

    /// How many faults let the server announce its end, which cannot be seen from outside.
    void announced(int by) noexcept { announced_ += by; }

    /// What the client told, for the comparison with the truth.
    void take(const event& happened) {
        if (finished_)
            return;
        if (lane_ != nullptr)
            lane_->told(now(), happened);
        switch (happened.kind) {
        case event_kind::check_started:
            look(); // Clocks drift apart without a moment at which it happens.
            (void)timestamps_.next(client_->machine().now());
            return ledger_.check_began(now());
        case event_kind::check_succeeded: return ledger_.check_succeeded();
        case event_kind::check_failed: return ledger_.check_failed();
        case event_kind::server_down: return down_told();
        case event_kind::server_up: return ledger_.up_told();
        default: return;
        }
    }

    /// To be called when the truth may have changed.
    void look() {
        if (finished_)
            return;
        const target_state state = truth();
        ledger_.observe(now(), state);
        if (lane_ != nullptr)
            lane_->truth(now(), state.down);
    }

    /// All checks under way fail, at this moment.
    void strike() {
        if (!finished_)
            ledger_.strike(now(), truth());
    }

    /// Ends the comparison; also done when the client is stopped, since nothing is obliged then.
    void finish() {
        if (finished_)
            return;
        finished_ = true;
        ledger_.finish(now());
        if (lane_ != nullptr)
            lane_->pass(now());
    }

    /// Everything is well, and was for long enough, unless checks take longer than they may even
    /// then.
    void settle() {
        if (client_->way().round_trip_max() < timeout_)
            rules_.settle(client_->status());
    }

    /// Adds what came of it, after `finish`.
    void add_to(simulation_outcome& sum) const {
        sum.outages += ledger_.counts();
        sum.checks += client_->checks();
        sum.failed += client_->failures();
        sum.inconclusive += client_->inconclusive();
        sum.latencies.insert(sum.latencies.end(), latencies_.begin(), latencies_.end());
    }

    /// The first rule that was broken.
    [[nodiscard]] std::optional<sim::violation> violation() const {
        std::optional<sim::violation> found = rules_.found();
        const auto& overdue = ledger_.overdue();
        if (overdue && (!found || *overdue < found->at))
            found = sim::violation{"B4", "an outage was not told of within the promised bound",
                                   *overdue, client_->name()};
        return found;
    }

private:
    [[nodiscard]] duration now() const noexcept {
        return client_->machine().queue().now().time_since_epoch();
    }

    void down_told() {
        const down_meaning meaning = ledger_.down_told(now());
        if (meaning == down_meaning::detection)
            latencies_.push_back(ledger_.latency());
        if (lane_ != nullptr)
            lane_->down(now(), meaning, ledger_.latency());
    }

    [[nodiscard]] target_state truth() const {
        const sim::host& machine = client_->machine();
        timestamp_sequence timestamps = timestamps_;
        constexpr duration hour = std::chrono::hours{1};
        const bool exact = machine.timers_exact() && machine.true_span(hour) == hour;
        return {.down = checks_must_fail(machine, client_->way(), client_->server(), timeout_,
                                         announced_ > 0, timestamps.next(machine.now())),
                .watched = machine.running() && exact,
                .machine_changes = machine.disturbances()};
    }

    Client* client_;
    std::uint16_t server_;
    duration timeout_;
    sim::monitor rules_;
    outage_ledger ledger_;
    timeline_lane* lane_;
    timestamp_sequence timestamps_; // as the client has them
    std::vector<duration> latencies_;
    int announced_ = 0;
    bool finished_ = false;
};

} // namespace forest::cli

#endif
