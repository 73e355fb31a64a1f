// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IP_ADDRESS_HPP
#define FOREST_CORE_IP_ADDRESS_HPP

#include <forest/form.hpp>

#include <array>
#include <compare>
#include <cstdint>

// An address without a port, for code that must not include Asio or the headers of sockets.

namespace forest::inline FOREST_FORM {

/// An IPv4 or IPv6 address.
struct ip_address {
    /// In network order. An IPv4 address has the first four bytes; the others are 0.
    std::array<std::uint8_t, 16> bytes{};

    bool is_v6 = false;

    /// The interface of a link-local IPv6 address, as `sin6_scope_id`; 0 when there is none.
    std::uint32_t scope = 0;

    /// The order has no meaning; it exists for sets.
    friend auto operator<=>(const ip_address&, const ip_address&) = default;
};

} // namespace forest::inline FOREST_FORM

#endif
