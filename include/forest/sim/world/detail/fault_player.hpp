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
    [[nodiscard]] std::uint16_t next_number() const {
        if (subjects_.size() >= fault::everyone)
            throw std::length_error("a world has at most 65535 clients and links of fleets");
        return static_cast<std::uint16_t>(subjects_.size());
    }

    /// Adds a subject. Active faults apply to it, too.
    void add(fault_subject subject) {
        const std::size_t index = subjects_.size();
        subjects_.push_back(std::move(subject));
        for (const auto& [id, each] : ongoing_) {
            if (is_of_link(each.planned.kind) && concerns(each.planned, index))
                change_link(*subjects_[index].link, each.planned, 1, &each.planned);
        }
    }

    [[nodiscard]] const std::vector<fault_subject>& subjects() const noexcept { return subjects_; }

    /// Adds a fault. It happens when it is due, or now if that time has passed. Repetitions in the
    /// past do not happen. Throws std::invalid_argument for a fault that makes no sense.
    void play(const fault& fault) {
        check_fault(fault, servers_->size(), subjects_.size());
        const duration first = first_beginning(fault);
        script_.push_back(fault);
        schedule(script_.size() - 1, first);
    }

    [[nodiscard]] const script& played() const noexcept { return script_; }

    /// Ends all active faults, cancels all others, and sets all clocks right.
    void heal() {
        ++epoch_;
        for (const auto& [id, each] : std::exchange(ongoing_, {}))
            finish(id, each);
        for (std::size_t index = 0; index < servers_->size(); ++index)
            correct((*servers_)[index]->host(), index, false);
        for (std::size_t index = 0; index < subjects_.size(); ++index)
            correct(*subjects_[index].host, index, true);
    }

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

    host& host_of(const fault& fault) const {
        return fault.client == fault::everyone ? server_of(fault).host()
                                               : *subjects_.at(fault.client).host;
    }

    bool concerns(const fault& fault, std::size_t index) const {
        const fault_subject& subject = subjects_[index];
        if (subject.link == nullptr)
            return false;
        return fault.client == fault::everyone
                   ? subject.server == servers_->at(fault.server).get()
                   : index == fault.client || subject.fleet == fault.client;
    }

    // -- The times of faults --

    duration first_beginning(const fault& fault) const {
        const duration length = is_momentary(fault.kind) ? duration::zero() : fault.lasting;
        const bool lasts = length > duration::zero();
        if (fault.every == duration::zero()) {
            if (lasts && saturating_sum(fault.at, length) <= now())
                throw std::invalid_argument("the fault would be over already");
            return fault.at;
        }
        if (fault.at >= now())
            return fault.at;
        const duration last = now() - (now() - fault.at) % fault.every;
        const bool active = saturating_sum(last, length) > now() || last == now();
        return active ? last : saturating_sum(last, fault.every);
    }

    void schedule(std::size_t index, duration due) {
        queue_->at(steady_time{due}, [this, index, due, epoch = epoch_] {
            if (epoch != epoch_)
                return;
            const fault fault = script_[index]; // A copy: the effects may add faults.
            begin(fault, due);
            if (fault.every > duration::zero())
                schedule(index, saturating_sum(due, fault.every));
        });
    }

    void begin(const fault& fault, duration due) {
        note(trace_kind::faulted, fault);
        if (is_momentary(fault.kind))
            return happen(fault);
        const std::uint64_t id = next_++;
        ongoing_fault& begun = ongoing_.emplace(id, ongoing_fault{fault}).first->second;
        switch (fault.kind) {
        case fault_kind::crash: begun.life = server_of(fault).crash(); break;
        case fault_kind::stop:
            server_of(fault).drain();
            queue_->at(steady_time{saturating_sum(due, fault.span)}, [this, id] { crash(id); });
            break;
        default: change(id, fault, 1);
        }
        if (fault.lasting > duration::zero())
            queue_->at(steady_time{saturating_sum(due, fault.lasting)}, [this, id] { end(id); });
    }

    // If the world was healed before, the fault has ended already.
    void end(std::uint64_t id) {
        if (const auto ended = ongoing_.extract(id))
            finish(id, ended.mapped());
    }

    void crash(std::uint64_t id) {
        const auto stopping = ongoing_.find(id);
        if (stopping != ongoing_.end())
            stopping->second.life = server_of(stopping->second.planned).crash();
    }

    void finish(std::uint64_t id, const ongoing_fault& ended) {
        note(trace_kind::healed, ended.planned);
        if (ended.life)
            server_of(ended.planned).recover(*ended.life);
        switch (ended.planned.kind) {
        case fault_kind::crash: return;
        case fault_kind::stop: return server_of(ended.planned).resume();
        default: change(id, ended.planned, -1);
        }
    }

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

    void change(std::uint64_t id, const fault& fault, int step) {
        if (is_of_process(fault.kind)) {
            const auto* const last = in_force(
                fault.kind, [&](const auto& other) { return other.server == fault.server; });
            return change_process(server_of(fault), fault, step, fault_of(last));
        }
        if (is_of_time(fault.kind)) {
            host& host = host_of(fault);
            const auto* const last =
                in_force(fault.kind, [&](const auto& other) { return &host_of(other) == &host; });
            if (last == nullptr || last->first <= id) // otherwise a later fault is in force
                change_time(host, fault.kind, fault_of(last));
            return;
        }
        for (std::size_t index = 0; index < subjects_.size(); ++index) {
            if (!concerns(fault, index))
                continue;
            const auto* const last =
                in_force(fault.kind, [&](const auto& other) { return concerns(other, index); });
            change_link(*subjects_[index].link, fault, step, fault_of(last));
        }
    }

    void happen(const fault& fault) {
        if (fault.kind == fault_kind::restart)
            return server_of(fault).restart();
        if (fault.kind == fault_kind::quit) {
            const fault_subject& subject = subjects_.at(fault.client);
            return subject.host->when_running(subject.quit);
        }
        host& host = host_of(fault);
        disturb_time(host, fault);
        if (fault.kind == fault_kind::step_wall)
            note_clock(host, fault.client == fault::everyone ? fault.server : fault.client,
                       fault.client != fault::everyone);
    }

    void correct(host& host, std::size_t number, bool of_client) {
        const wall_time before = host.now();
        host.correct();
        if (host.now() != before)
            note_clock(host, number, of_client);
    }

    void note(trace_kind kind, const fault& fault) {
        ++disturbances_;
        lines_->add(
            {now(), kind, fault.server, static_cast<std::uint16_t>(fault.kind), fault.client});
    }

    void note_clock(const host& host, std::size_t number, bool of_client) {
        lines_->add({now(), trace_kind::clock_set, static_cast<std::uint16_t>(number),
                     static_cast<std::uint16_t>(of_client ? 1 : 0),
                     static_cast<std::uint64_t>(host.now().time_since_epoch().count())});
    }

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

#endif
