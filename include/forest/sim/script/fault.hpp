// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_SCRIPT_FAULT_HPP
#define FOREST_SIM_SCRIPT_FAULT_HPP

#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/latency.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The faults of a simulation, as values. So a script can be drawn from a seed, written as text,
// shortened and pasted into a test.

namespace forest::inline FOREST_FORM::sim {

/// What goes wrong. The values are part of the digests that tests fix.
enum class fault_kind : std::uint8_t {
    // Faults of a server process.
    crash,             ///< it ends, and starts again at the end of the fault
    restart,           ///< it ends, and starts again at once
    freeze,            ///< it accepts connections and does not answer
    slow,              ///< it takes `span` for each answer
    drain,             ///< it announces its end
    stop,              ///< it announces its end, and crashes `span` later
    wrong_secret,      ///< it refuses all signatures
    wrong_body,        ///< it answers 200 with a body that does not say `ok`
    single_connection, ///< it refuses further connections while it has one

    // Faults of the link between a client and a server.
    refuse,             ///< connections are refused
    black_hole,         ///< all messages are lost
    partition_requests, ///< messages to the server are lost
    partition_replies,  ///< messages to the client are lost
    reset,              ///< connections are reset in the middle of an answer
    truncate,           ///< connections are closed in the middle of an answer
    garble,             ///< some bytes of an answer are changed
    drip,               ///< an answer arrives in pieces, over `span`
    delay,              ///< messages take `least` and a time of mean `span`, distributed as `shape`
    clog,               ///< messages are held back until the end of the fault
    loss,               ///< `amount` of a thousand messages are lost
    dns_failure,        ///< the name of the server is not found

    // Faults of the host of a client, or of the host of the server if there is no client: its
    // clocks, or whether it runs.
    step_wall, ///< the wall clock is set forward by `span`, or back if that is negative
    jump_wall, ///< the wall clock jumps back and forth by up to `span`
    drift,     ///< all clocks are too fast by `amount` parts per million
    swing,     ///< all clocks run ahead by up to `span` and back again, in a period of 16 spans
    pause,     ///< no program runs for `span`, but timers go on
    suspend,   ///< nothing runs for `span`, and timers stand still

    quit, ///< the application stops a client, which does not start again

    // More faults of the link between a client and a server.
    half_open,          ///< connections are lost and nobody is told; also each that becomes idle
    dns_slow,           ///< the name service takes `span` for each answer
    dns_hang,           ///< answers of the name service are held back until the end of the fault
    black_hole_address, ///< messages to and from the address of number `amount` are lost
    refuse_address,     ///< the address of number `amount` refuses connections
    lose_handshakes,    ///< the flights of TLS are lost

    // One more fault of a server process.
    close_idle, ///< it closes each kept connection that is idle for `span`
};

inline constexpr std::size_t fault_kind_count =
    static_cast<std::size_t>(fault_kind::close_idle) + 1;

/// A name has at most so many addresses.
inline constexpr int fault_addresses_max = 8;

/// The identifier of a kind, as in scripts and on command lines.
[[nodiscard]] constexpr std::string_view name(fault_kind kind) noexcept {
    constexpr std::array<std::string_view, fault_kind_count> names{"crash",
                                                                   "restart",
                                                                   "freeze",
                                                                   "slow",
                                                                   "drain",
                                                                   "stop",
                                                                   "wrong_secret",
                                                                   "wrong_body",
                                                                   "single_connection",
                                                                   "refuse",
                                                                   "black_hole",
                                                                   "partition_requests",
                                                                   "partition_replies",
                                                                   "reset",
                                                                   "truncate",
                                                                   "garble",
                                                                   "drip",
                                                                   "delay",
                                                                   "clog",
                                                                   "loss",
                                                                   "dns_failure",
                                                                   "step_wall",
                                                                   "jump_wall",
                                                                   "drift",
                                                                   "swing",
                                                                   "pause",
                                                                   "suspend",
                                                                   "quit",
                                                                   "half_open",
                                                                   "dns_slow",
                                                                   "dns_hang",
                                                                   "black_hole_address",
                                                                   "refuse_address",
                                                                   "lose_handshakes",
                                                                   "close_idle"};
    return names[static_cast<std::size_t>(kind)];
}

/// Returns whether this kind of fault is of a server process, of a link, or of the time of a host.
[[nodiscard]] constexpr bool is_of_process(fault_kind kind) noexcept {
    return kind <= fault_kind::single_connection || kind == fault_kind::close_idle;
}
[[nodiscard]] constexpr bool is_of_link(fault_kind kind) noexcept {
    return (fault_kind::refuse <= kind && kind <= fault_kind::dns_failure) ||
           (fault_kind::half_open <= kind && kind <= fault_kind::lose_handshakes);
}
[[nodiscard]] constexpr bool is_of_time(fault_kind kind) noexcept {
    return fault_kind::step_wall <= kind && kind <= fault_kind::suspend;
}

/// Returns whether a fault of this kind happens at one moment, and so has no end.
[[nodiscard]] constexpr bool is_momentary(fault_kind kind) noexcept {
    return kind == fault_kind::restart || kind == fault_kind::step_wall ||
           kind == fault_kind::pause || kind == fault_kind::suspend || kind == fault_kind::quit;
}

/// One fault: what goes wrong, when, for how long, and where.
struct fault {
    /// For `client`: all clients of the server; for a fault of time, the host of the server.
    static constexpr std::uint16_t everyone = 0xffff;

    fault_kind kind{};
    duration at{};            ///< since the beginning of the world
    duration lasting{};       ///< 0: until the world is healed; ignored for a momentary fault
    duration every{};         ///< 0: once; otherwise repeated after this time
    std::uint16_t server = 0; ///< the number of the server in the order of `add_server`
    std::uint16_t client = everyone;                 ///< the number of the client, in the same way
    duration span{};                                 ///< see fault_kind
    std::int64_t amount = 0;                         ///< see fault_kind
    latency::shape shape = latency::shape::constant; ///< of `delay`
    duration least{};                                ///< of `delay`

    friend bool operator==(const fault&, const fault&) = default;
};

/// A script: what goes wrong in one simulation.
using script = std::vector<fault>;

/// A duration as C++ code with the literals of std::chrono: `75s`, `1500ms`, `20us`, `7ns`.
[[nodiscard]] FOREST_DECL std::string to_code(duration span);

/// A distribution as C++ code without its namespace: `uniform(20ms)`, `uniform(20ms, 1ms)`.
[[nodiscard]] FOREST_DECL std::string to_code(const latency& delay);

/// The distribution of a fault of kind `delay`.
[[nodiscard]] FOREST_DECL latency delay_of(const fault& fault) noexcept;

/// A fault as a line of C++ for a world called `world`: `world.between(75s,
/// 90s).crash(warehouse);`. `servers` and `clients` are the names of the variables.
[[nodiscard]] FOREST_DECL std::string to_code(const fault& fault,
                                              const std::vector<std::string>& servers,
                                              const std::vector<std::string>& clients);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/script/impl/fault.ipp>
#endif

#endif
