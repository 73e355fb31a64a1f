// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_FAULT_PLAYER_HPP
#define FOREST_SIM_WORLD_DETAIL_FAULT_PLAYER_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/fault.hpp>
#include <forest/sim/script/fault_check.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/time/saturate.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/detail/fault_effects.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

// Begins and ends faults when they are due, holds the active faults, and decides the combined
// effect of two faults that overlap on one host, process or link.

namespace forest::inline FOREST_FORM::sim::detail {

/// A place for faults that is not a server: a client, a fleet, or the link of a fleet to one
/// server.
struct fault_subject {
    sim::host* host;
    sim::link* link;        ///< null for a fleet, which has one link to each server
    server_process* server; ///< null for a fleet, too
    std::function<void()> quit;
    std::uint16_t fleet = fault::everyone; ///< the number of the fleet of this link, if any
};

/// Plays the script of one world. Not thread-safe.
class fault_player {
public:
    using server_list = std::vector<std::unique_ptr<server_process>>;

    /// The arguments must outlive this object. This object must outlive all events on the queue.
    fault_player(event_queue& queue, const server_list& servers, trace& lines) noexcept
        : queue_{&queue}, servers_{&servers}, lines_{&lines} {}

    fault_player(const fault_player&) = delete;
    fault_player& operator=(const fault_player&) = delete;

    /// Returns the number of the next subject. Throws std::length_error if there are too many.
    [[nodiscard]] std::uint16_t next_number() const;

    /// Adds a subject. Active faults apply to it, too.
    void add(fault_subject subject);

    [[nodiscard]] const std::vector<fault_subject>& subjects() const noexcept { return subjects_; }

    /// Adds a fault. It happens when it is due, or now if that time has passed. Repetitions in the
    /// past do not happen. Throws std::invalid_argument for a fault that makes no sense.
    void play(const fault& fault);

    [[nodiscard]] const script& played() const noexcept { return script_; }

    /// Ends all active faults, cancels all others, and sets all clocks right.
    void heal();

    /// Returns how many faults have begun, plus how many have ended.
    [[nodiscard]] std::uint64_t disturbances() const noexcept { return disturbances_; }

private:
    // A fault that has begun.
    struct ongoing_fault {
        fault planned;
        std::optional<std::uint64_t> life{}; // the life of the process that the fault has ended
    };

    using numbered = std::pair<const std::uint64_t, ongoing_fault>;

    duration now() const noexcept { return queue_->now().time_since_epoch(); }
    server_process& server_of(const fault& fault) const { return *servers_->at(fault.server); }

    host& host_of(const fault& fault) const;

    bool concerns(const fault& fault, std::size_t index) const;

    // -- The times of faults --

    duration first_beginning(const fault& fault) const;

    void schedule(std::size_t index, duration due);

    void begin(const fault& fault, duration due);

    // If the world was healed before, the fault has ended already.
    void end(std::uint64_t id);

    void crash(std::uint64_t id);

    void finish(std::uint64_t id, const ongoing_fault& ended);

    // -- The effects of faults --

    // Returns the active fault of that kind that affects the same object and began last.
    template <typename Concerns>
    const numbered* in_force(fault_kind kind, const Concerns& concerned) const {
        const auto found =
            std::find_if(ongoing_.rbegin(), ongoing_.rend(), [&](const numbered& each) {
                return each.second.planned.kind == kind && concerned(each.second.planned);
            });
        return found == ongoing_.rend() ? nullptr : &*found;
    }

    static const fault* fault_of(const numbered* found) noexcept {
        return found == nullptr ? nullptr : &found->second.planned;
    }

    void change(std::uint64_t id, const fault& fault, int step);

    void happen(const fault& fault);

    void correct(host& host, std::size_t number, bool of_client);

    void note(trace_kind kind, const fault& fault);

    void note_clock(const host& host, std::size_t number, bool of_client);

    event_queue* queue_;
    const server_list* servers_;
    trace* lines_;
    std::vector<fault_subject> subjects_;
    script script_;
    std::map<std::uint64_t, ongoing_fault> ongoing_; // in the order of their beginnings
    std::uint64_t next_ = 0;
    std::uint64_t disturbances_ = 0;
    std::uint64_t epoch_ = 0; // counts healings; events planned before the last one are void
};

} // namespace forest::inline FOREST_FORM::sim::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/world/detail/impl/fault_player.ipp>
#endif

#endif
