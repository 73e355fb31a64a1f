// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_ADDRESS_OF_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_ADDRESS_OF_IPP

#include <forest/adapters/posix/address_of.hpp>

#include <cstring>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD std::optional<ip_address> address_of(const sockaddr& address) noexcept {
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

FOREST_DECL FOREST_COLD void distinct_addresses::add(const ip_address& found) {
    if (known_.all().size() < count_max && !known_.contains(found))
        known_.add(found);
}

FOREST_DECL bool lacks_descriptor() noexcept {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe >= 0)
        ::close(probe);
    return probe < 0;
}

FOREST_DECL FOREST_COLD signals_blocked::signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

} // namespace forest::inline FOREST_FORM

#endif
