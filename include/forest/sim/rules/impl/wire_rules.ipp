// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_IMPL_WIRE_RULES_IPP
#define FOREST_SIM_RULES_IMPL_WIRE_RULES_IPP

#include <forest/sim/rules/wire_rules.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL void wire_rules::began(const void* transport, duration timeout) {
    get& begun = get_of(transport);
    begun = {.transport = transport,
             .pending = begun.pending + 1,
             .deadline = view_.timer_now() + timeout,
             .host_changes = view_.host_changes(),
             .preferences = preferences_,
             .exact = view_.exact()};
}

FOREST_DECL void wire_rules::ended(const void* transport, const reply& result) {
    get& over = get_of(transport);
    require(--over.pending >= 0, "one answer", "a GET has called its handler twice");
    if (over.pending != 0) {
        over.pending = std::max(over.pending, 0);
        return;
    }
    const bool undisturbed =
        over.exact && view_.exact() && over.host_changes == view_.host_changes();
    // A clock of a host rounds each time that it converts.
    constexpr duration rounding = std::chrono::microseconds{1};
    require(!undisturbed || result.error == errc::operation_canceled ||
                view_.timer_now() <= over.deadline + rounding,
            "deadline", "a GET has ended after its timeout");
    require(result.error || over.answered, "old answer",
            "a GET has an answer, and none has arrived for its request");
    note_address(over, result);
    require_places(over);
}

FOREST_DECL void wire_rules::opened(const void* transport, const void* connection,
                                    unsigned address) {
    get& opening = get_of(transport);
    if (!std::exchange(opening.opened, true) && preferred_ && view_.addresses > 1 &&
        opening.preferences == preferences_ && view_.names_sound())
        require(address == *preferred_, "address order",
                "another address was tried before the one that has answered last");
    wires_.push_back({connection, transport, address});
}

FOREST_DECL void wire_rules::requested(const void* transport, const void* connection,
                                       std::string_view bytes) {
    const std::uint64_t changes = view_.host_changes();
    if (std::exchange(changes_at_request_, changes) != changes || view_.wall_clock_jumps())
        requests_.clear();
    std::uint64_t hash = forest::detail::fnv_1a_begin;
    for (const char byte : bytes)
        hash = forest::detail::fnv_1a(hash, static_cast<unsigned char>(byte));
    require(std::find(requests_.begin(), requests_.end(), hash) == requests_.end(), "signature",
            "a request was sent twice with one signature");
    requests_.push_back(hash);
    if (requests_.size() > requests_remembered)
        requests_.pop_front();
    wire* const used = find(connection);
    if (used == nullptr)
        return require(false, "dead connection", "a request was sent over a closed connection");
    const bool shared = used->transport != transport ||
                        (used->owes_answer && get_of(used->transport).used == connection);
    require(!shared, "one GET", "a connection was used by two GETs at a time");
    require(!used->owes_answer, "dead connection",
            "a request was sent over a connection that owes an answer to an earlier GET");
    get& sender = get_of(transport);
    sender.used = connection;
    if (!used->answered)
        sender.address = used->address;
    used->owes_answer = true;
}

FOREST_DECL void wire_rules::answered(const void* connection) {
    if (wire* const used = find(connection)) {
        used->owes_answer = false;
        used->answered = true;
        get& sender = get_of(used->transport);
        sender.answered = sender.answered || sender.used == connection;
    }
}

FOREST_DECL void wire_rules::closed(const void* connection) {
    if (const wire* const used = find(connection))
        wires_.erase(wires_.begin() + (used - wires_.data()));
}

FOREST_DECL void wire_rules::stopped() {
    require(wires_.empty(), "end", "a client was stopped, and has an open connection");
    require(view_.waiting_for_names() == 0, "end",
            "a client was stopped, and still waits for a look-up");
}

FOREST_DECL void wire_rules::require(bool holds, const char* rule, const char* explanation) {
    if (!holds && !found_)
        found_ = violation{rule, explanation, view_.now(), client_};
}

FOREST_DECL wire_rules::get& wire_rules::get_of(const void* transport) {
    for (get& each : gets_) {
        if (each.transport == transport)
            return each;
    }
    return gets_.emplace_back(get{.transport = transport});
}

FOREST_DECL wire_rules::wire* wire_rules::find(const void* connection) noexcept {
    for (wire& each : wires_) {
        if (each.connection == connection)
            return &each;
    }
    return nullptr;
}

FOREST_DECL void wire_rules::require_places(const get& ended) {
    int kept = 0;
    for (const wire& each : wires_) {
        if (each.transport != ended.transport)
            continue;
        ++kept;
        require(view_.keeps_connections && each.answered && !each.owes_answer && kept == 1, "place",
                "a GET has ended, and has left a connection open");
    }
}

FOREST_DECL void wire_rules::note_address(const get& ended, const reply& result) {
    if (view_.addresses == 1 || !ended.opened || result.error == errc::operation_canceled)
        return;
    prefer(!result.error && view_.names_sound() ? ended.address : std::nullopt);
}

FOREST_DECL void wire_rules::prefer(std::optional<unsigned> address) {
    if (preferred_ == address)
        return;
    preferred_ = address;
    ++preferences_;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
