// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_CURL_PROXY_HPP
#define FOREST_ADAPTERS_CURL_DETAIL_CURL_PROXY_HPP

#include <forest/core/ip_address.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// Who looks up which name, when libcurl is given the addresses.

namespace forest::inline FOREST_FORM::detail {

/// A host whose addresses libcurl needs.
struct curl_host {
    std::string name{};
    std::uint16_t port = 0;
    bool is_address = false;

    [[nodiscard]] bool empty() const noexcept { return name.empty(); }
};

/// The proxy of a `curl_options`, as far as a transport has to know it.
struct curl_proxy {
    curl_host host{}; ///< empty: there is no proxy
    /// It gets the name of the target. Otherwise (`socks4`, `socks5`) it gets an address.
    bool resolves = true;
    /// It gets the whole URL of an http target, and no request to open a tunnel.
    bool forwards = true;
};

/// Reads a proxy as libcurl does. Throws std::system_error(errc::url_malformed) if it is none, or
/// std::bad_alloc.
[[nodiscard]] FOREST_DECL curl_proxy read_proxy(const std::string& text);

/// Returns the line of `CURLOPT_RESOLVE` that gives a host its addresses. Link-local addresses with
/// an interface are left out, because libcurl cannot read them; empty if no other is there.
[[nodiscard]] FOREST_DECL std::string resolve_line(std::string_view host, std::uint16_t port,
                                                   std::span<const ip_address> addresses);

/// Returns the address in the form of `inet_ntop`, without its interface.
[[nodiscard]] FOREST_DECL std::string address_text(const ip_address& address);

/// The URL as libcurl gets it: the name of the server without a dot at its end, so that it is the
/// name of `resolve_line`.
[[nodiscard]] FOREST_DECL std::string curl_target(const url& target);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/curl/detail/impl/curl_proxy.ipp>
#endif

#endif
