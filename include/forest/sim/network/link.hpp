// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_LINK_HPP
#define FOREST_SIM_NETWORK_LINK_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/saturate.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The way between a client and a server, with all that can be wrong with it.

namespace forest::sim {

/// In which direction a message goes.
enum class direction : std::uint8_t { to_server, to_client };

/// One way between a client and a server. What is wrong with it is counted, so that two faults of
/// one kind end when the later one does. Not copyable, not thread-safe; it must not outlive the
/// queue.
class link {
public:
    link(event_queue& queue, latency usual, std::uint64_t seed)
        : usual_{usual}, delay{usual}, queue_{&queue}, random_{seed} {}

    link(const link&) = delete;
    link& operator=(const link&) = delete;

private:
    latency usual_;

public:
    latency delay;          ///< of each message, in each direction
    int unresolvable = 0;   ///< the server's name is not found
    int refusing = 0;       ///< something on the way refuses connections
    int requests_lost = 0;  ///< nothing gets to the server
    int replies_lost = 0;   ///< nothing comes back
    int resetting = 0;      ///< the connection is reset in the middle of an answer
    int truncating = 0;     ///< it is closed there
    int garbling = 0;       ///< some bytes of an answer are others
    int dripping = 0;       ///< an answer comes in pieces, over `drip`
    duration drip{};        ///< the time that this takes
    int loss_per_mille = 0; ///< how many of a thousand messages are lost

    /// Whether an answer that is on its way now is a healthy one when it arrives.
    [[nodiscard]] bool sound() const noexcept {
        return unresolvable + refusing + requests_lost + replies_lost + resetting + truncating +
                       garbling + dripping + loss_per_mille + clogged_ ==
                   0 &&
               held_.empty();
    }

    /// Whether a message that is sent now takes no longer than `bound`, if it arrives at all.
    [[nodiscard]] bool carries_within(duration bound) const noexcept {
        if (clogged_ > 0)
            return false;
        switch (delay.distribution) {
        case latency::shape::constant: return delay.typical + delay.least <= bound;
        case latency::shape::uniform: return 2 * delay.typical + delay.least <= bound;
        default: return false;
        }
    }

    /// Carries a message: `arrive` is called after the delay, or when the link is unclogged. False
    /// if it is lost, and will not be called. `extra` is added to the delay.
    bool carry(direction to, forest::detail::unique_function<void()>&& arrive,
               duration extra = duration::zero()) {
        if (cut_off(to))
            return false;
        if (loss_per_mille > 0 && random_() % 1000 < static_cast<std::uint64_t>(loss_per_mille))
            return false;
        go(std::move(arrive), saturating_sum(delay.draw(random_), extra));
        return true;
    }

    /// Carries what comes `after` a message that has arrived, over the same connection, which
    /// repeats what is lost on the way. False as above.
    bool carry_on(direction to, forest::detail::unique_function<void()>&& arrive, duration after) {
        if (cut_off(to))
            return false;
        go(std::move(arrive), after);
        return true;
    }

    [[nodiscard]] bool holds_back() const noexcept { return clogged_ > 0; }

    /// Holds all messages back.
    void clog() noexcept { ++clogged_; }

    /// Lets them go, in the order in which they came.
    void unclog() {
        if (clogged_ == 0 || --clogged_ > 0)
            return;
        for (held& each : std::exchange(held_, {}))
            queue_->after(each.after, std::move(each.arrive));
    }

    /// Where an answer of that size, which is not 0, is cut off: anywhere before its end.
    [[nodiscard]] std::size_t cut(std::size_t size) { return random_() % size; }

    /// Changes one byte in each hundred, and at least one.
    void garble(std::string& bytes) {
        for (std::size_t count = bytes.size() / 100 + 1; count > 0 && !bytes.empty(); --count)
            bytes[random_() % bytes.size()] ^= static_cast<char>(1 + random_() % 255);
    }

    /// Makes the delay what it was at first.
    void usual_delay() noexcept { delay = usual_; }

private:
    [[nodiscard]] bool cut_off(direction to) const noexcept {
        return (to == direction::to_server ? requests_lost : replies_lost) > 0;
    }

    void go(forest::detail::unique_function<void()>&& arrive, duration after) {
        if (clogged_ > 0)
            held_.push_back({after, std::move(arrive)});
        else
            queue_->after(after, std::move(arrive));
    }

    struct held {
        duration after;
        forest::detail::unique_function<void()> arrive;
    };

    event_queue* queue_;
    random_generator random_;
    int clogged_ = 0;
    std::vector<held> held_;
};

} // namespace forest::sim

#endif
