// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_NAMES_LOOKUP_OUTCOME_HPP
#define FOREST_TESTS_NAMES_LOOKUP_OUTCOME_HPP

#include <adapters/support/running_server.hpp>

#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/resolver.hpp>
#include <forest/sim/conformance/real_time.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// What tests of resolvers have in common.

namespace forest::test {

/// The end of one look-up, kept for the thread of the test.
struct lookup_outcome {
    std::mutex mutex;
    int calls = 0;
    std::error_code error;
    std::vector<ip_address> addresses;
    std::optional<duration> lifetime;

    auto handler() {
        return [this](const resolution& found) {
            const std::lock_guard lock{mutex};
            ++calls;
            error = found.error;
            addresses.assign(found.addresses.begin(), found.addresses.end());
            lifetime = found.lifetime;
        };
    }

    bool ended() {
        return eventually([this] {
            const std::lock_guard lock{mutex};
            return calls > 0;
        });
    }
};

/// The base of the harnesses: resolvers have threads of their own.
struct real_time_of_threads : sim::conformance::real_time {
    real_time_of_threads() : real_time{} {}

    /// Enough on a busy machine, also under a sanitizer: a look-up may take long.
    [[nodiscard]] duration tolerance() const { return std::chrono::seconds{10}; }
};

/// A file of a test.
class changing_file {
public:
    changing_file() {
        char name[] = "/tmp/forest_names_XXXXXX";
        ::close(::mkstemp(name));
        path = name;
    }
    changing_file(const changing_file&) = delete;
    changing_file& operator=(const changing_file&) = delete;
    ~changing_file() { ::unlink(path.c_str()); }

    void write(std::string_view text) const { std::ofstream{path, std::ios::trunc} << text; }

    std::string path;
};

/// 127.0.0.`last`.
[[nodiscard]] inline ip_address loopback(std::uint8_t last) {
    ip_address result;
    result.bytes = {127, 0, 0, last};
    return result;
}

/// An IPv4 address in host order.
[[nodiscard]] inline std::uint32_t number_of(const ip_address& four) {
    std::uint32_t number = 0;
    for (std::size_t n = 0; n < 4; ++n)
        number = number << 8 | four.bytes.at(n);
    return number;
}

/// How many threads this process has. Some may be about to end.
[[nodiscard]] inline int count_of_threads() {
    std::ifstream status{"/proc/self/status"};
    for (std::string word; status >> word;)
        if (word == "Threads:" && status >> word)
            return std::stoi(word);
    return 0;
}

} // namespace forest::test

#endif
