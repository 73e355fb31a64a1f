// SPDX-License-Identifier: BSL-1.0
#include "process_resources.hpp"

#include <sys/resource.h>
#include <sys/time.h>

#include <chrono>

namespace forest::cli {

namespace {

duration length_of(const timeval& time) noexcept {
    return std::chrono::seconds{time.tv_sec} + std::chrono::microseconds{time.tv_usec};
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

resource_usage used_resources() noexcept {
    rusage used{};
    (void)::getrusage(RUSAGE_SELF, &used); // which cannot fail
    return {length_of(used.ru_utime) + length_of(used.ru_stime),
            static_cast<std::uint64_t>(used.ru_maxrss)};
}

} // namespace forest::cli
