// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_IMPL_FAULT_PLAYER_IPP
#define FOREST_SIM_WORLD_DETAIL_IMPL_FAULT_PLAYER_IPP

#include <forest/sim/world/detail/fault_player.hpp>

namespace forest::inline FOREST_FORM::sim::detail {

FOREST_DECL std::uint16_t fault_player::next_number() const {
    if (subjects_.size() >= fault::everyone)
        throw std::length_error("a world has at most 65535 clients and links of fleets");
    return static_cast<std::uint16_t>(subjects_.size());
}

FOREST_DECL void fault_player::add(fault_subject subject) {
    const std::size_t index = subjects_.size();
    subjects_.push_back(std::move(subject));
    for (const auto& [id, each] : ongoing_) {
        if (is_of_link(each.planned.kind) && concerns(each.planned, index))
            change_link(*subjects_[index].link, each.planned, 1, &each.planned);
    }
}

FOREST_DECL void fault_player::play(const fault& fault) {
    check_fault(fault, servers_->size(), subjects_.size());
    const duration first = first_beginning(fault);
    script_.push_back(fault);
    schedule(script_.size() - 1, first);
}

FOREST_DECL void fault_player::heal() {
    ++epoch_;
    for (const auto& [id, each] : std::exchange(ongoing_, {}))
        finish(id, each);
    for (std::size_t index = 0; index < servers_->size(); ++index)
        correct((*servers_)[index]->host(), index, false);
    for (std::size_t index = 0; index < subjects_.size(); ++index)
        correct(*subjects_[index].host, index, true);
}

FOREST_DECL host& fault_player::host_of(const fault& fault) const {
    return fault.client == fault::everyone ? server_of(fault).host()
                                           : *subjects_.at(fault.client).host;
}

FOREST_DECL bool fault_player::concerns(const fault& fault, std::size_t index) const {
    const fault_subject& subject = subjects_[index];
    if (subject.link == nullptr)
        return false;
    return fault.client == fault::everyone ? subject.server == servers_->at(fault.server).get()
                                           : index == fault.client || subject.fleet == fault.client;
}

FOREST_DECL duration fault_player::first_beginning(const fault& fault) const {
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

FOREST_DECL void fault_player::schedule(std::size_t index, duration due) {
    queue_->at(steady_time{due}, [this, index, due, epoch = epoch_] {
        if (epoch != epoch_)
            return;
        const fault fault = script_[index]; // A copy: the effects may add faults.
        begin(fault, due);
        if (fault.every > duration::zero())
            schedule(index, saturating_sum(due, fault.every));
    });
}

FOREST_DECL void fault_player::begin(const fault& fault, duration due) {
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

FOREST_DECL void fault_player::end(std::uint64_t id) {
    if (const auto ended = ongoing_.extract(id))
        finish(id, ended.mapped());
}

FOREST_DECL void fault_player::crash(std::uint64_t id) {
    const auto stopping = ongoing_.find(id);
    if (stopping != ongoing_.end())
        stopping->second.life = server_of(stopping->second.planned).crash();
}

FOREST_DECL void fault_player::finish(std::uint64_t id, const ongoing_fault& ended) {
    note(trace_kind::healed, ended.planned);
    if (ended.life)
        server_of(ended.planned).recover(*ended.life);
    switch (ended.planned.kind) {
    case fault_kind::crash: return;
    case fault_kind::stop: return server_of(ended.planned).resume();
    default: change(id, ended.planned, -1);
    }
}

FOREST_DECL void fault_player::change(std::uint64_t id, const fault& fault, int step) {
    if (is_of_process(fault.kind)) {
        const auto* const last =
            in_force(fault.kind, [&](const auto& other) { return other.server == fault.server; });
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

FOREST_DECL void fault_player::happen(const fault& fault) {
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

FOREST_DECL void fault_player::correct(host& host, std::size_t number, bool of_client) {
    const wall_time before = host.now();
    host.correct();
    if (host.now() != before)
        note_clock(host, number, of_client);
}

FOREST_DECL void fault_player::note(trace_kind kind, const fault& fault) {
    ++disturbances_;
    lines_->add({now(), kind, fault.server, static_cast<std::uint16_t>(fault.kind), fault.client});
}

FOREST_DECL void fault_player::note_clock(const host& host, std::size_t number, bool of_client) {
    lines_->add({now(), trace_kind::clock_set, static_cast<std::uint16_t>(number),
                 static_cast<std::uint16_t>(of_client ? 1 : 0),
                 static_cast<std::uint64_t>(host.now().time_since_epoch().count())});
}

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
