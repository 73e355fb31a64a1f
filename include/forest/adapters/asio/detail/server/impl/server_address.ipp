// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_ADDRESS_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_ADDRESS_IPP

#include <forest/adapters/asio/detail/server/server_address.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/ip_address.hpp>

#include <asio/ip/address.hpp>
#include <asio/ip/address_v4.hpp>
#include <asio/ip/address_v6.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL server_address server_address::from(const sockaddr_storage& system) noexcept {
    if (system.ss_family == AF_INET) {
        sockaddr_in found{};
        std::memcpy(&found, &system, sizeof found);
        return {asio::ip::address_v4{ntohl(found.sin_addr.s_addr)}, ntohs(found.sin_port)};
    }
    if (system.ss_family == AF_INET6) {
        sockaddr_in6 found{};
        std::memcpy(&found, &system, sizeof found);
        asio::ip::address_v6::bytes_type bytes;
        std::memcpy(bytes.data(), &found.sin6_addr, bytes.size());
        return {asio::ip::address_v6{bytes, found.sin6_scope_id}, ntohs(found.sin6_port)};
    }
    return {};
}

FOREST_DECL std::optional<ip_address> server_address::portless() const noexcept {
    if (port == 0)
        return std::nullopt;
    ip_address result;
    if (ip.is_v6() && !ip.to_v6().is_v4_mapped()) {
        const auto bytes = ip.to_v6().to_bytes();
        std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
        result.is_v6 = true;
        result.scope = ip.to_v6().scope_id();
        return result;
    }
    const auto bytes = ip.is_v4()
                           ? ip.to_v4().to_bytes()
                           : asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6()).to_bytes();
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
    return result;
}

FOREST_DECL socklen_t server_address::write(sockaddr_storage& system) const noexcept {
    system = {};
    if (ip.is_v4()) {
        sockaddr_in written{};
        written.sin_family = AF_INET;
        written.sin_port = htons(port);
        written.sin_addr.s_addr = htonl(ip.to_v4().to_uint());
        std::memcpy(&system, &written, sizeof written);
        return sizeof written;
    }
    const asio::ip::address_v6 found = ip.to_v6();
    const asio::ip::address_v6::bytes_type bytes = found.to_bytes();
    sockaddr_in6 written{};
    written.sin6_family = AF_INET6;
    written.sin6_port = htons(port);
    std::memcpy(&written.sin6_addr, bytes.data(), bytes.size());
    written.sin6_scope_id = found.scope_id();
    std::memcpy(&system, &written, sizeof written);
    return sizeof written;
}

FOREST_DECL std::string server_address::text() const {
    std::string address = ip.to_string();
    if (const std::size_t zone = address.find('%'); zone != std::string::npos)
        address.insert(zone + 1, "25"); // as a URL has it (RFC 6874)
    return (ip.is_v4() ? address : '[' + address + ']') + ':' + std::to_string(port);
}

FOREST_DECL std::vector<server_address> resolve_host(const std::string& host, std::uint16_t port) {
    std::error_code ec;
    if (const auto literal = asio::ip::make_address(host, ec); !ec)
        return {{literal, port}};
    std::vector<server_address> addresses;
    const auto add = [&](const server_address& address) {
        for (const server_address& each : addresses) {
            if (each == address)
                return;
        }
        addresses.push_back(address);
    };
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICSERV;
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) == 0) {
        const std::shared_ptr<addrinfo> owner{found, &::freeaddrinfo};
        for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
            if (each->ai_family != AF_INET && each->ai_family != AF_INET6)
                continue;
            sockaddr_storage address{};
            std::memcpy(&address, each->ai_addr, each->ai_addrlen);
            add(server_address::from(address));
        }
    }
    // A client may use either address of `localhost` (RFC 6761, 6.3), but many hosts files have
    // only one of them.
    if (iequals(host, "localhost")) {
        add({asio::ip::address_v4::loopback(), port});
        add({asio::ip::address_v6::loopback(), port});
    }
    return addresses;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
