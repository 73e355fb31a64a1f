// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_LINK_HPP
#define FOREST_SIM_NETWORK_LINK_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/random.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/connection_setup.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/saturate.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

// The network between one client and one server, with all its possible faults.

namespace forest::inline FOREST_FORM::sim {

/// The direction of a message.
enum class direction : std::uint8_t { to_server, to_client };

/// The connection of one client with one server. Each fault is a counter, and is active while the
/// counter is above 0. So if two faults of one kind overlap, both end with the later one. Not
/// copyable, not thread-safe. It must not outlive the queue.
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
    int refusing = 0;       ///< connections are refused
    int requests_lost = 0;  ///< all messages to the server are lost
    int replies_lost = 0;   ///< all messages to the client are lost
    int resetting = 0;      ///< the connection is reset in the middle of an answer
    int truncating = 0;     ///< the connection is closed in the middle of an answer
    int garbling = 0;       ///< some bytes of an answer are changed
    int dripping = 0;       ///< an answer arrives in pieces
    duration drip{};        ///< the time from the first piece to the last one
    int loss_per_mille = 0; ///< how many of a thousand messages are lost
    int flights_lost = 0;   ///< the flights of TLS are lost
    int naming_slowly = 0;  ///< a look-up of the server's name takes `naming_time`
    duration naming_time{};
    std::array<int, connection_setup::addresses_max>
        address_lost{}; ///< messages to and from the address of that number are lost
    std::array<int, connection_setup::addresses_max>
        address_refusing{}; ///< that address refuses connections

    /// Returns whether the link has no fault that changes, loses or delays messages.
    [[nodiscard]] bool sound() const noexcept;

    /// Returns whether the link is sound for new connections to addresses without a fault.
    [[nodiscard]] bool sound_for_some() const noexcept;

    /// Returns whether look-ups of the server's name end in the usual time. They may fail.
    [[nodiscard]] bool names_in_time() const noexcept {
        return naming_slowly + names_held_ + slow_look_ups_ == 0 && held_look_ups_.empty();
    }

    /// Looks up the name of the server: calls `answer` when the name service answers, never within
    /// this call.
    void look_up(forest::detail::unique_function<void()>&& answer);

    /// Holds the answers of the name service back.
    void hold_names() noexcept { ++names_held_; }

    /// Undoes one `hold_names`. The last one releases the answers.
    void release_names();

    /// Loses the state of all connections: whatever is sent over them is lost from now on, and
    /// nobody is told. Until `remember`, so does each connection that becomes idle.
    void forget() noexcept {
        ++forgetting_;
        ++forgotten_;
    }

    /// Undoes one `forget`, for connections that become idle later.
    void remember() noexcept { --forgetting_; }

    /// Returns whether connections are lost as soon as they are idle.
    [[nodiscard]] bool forgets() const noexcept { return forgetting_ > 0; }

    /// How often the link has lost the state of all connections.
    [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

    /// Whether a message that is sent now takes at most `bound`, if it arrives.
    [[nodiscard]] bool carries_within(duration bound) const noexcept;

    /// Carries a message: calls `arrive` after the delay plus `extra`. On a clogged link the delay
    /// begins when the link is unclogged. If the message is lost, returns false and never calls
    /// `arrive`.
    bool carry(direction way, forest::detail::unique_function<void()>&& arrive,
               duration extra = duration::zero());

    /// Carries the next message on a connection that has already carried one. The message takes
    /// `travel_time`. Unlike `carry`, it loses no single message, because a connection repeats lost
    /// messages. Returns false if the link loses all messages.
    bool carry_on(direction way, forest::detail::unique_function<void()>&& arrive,
                  duration travel_time);

    /// Whether messages are held back.
    [[nodiscard]] bool holds_back() const noexcept { return clogged_ > 0; }

    /// Holds all messages back.
    void clog() noexcept { ++clogged_; }

    /// Undoes one `clog`. The last one releases the messages in the order in which they were sent.
    void unclog();

    /// Returns the number of bytes after which an answer of `size` bytes is cut off: a random
    /// number below `size`. `size` is not 0.
    [[nodiscard]] std::size_t cut(std::size_t size) { return random_() % size; }

    /// Changes one byte in a hundred, and at least one.
    void garble(std::string& bytes);

    /// Resets the delay to that of the constructor.
    void usual_delay() noexcept { delay = usual_; }

private:
    [[nodiscard]] bool cut_off(direction way) const noexcept;

    void deliver(forest::detail::unique_function<void()>&& arrive, duration travel_time);

    struct held {
        duration travel_time;
        forest::detail::unique_function<void()> arrive;
    };

    event_queue* queue_;
    random_generator random_;
    int clogged_ = 0;
    std::vector<held> held_;
    int names_held_ = 0;
    int slow_look_ups_ = 0; // under way
    std::vector<forest::detail::unique_function<void()>> held_look_ups_;
    int forgetting_ = 0;
    std::uint64_t forgotten_ = 0;
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/link.ipp>
#endif

#endif
