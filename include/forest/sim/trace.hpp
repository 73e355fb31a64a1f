// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_TRACE_HPP
#define FOREST_SIM_TRACE_HPP

#include <forest/core/time.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Everything that happened in a simulation, in order. The digest goes over all of it; the lines
// themselves are kept within a bound, because a simulated year has many millions.

namespace forest::sim {

/// What a line of a trace tells. The values are part of the digests that tests fix.
enum class trace_kind : std::uint8_t {
    told = 1,     ///< a client told an event; `detail` is its kind, `value` the failures or outage
    sent = 2,     ///< a client sent a request; `value` is its number
    arrived = 3,  ///< it arrived at the server; `value` is its number
    answered = 4, ///< the server answered; `value` is the size of the answer in bytes
    ended = 5,    ///< the client has the answer; `detail` is the status, or 0, `value` the errc
    faulted = 6,  ///< a fault began; `detail` is its kind
    healed = 7,   ///< a fault ended
};

/// One line.
struct trace_line {
    duration at{};             ///< since the beginning, in the time of the queue
    trace_kind kind{};         ///< what happened
    std::uint16_t subject = 0; ///< to which client, or for faults to which server
    std::uint16_t detail = 0;  ///< see trace_kind
    std::uint64_t value = 0;   ///< see trace_kind

    friend bool operator==(const trace_line&, const trace_line&) = default;
};

/// `12.000000500 told 3 4 1`: the time in seconds, then the members.
[[nodiscard]] inline std::string to_string(const trace_line& line) {
    constexpr std::string_view names[] = {"",         "told",  "sent",    "arrived",
                                          "answered", "ended", "faulted", "healed"};
    const auto nanoseconds = std::to_string(line.at.count() % 1'000'000'000);
    std::string text = std::to_string(line.at.count() / 1'000'000'000) + '.';
    text.append(9 - nanoseconds.size(), '0').append(nanoseconds).append(" ");
    text.append(names[static_cast<std::size_t>(line.kind)]);
    text.append(" ").append(std::to_string(line.subject));
    text.append(" ").append(std::to_string(line.detail));
    return text.append(" ").append(std::to_string(line.value));
}

/// The lines of one simulation. Not thread-safe.
class trace {
public:
    /// Keeps `most` lines, after the first `skipped` ones; the digest is over all.
    explicit trace(std::size_t most = 0, std::uint64_t skipped = 0) noexcept
        : most_{most}, skipped_{skipped} {}

    void add(const trace_line& line) {
        digest_ = mixed(digest_ ^ static_cast<std::uint64_t>(line.at.count()));
        digest_ = mixed(digest_ ^ line.value ^ (std::uint64_t{line.subject} << 40U) ^
                        (std::uint64_t{line.detail} << 24U) ^
                        (static_cast<std::uint64_t>(line.kind) << 56U));
        if (count_++ >= skipped_ && lines_.size() < most_)
            lines_.push_back(line);
    }

    /// Of all lines so far.
    [[nodiscard]] std::uint64_t digest() const noexcept { return digest_; }

    /// How many lines there were, kept or not.
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

    /// Those that were kept.
    [[nodiscard]] const std::vector<trace_line>& lines() const noexcept { return lines_; }

private:
    // One round of SplitMix64: a bijection, so that no difference is lost on the way.
    static constexpr std::uint64_t mixed(std::uint64_t value) noexcept {
        value += 0x9e3779b97f4a7c15U;
        value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
        value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
        return value ^ (value >> 31U);
    }

    std::uint64_t digest_ = 0;
    std::uint64_t count_ = 0;
    std::size_t most_;
    std::uint64_t skipped_;
    std::vector<trace_line> lines_;
};

/// A digest as 16 hexadecimal digits.
[[nodiscard]] inline std::string digest_text(std::uint64_t digest) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (auto each = text.rbegin(); each != text.rend(); ++each, digest /= 16)
        *each = digits[digest % 16];
    return text;
}

} // namespace forest::sim

#endif
