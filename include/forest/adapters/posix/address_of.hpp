// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_ADDRESS_OF_HPP
#define FOREST_ADAPTERS_POSIX_ADDRESS_OF_HPP

#include <forest/core/ip_address.hpp>
#include <forest/form.hpp>

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <set>
#include <span>
#include <vector>

// The resolvers and the connector of Asio share these parts: they read the addresses that a look-up
// returns, notice that no descriptor is left, and start threads that receive no signals. The parts
// are public, because one adapter may not include what lies below the `detail/` of another.

namespace forest::inline FOREST_FORM {

/// Returns the address of a socket address; empty if it is of another family.
[[nodiscard]] inline std::optional<ip_address> address_of(const sockaddr& address) noexcept {
    ip_address result;
    if (address.sa_family == AF_INET) {
        sockaddr_in four{};
        std::memcpy(&four, &address, sizeof four);
        std::memcpy(result.bytes.data(), &four.sin_addr, sizeof four.sin_addr);
        return result;
    }
    if (address.sa_family == AF_INET6) {
        sockaddr_in6 six{};
        std::memcpy(&six, &address, sizeof six);
        std::memcpy(result.bytes.data(), &six.sin6_addr, sizeof six.sin6_addr);
        result.is_v6 = true;
        result.scope = six.sin6_scope_id;
        return result;
    }
    return std::nullopt;
}

/// Addresses in the order in which they came, each once.
class distinct_addresses {
public:
    void add(const ip_address& found) {
        if (known_.insert(found).second)
            all_.push_back(found);
    }

    [[nodiscard]] std::span<const ip_address> all() const noexcept { return all_; }

private:
    std::vector<ip_address> all_;
    std::set<ip_address> known_;
};

/// Returns whether this process can open no descriptor now. A look-up needs descriptors, but seldom
/// reports that there are none.
[[nodiscard]] inline bool lacks_descriptor() noexcept {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe >= 0)
        ::close(probe);
    return probe < 0;
}

/// Blocks all signals for the current thread until this object is destroyed. Threads that begin
/// during this time never receive a signal: the application's handlers must not run on them.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

} // namespace forest::inline FOREST_FORM

#endif
