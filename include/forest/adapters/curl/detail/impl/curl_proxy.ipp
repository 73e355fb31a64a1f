// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_PROXY_IPP
#define FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_PROXY_IPP

#include <forest/adapters/curl/detail/curl_proxy.hpp>
#include <forest/core/error.hpp>

#include <curl/curl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <new>
#include <system_error>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL curl_proxy read_proxy(const std::string& text) {
    curl_proxy found;
    if (text.empty())
        return found;
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> reader{curl_url(), &curl_url_cleanup};
    if (reader == nullptr)
        throw std::bad_alloc{};
    const auto part = [&reader](CURLUPart wanted) {
        char* value = nullptr;
        if (curl_url_get(reader.get(), wanted, &value, 0) != CURLUE_OK)
            return std::string{};
        const std::unique_ptr<char, decltype(&curl_free)> owned{value, &curl_free};
        return std::string{value};
    };
    // libcurl takes a proxy without a scheme as one of HTTP.
    const std::string whole = text.find("://") == std::string::npos ? "http://" + text : text;
    if (curl_url_set(reader.get(), CURLUPART_URL, whole.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
        CURLUE_OK)
        throw std::system_error{make_error_code(errc::url_malformed), "proxy"};
    const std::string scheme = part(CURLUPART_SCHEME);
    const std::string port = part(CURLUPART_PORT);
    const bool is_http = scheme == "http" || scheme == "https";
    const bool resolves = is_http || scheme == "socks4a" || scheme == "socks5h";
    if (!resolves && scheme != "socks4" && scheme != "socks5")
        throw std::system_error{make_error_code(errc::url_scheme_unsupported), "proxy"};
    constexpr unsigned port_of_https = 443;
    constexpr unsigned port_of_others = 1080;
    const unsigned number = !port.empty()       ? static_cast<unsigned>(std::stoul(port))
                            : scheme == "https" ? port_of_https
                                                : port_of_others;
    found.host.name = part(CURLUPART_HOST);
    found.host.port = static_cast<std::uint16_t>(number);
    in_addr four{};
    found.host.is_address = found.host.name.starts_with('[') ||
                            ::inet_pton(AF_INET, found.host.name.c_str(), &four) == 1;
    found.resolves = resolves;
    found.forwards = is_http;
    return found;
}

FOREST_DECL std::string address_text(const ip_address& address) {
    char text[INET6_ADDRSTRLEN] = {};
    (void)::inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
    return text;
}

FOREST_DECL std::string resolve_line(std::string_view host, std::uint16_t port,
                                     std::span<const ip_address> addresses) {
    std::string line{"+"};
    line.append(host).append(":").append(std::to_string(port));
    const std::size_t empty = line.size();
    for (const ip_address& each : addresses) {
        if (each.scope != 0)
            continue;
        line += line.size() == empty ? ':' : ',';
        line += each.is_v6 ? "[" + address_text(each) + "]" : address_text(each);
    }
    return line.size() == empty ? std::string{} : line;
}

FOREST_DECL std::string curl_target(const url& target) {
    std::string text{target.scheme() == url_scheme::https ? "https://" : "http://"};
    if (target.zone().empty()) {
        text.append(target.host_header());
    } else {
        text.append("[").append(target.host()).append("%25").append(target.zone()).append("]:");
        text.append(std::to_string(target.port()));
    }
    return text.append(target.target());
}

} // namespace forest::inline FOREST_FORM::detail

#endif
