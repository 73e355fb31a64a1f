// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_LINK_IPP
#define FOREST_SIM_NETWORK_IMPL_LINK_IPP

#include <forest/sim/network/link.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL bool link::sound() const noexcept {
    const auto none = [](const auto& faults) {
        return std::all_of(faults.begin(), faults.end(), [](int count) { return count == 0; });
    };
    return sound_for_some() && forgetting_ == 0 && none(address_lost) && none(address_refusing);
}

FOREST_DECL bool link::sound_for_some() const noexcept {
    return unresolvable + refusing + requests_lost + replies_lost + resetting + truncating +
                   garbling + dripping + loss_per_mille + flights_lost + clogged_ ==
               0 &&
           held_.empty() && names_in_time();
}

FOREST_DECL void link::look_up(forest::detail::unique_function<void()>&& answer) {
    if (names_held_ > 0)
        return held_look_ups_.push_back(std::move(answer));
    if (naming_slowly == 0)
        return queue_->after(delay.typical, std::move(answer));
    ++slow_look_ups_;
    queue_->after(std::max(naming_time, delay.typical),
                  [this, answer = std::move(answer)]() mutable {
                      --slow_look_ups_;
                      answer();
                  });
}

FOREST_DECL void link::release_names() {
    if (names_held_ == 0 || --names_held_ > 0)
        return;
    for (auto& each : std::exchange(held_look_ups_, {}))
        queue_->after(delay.typical, std::move(each));
}

FOREST_DECL bool link::carries_within(duration bound) const noexcept {
    if (clogged_ > 0)
        return false;
    switch (delay.distribution) {
    case latency::shape::constant: return delay.typical + delay.least <= bound;
    case latency::shape::uniform: return 2 * delay.typical + delay.least <= bound;
    default: return false;
    }
}

FOREST_DECL bool link::carry(direction way, forest::detail::unique_function<void()>&& arrive,
                             duration extra) {
    if (cut_off(way))
        return false;
    if (loss_per_mille > 0 && random_() % 1000 < static_cast<std::uint64_t>(loss_per_mille))
        return false;
    deliver(std::move(arrive), saturating_sum(delay.draw(random_), extra));
    return true;
}

FOREST_DECL bool link::carry_on(direction way, forest::detail::unique_function<void()>&& arrive,
                                duration travel_time) {
    if (cut_off(way))
        return false;
    deliver(std::move(arrive), travel_time);
    return true;
}

FOREST_DECL void link::unclog() {
    if (clogged_ == 0 || --clogged_ > 0)
        return;
    for (held& each : std::exchange(held_, {}))
        queue_->after(each.travel_time, std::move(each.arrive));
}

FOREST_DECL void link::garble(std::string& bytes) {
    for (std::size_t count = bytes.size() / 100 + 1; count > 0 && !bytes.empty(); --count) {
        const std::uint64_t change = 1 + random_() % 255;
        char& byte = bytes[random_() % bytes.size()];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ change);
    }
}

FOREST_DECL bool link::cut_off(direction way) const noexcept {
    return (way == direction::to_server ? requests_lost : replies_lost) > 0;
}

FOREST_DECL void link::deliver(forest::detail::unique_function<void()>&& arrive,
                               duration travel_time) {
    if (clogged_ > 0)
        held_.push_back({travel_time, std::move(arrive)});
    else
        queue_->after(travel_time, std::move(arrive));
}

} // namespace forest::inline FOREST_FORM::sim

#endif
