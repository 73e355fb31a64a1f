// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_LITERAL_ENDPOINT_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_LITERAL_ENDPOINT_HPP

#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

// The endpoint of a connection. If a URL has an address instead of a name, no resolver is needed.

namespace forest::inline FOREST_FORM::detail {

/// Returns the number of an interface, which is given by its name or number; 0 if there is no such
/// interface. Empty if this process had no descriptor to look it up.
[[nodiscard]] FOREST_DECL std::optional<std::uint32_t> zone_index(std::string_view zone) noexcept;

/// Returns the endpoint of a URL whose host is an address. It has no family if `zone_index` is
/// empty; then a connect fails with EMFILE.
[[nodiscard]] FOREST_DECL stream_socket::endpoint literal_endpoint(const url& target) noexcept;

/// Returns the endpoint of an address and a port.
[[nodiscard]] FOREST_DECL stream_socket::endpoint endpoint_of(const ip_address& address,
                                                              std::uint16_t port) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/literal_endpoint.ipp>
#endif

#endif
