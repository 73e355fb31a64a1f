// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_LITERAL_ENDPOINT_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IMPL_LITERAL_ENDPOINT_IPP

#include <forest/adapters/asio/detail/io/literal_endpoint.hpp>
#include <forest/adapters/posix/address_of.hpp>

#include <net/if.h>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD std::optional<std::uint32_t> zone_index(std::string_view zone) noexcept {
    if (zone.find_first_not_of("0123456789") == std::string_view::npos) {
        std::uint64_t number = 0; // has room for `url::zone_bytes_max` digits
        for (const char digit : zone)
            number = number * 10 + static_cast<std::uint64_t>(digit - '0');
        return number <= UINT32_MAX ? static_cast<std::uint32_t>(number) : 0;
    }
    std::array<char, IF_NAMESIZE> name{}; // with a zero at its end
    zone.copy(name.data(), name.size() - 1);
    const std::uint32_t number = ::if_nametoindex(name.data());
    // Its errno is not always the one of the socket that it could not open.
    if (number == 0 && lacks_descriptor())
        return std::nullopt;
    return number;
}

FOREST_DECL stream_socket::endpoint literal_endpoint(const url& target) noexcept {
    const std::string_view host = target.host();
    if (target.host_header().starts_with('[')) {
        std::array<char, INET6_ADDRSTRLEN> text{}; // any literal fits, and has a zero behind it
        host.copy(text.data(), text.size() - 1);
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(target.port());
        if (!target.zone().empty()) {
            const auto index = zone_index(target.zone());
            if (!index)
                return {};
            six.sin6_scope_id = *index;
        }
        ::inet_pton(AF_INET6, text.data(), &six.sin6_addr);
        return stream_socket::endpoint{&six, sizeof six};
    }
    // The URL has verified the address. inet_pton would verify it again, which takes a sixth of the
    // time of a whole check.
    std::uint32_t address = 0;
    std::uint32_t part = 0;
    for (const char byte : host) {
        if (byte == '.')
            address = address << 8 | std::exchange(part, 0);
        else
            part = part * 10 + static_cast<std::uint32_t>(byte - '0');
    }
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(target.port());
    four.sin_addr.s_addr = htonl(address << 8 | part);
    return stream_socket::endpoint{&four, sizeof four};
}

FOREST_DECL stream_socket::endpoint endpoint_of(const ip_address& address,
                                                std::uint16_t port) noexcept {
    if (address.is_v6) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        six.sin6_scope_id = address.scope;
        std::memcpy(&six.sin6_addr, address.bytes.data(), sizeof six.sin6_addr);
        return stream_socket::endpoint{&six, sizeof six};
    }
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&four.sin_addr, address.bytes.data(), sizeof four.sin_addr);
    return stream_socket::endpoint{&four, sizeof four};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
