// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_ADDRESS_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_ADDRESS_HPP

#include <forest/core/ip_address.hpp>
#include <forest/form.hpp>

#include <asio/ip/address.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The TCP addresses that a server listens on. `asio::ip::tcp` has a type for them, too, but it is
// expensive to include.

namespace forest::inline FOREST_FORM::detail {

struct server_address {
    asio::ip::address ip{};
    std::uint16_t port = 0;

    // Returns the address in `system`, which must be one of IPv4 or IPv6; otherwise the port of the
    // result is 0.
    [[nodiscard]] static server_address from(const sockaddr_storage& system) noexcept;

    // Writes the address in the form of the system. Returns the size.
    socklen_t write(sockaddr_storage& system) const noexcept;

    // Returns the address alone, one of IPv4 also if it is mapped to IPv6; null for the result of
    // `from` if that was no address.
    [[nodiscard]] std::optional<ip_address> portless() const noexcept;

    // Returns `127.0.0.1:80`, `[::1]:80` or `[fe80::1%25eth0]:80`.
    [[nodiscard]] std::string text() const;

    friend bool operator==(const server_address&, const server_address&) = default;
};

// Returns the addresses of a host, which is a name or an address; none if it cannot be resolved.
// Blocks the thread.
FOREST_DECL std::vector<server_address> resolve_host(const std::string& host, std::uint16_t port);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_address.ipp>
#endif

#endif
