// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_ADDRESS_OF_HPP
#define FOREST_ADAPTERS_POSIX_ADDRESS_OF_HPP

#include <forest/core/detail/container/address_list.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/form.hpp>

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <span>

// The resolvers and the GETs of Asio share these parts: they read the addresses that a look-up
// returns, notice that no descriptor is left, and start threads that receive no signals. The parts
// are public, because one adapter may not include what lies below the `detail/` of another.

namespace forest::inline FOREST_FORM {

/// Returns the address of a socket address; empty if it is of another family.
[[nodiscard]] FOREST_DECL std::optional<ip_address> address_of(const sockaddr& address) noexcept;

/// Addresses in the order in which they came, each once.
class distinct_addresses {
public:
    /// How many addresses are taken. Each new one is compared with all earlier ones.
    static constexpr std::size_t count_max = 1024;

    /// Takes an address, unless there are `count_max` already.
    void add(const ip_address& found);

    [[nodiscard]] std::span<const ip_address> all() const noexcept { return known_.all(); }

private:
    detail::address_list known_;
};

/// Returns whether this process can open no descriptor now. A look-up needs descriptors, but seldom
/// reports that there are none.
[[nodiscard]] FOREST_DECL bool lacks_descriptor() noexcept;

/// Blocks all signals for the current thread until this object is destroyed. Threads that begin
/// during this time never receive a signal: the application's handlers must not run on them.
class signals_blocked {
public:
    signals_blocked() noexcept;
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;
    ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/address_of.ipp>
#endif

#endif
