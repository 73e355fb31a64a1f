// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BENCHMARKS_COMPARE_PROBER_HPP
#define FOREST_BENCHMARKS_COMPARE_PROBER_HPP

#include <signal.h>
#include <time.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// What the probers that forest is compared with have in common: their command line, when which
// target is due, how an answer is judged, and what is said at the end.

namespace compare {

constexpr std::string_view usage = R"( --targets FILE (--interval-ms N | --flat-out K) [--reuse]
       [--tick-ms N] [--checks N]

Checks http://ADDRESS:PORT/forest/health, one URL a line, until SIGTERM or SIGINT, and prints how
many checks were made and how many failed as a JSON object.

  --interval-ms N   each target once in N ms, spread over them
  --flat-out K      as fast as it goes, at most K checks at a time
  --reuse           keep the connections
  --tick-ms N       check together the targets that are due within N ms, by default 5
  --checks N        end after N checks, too
)";

struct prober_options {
    std::vector<std::string> targets;
    std::chrono::milliseconds interval{0};
    std::uint32_t flat_out = 0;
    bool reuse = false;
    std::chrono::milliseconds tick{5};
    std::uint64_t checks = UINT64_MAX;
};

inline std::uint32_t parse_count(std::string_view text) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    if (const auto [last, ec] = std::from_chars(text.data(), end, value);
        ec != std::errc{} || last != end || value == 0 || value > 1'000'000)
        throw std::invalid_argument("not a number from 1 to 1000000: " + std::string{text});
    return value;
}

inline std::vector<std::string> read_lines(const std::string& file) {
    std::ifstream in{file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    if (lines.empty())
        throw std::invalid_argument("no targets in " + file);
    return lines;
}

inline prober_options parse(int count, char** arguments) {
    prober_options settings;
    for (int index = 1; index < count; ++index) {
        const std::string_view option = arguments[index];
        if (option == "--reuse") {
            settings.reuse = true;
            continue;
        }
        if (index + 1 == count)
            throw std::invalid_argument("unknown, or without its value: " + std::string{option});
        const char* const value = arguments[++index];
        if (option == "--targets")
            settings.targets = read_lines(value);
        else if (option == "--interval-ms")
            settings.interval = std::chrono::milliseconds{parse_count(value)};
        else if (option == "--flat-out")
            settings.flat_out = parse_count(value);
        else if (option == "--tick-ms")
            settings.tick = std::chrono::milliseconds{parse_count(value)};
        else if (option == "--checks")
            settings.checks = parse_count(value);
        else
            throw std::invalid_argument("unknown option: " + std::string{option});
    }
    if (settings.targets.empty() || (settings.interval.count() == 0) == (settings.flat_out == 0))
        throw std::invalid_argument("--targets is needed, and one of --interval-ms and --flat-out");
    return settings;
}

inline volatile sig_atomic_t stopped = 0;

/// From then on, SIGTERM and SIGINT set `stopped` and interrupt whatever waits.
inline void stop_on_signals() {
    struct sigaction action{};
    action.sa_handler = [](int) { stopped = 1; };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
}

/// Whether a prober goes on after this number of checks.
[[nodiscard]] inline bool goes_on(const prober_options& settings, std::uint64_t checks) {
    return !stopped && checks < settings.checks;
}

struct tally {
    std::uint64_t checks = 0;
    std::uint64_t failures = 0;

    void count(bool healthy) {
        ++checks;
        failures += healthy ? 0 : 1;
    }
};

[[nodiscard]] inline bool says_ok(std::string_view body) {
    return body.find(R"("status":"ok")") != body.npos;
}

/// The due times of all targets, evenly spread, on a grid that they share: a wake-up serves the
/// targets that are due in its tick. A target that was not served in time is not served twice.
class schedule {
public:
    using clock = std::chrono::steady_clock;

    explicit schedule(const prober_options& settings)
        : targets_{settings.targets.size()},
          interval_{settings.interval},
          tick_{settings.tick},
          begin_{clock::now()} {}

    /// Calls `check(index)` for each target that is due. Returns how long until the next one is
    /// due.
    template <typename Check>
    std::chrono::milliseconds run(Check&& check) {
        const clock::duration passed = clock::now() - begin_;
        const auto until = passed / tick_ * tick_;
        const std::uint64_t end = position(until);
        if (end > next_ + targets_)
            next_ = end - targets_;
        for (; next_ < end; ++next_)
            check(static_cast<std::size_t>(next_ % targets_));
        auto wake = until + tick_;
        while (position(wake) == end)
            wake += tick_;
        return std::chrono::ceil<std::chrono::milliseconds>(begin_ + wake - clock::now());
    }

private:
    // How many checks are due before that time.
    [[nodiscard]] std::uint64_t position(clock::duration at) const {
        const std::chrono::duration<double> intervals{at};
        return static_cast<std::uint64_t>(intervals / interval_ * static_cast<double>(targets_));
    }

    std::size_t targets_;
    std::chrono::milliseconds interval_;
    std::chrono::milliseconds tick_;
    clock::time_point begin_;
    std::uint64_t next_ = 0;
};

/// The body of `main`: `run(options)` returns a `tally`.
template <typename Run>
int main(int count, char** arguments, Run&& run) {
    try {
        const prober_options settings = parse(count, arguments);
        stop_on_signals();
        const tally made = run(settings);
        std::printf("{\"checks\":%llu,\"failures\":%llu}\n",
                    static_cast<unsigned long long>(made.checks),
                    static_cast<unsigned long long>(made.failures));
        return EXIT_SUCCESS;
    } catch (const std::invalid_argument& refused) {
        std::fprintf(stderr, "%s\nusage: %s%s", refused.what(), arguments[0], usage.data());
        return 2;
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "%s: %s\n", arguments[0], failed.what());
        return EXIT_FAILURE;
    }
}

} // namespace compare

#endif
