// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TRACE_TRACE_HPP
#define FOREST_SIM_TRACE_TRACE_HPP

#include <forest/core/detail/json/hex.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/script/fault.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Everything that happened in a simulation, in order. The digest covers all lines. The number of
// lines that are kept has a bound, because a simulated year has many millions of lines.

namespace forest::inline FOREST_FORM::sim {

/// What a line of a trace reports. The values are part of the digests that tests fix.
enum class trace_kind : std::uint8_t {
    reported = 1, ///< a client reported an event; `detail` is its kind, `value` the failures, or
                  ///< the number of the outage
    sent = 2,     ///< a client sent a request; `value` is the number of the request
    arrived = 3,  ///< a request arrived at the server; `value` is its number
    answered = 4, ///< the server answered; `value` is the size of the answer in bytes
    ended = 5,    ///< the client has the result; `detail` is the status, or 0, `value` the errc
    faulted = 6,  ///< a fault began; `detail` is its kind, `value` the client, or `fault::everyone`
    healed = 7,   ///< a fault ended; `detail` and `value` as for `faulted`
    lost = 8,   ///< a message was lost; `detail` is 0 for a message to the server and 1 for one to
                ///< the client, `value` the number of the request
    called = 9, ///< a callback was called; `detail` is 1 for on_server_down and 0 for
                ///< on_server_up, `value` the number of the outage
    clock_set = 10, ///< a wall clock was set; `detail` is 1 for a client's and 0 for a server's,
                    ///< `value` its time in milliseconds since 1970

    // Of clients whose connections are opened step by step. `value` is the number of the request,
    // and `detail` the number of the address.
    looked_up = 11,  ///< a client asked for a name; `detail` is 0 if it was known
    connecting = 12, ///< a client began to connect
    connected = 13,  ///< a connection was made
    kept = 14,       ///< a connection was kept for the next request
};

[[nodiscard]] constexpr std::string_view name(trace_kind kind) noexcept {
    switch (kind) {
    case trace_kind::reported: return "reported";
    case trace_kind::sent: return "sent";
    case trace_kind::arrived: return "arrived";
    case trace_kind::answered: return "answered";
    case trace_kind::ended: return "ended";
    case trace_kind::faulted: return "faulted";
    case trace_kind::healed: return "healed";
    case trace_kind::lost: return "lost";
    case trace_kind::called: return "called";
    case trace_kind::clock_set: return "clock_set";
    case trace_kind::looked_up: return "looked_up";
    case trace_kind::connecting: return "connecting";
    case trace_kind::connected: return "connected";
    case trace_kind::kept: return "kept";
    }
    return {};
}

/// One line of a trace.
struct trace_line {
    duration at{};             ///< since the beginning, in the time of the queue
    trace_kind kind{};         ///< what happened
    std::uint16_t subject = 0; ///< the number of the client; for faults, of the server
    std::uint16_t detail = 0;  ///< see trace_kind
    std::uint64_t value = 0;   ///< see trace_kind

    friend bool operator==(const trace_line&, const trace_line&) = default;
};

namespace detail {

FOREST_DECL std::string detail_text(const trace_line& line);

FOREST_DECL std::string value_text(const trace_line& line);

} // namespace detail

/// `12.000000500 reported 3 check_failed 1`: the time in seconds, then the members, with their
/// names where they have one.
[[nodiscard]] FOREST_DECL std::string to_string(const trace_line& line);

/// The lines of one simulation. Not thread-safe.
class trace {
public:
    /// Skips the first `skipped` lines and keeps up to `lines_max` after them. The digest covers
    /// all lines.
    explicit trace(std::size_t lines_max = 0, std::uint64_t skipped = 0) noexcept
        : lines_max_{lines_max}, skipped_{skipped} {}

    void add(const trace_line& line);

    /// The digest of all lines so far.
    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }

    /// The number of lines so far, kept or not.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// The lines that were kept.
    [[nodiscard]] const std::vector<trace_line>& lines() const noexcept { return lines_; }

private:
    // One round of SplitMix64, which is a bijection: different values stay different.
    static constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
        value += 0x9e3779b97f4a7c15U;
        value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
        value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
        return value ^ (value >> 31U);
    }

    std::uint64_t digest_ = 0;
    std::uint64_t count_ = 0;
    std::size_t lines_max_;
    std::uint64_t skipped_;
    std::vector<trace_line> lines_;
};

/// A digest as 16 hexadecimal digits.
[[nodiscard]] FOREST_DECL std::string digest_text(std::uint64_t digest);

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/trace/impl/trace.ipp>
#endif

#endif
