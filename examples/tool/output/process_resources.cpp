// SPDX-License-Identifier: BSL-1.0
#include "process_resources.hpp"

#include <sys/resource.h>
#include <sys/time.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

namespace forest::cli {

namespace {

duration length_of(const timeval& time) noexcept {
    return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
}

// The most memory that this program has had at a time, in KiB. The value of getrusage may be that
// of the parent, because it survives an exec.
std::optional<std::uint64_t> peak_resident_kib() {
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;) {
        std::uint64_t size = 0;
        if (word == "VmHWM:" && status >> size)
            return size;
        status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return std::nullopt;
}

} // namespace

std::uint64_t raise_descriptor_limit() noexcept {
    constexpr std::uint64_t least_of_any_system = 20; // POSIX
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return least_of_any_system;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

resource_usage used_resources() {
    rusage used{};
    (void)::getrusage(RUSAGE_SELF, &used); // which cannot fail
    return {length_of(used.ru_utime) + length_of(used.ru_stime),
            peak_resident_kib().value_or(static_cast<std::uint64_t>(used.ru_maxrss))};
}

} // namespace forest::cli
