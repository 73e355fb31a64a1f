// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_DETAIL_IMPL_HTTPLIB_CALL_IPP
#define FOREST_ADAPTERS_HTTPLIB_DETAIL_IMPL_HTTPLIB_CALL_IPP

#include <forest/adapters/httplib/detail/httplib_call.hpp>
#include <forest/adapters/httplib/detail/sigpipe_blocked.hpp>
#include <forest/adapters/posix/address_of.hpp>
#include <forest/core/fields.hpp>
#include <forest/version.hpp>

#include <httplib.h>

#include <algorithm>
#include <charconv>
#include <new>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL httplib_call::httplib_call(const request& http_request, const httplib_options& options,
                                       std::chrono::steady_clock::time_point deadline)
    : deadline_{deadline},
      options_{options},
      limits_{http_request.limits},
      host_{http_request.target.server_name()},
      path_{http_request.target.target()} {
    const url& target = http_request.target;
    const bool is_v6 = host_.find(':') != std::string::npos;
    place_ = target.scheme() == url_scheme::https ? "https://" : "http://";
    place_ += is_v6 ? '[' + host_ + ']' : host_;
    place_ += ':' + std::to_string(target.port());
    fields_.emplace_back("Host", target.host_header());
    fields_.emplace_back("User-Agent", "forest/" + std::string{version});
    fields_.emplace_back("Accept", "application/json");
    field_view{http_request.fields.text()}.for_each(
        [this](std::string_view name, std::string_view value) {
            fields_.emplace_back(name, value);
        });
}

FOREST_DECL FOREST_COLD bool httplib_call::supports(url_scheme scheme) noexcept {
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
    return scheme == url_scheme::http || scheme == url_scheme::https;
#else
    return scheme == url_scheme::http;
#endif
}

FOREST_DECL void httplib_call::perform() noexcept {
    begun_ = true;
    const sigpipe_blocked no_signal;
    try {
        while (try_address())
            ++address_;
    } catch (...) { // There is no memory, or the hook has thrown.
        error_ = errc::local_resources_exhausted;
    }
    if (refusal_ != errc{})
        error_ = refusal_;
}

FOREST_DECL FOREST_COLD void httplib_call::abandon() noexcept {
    const std::lock_guard lock{mutex_};
    abandoned_ = true;
    if (client_ != nullptr)
        client_->stop();
}

FOREST_DECL bool httplib_call::use(httplib::Client* client) noexcept {
    const std::lock_guard lock{mutex_};
    client_ = abandoned_ ? nullptr : client;
    return !abandoned_;
}

FOREST_DECL std::chrono::microseconds httplib_call::left(std::size_t parts) const {
    const auto all =
        std::chrono::ceil<std::chrono::microseconds>(deadline_ - std::chrono::steady_clock::now());
    // The GET ends at its deadline, and ends this call. So a limit of cpp-httplib comes later.
    constexpr std::chrono::milliseconds later{100};
    if (parts <= 1)
        return std::max(all, all.zero()) + later;
    return std::max(all / static_cast<std::int64_t>(parts), std::chrono::microseconds{1});
}

FOREST_DECL bool httplib_call::try_address() {
#ifdef CPPHTTPLIB_OPENSSL_SUPPORT
    httplib::Client client{place_, options_.tls.certificate_file, options_.tls.private_key_file};
    if (!options_.tls.ca_file.empty())
        client.set_ca_cert_path(options_.tls.ca_file.c_str());
    client.enable_server_certificate_verification(true);
#else
    httplib::Client client{place_};
#endif
    const std::size_t untried = addresses.size() - std::min(address_, addresses.size());
    if (!addresses.empty())
        client.set_hostname_addr_map({{host_, addresses[address_]}});
    const unsigned sockets_before = sockets_;
    client.set_connection_timeout(left(untried));
    client.set_read_timeout(left(1));
    client.set_write_timeout(left(1));
    client.set_keep_alive(false);
    client.set_follow_location(false);
    client.set_decompress(false);
    client.set_tcp_nodelay(true);
    client.set_socket_options([this](int) { ++sockets_; });
    if (options_.configure)
        options_.configure(client);
    client.set_url_encode(false);
    if (!use(&client))
        return false;
    httplib::Headers lines;
    for (const auto& [name, value] : fields_)
        lines.emplace(name, value);
    // The client ends with this function, even if it throws.
    const struct last_use {
        httplib_call& call;
        ~last_use() { (void)call.use(nullptr); }
    } until_then{*this};
    const httplib::Result result = client.Get(
        path_, lines,
        [this](const httplib::Response& response) {
            std::vector<std::pair<std::string, std::string>> fields{response.headers.begin(),
                                                                    response.headers.end()};
            constexpr std::size_t fixed_bytes = 15; // `HTTP/1.1 200 `, and the end of the line
            return take_head(response.status, fields, fixed_bytes + response.reason.size());
        },
        [this](const char* bytes, std::size_t size) { return take_body(bytes, size); });
    const bool goes_on = use(&client);
    const bool in_time = std::chrono::steady_clock::now() < deadline_;
    switch (result.error()) {
    case httplib::Error::Success: error_ = {}; return false;
    case httplib::Error::Connection:
        // A socket that was opened has been refused, or leads nowhere.
        error_ = sockets_ == sockets_before || lacks_descriptor() ? errc::local_resources_exhausted
                                                                  : errc::connection_refused;
        return goes_on && in_time && untried > 1;
    case httplib::Error::ConnectionTimeout:
        error_ = errc::timed_out;
        return goes_on && in_time && untried > 1;
    case httplib::Error::BindIPAddress: error_ = errc::local_resources_exhausted; return false;
    case httplib::Error::SSLConnection:
    case httplib::Error::SSLLoadingCerts:
    case httplib::Error::SSLServerVerification: error_ = errc::tls_failed; return false;
    case httplib::Error::Compression: error_ = errc::unsupported_encoding; return false;
    default: error_ = in_time ? errc::connection_lost : errc::timed_out; return false;
    }
}

FOREST_DECL bool
httplib_call::take_head(int status, const std::vector<std::pair<std::string, std::string>>& fields,
                        std::size_t status_line_bytes) {
    status_ = status;
    answer_.clear();
    const auto add = [this](std::string_view text) {
        answer_.insert(answer_.end(), text.begin(), text.end());
    };
    bool is_too_large = false;
    for (const auto& [name, value] : fields) {
        for (const std::string_view part : {std::string_view{name}, std::string_view{": "},
                                            std::string_view{value}, std::string_view{"\r\n"}})
            add(part);
        std::uint64_t length = 0;
        if (iequals(name, "Content-Length") &&
            std::from_chars(value.data(), value.data() + value.size(), length).ec == std::errc{})
            is_too_large = is_too_large || length > limits_.body_bytes_max;
    }
    head_bytes_ = answer_.size();
    constexpr std::size_t last_line_bytes = 2;
    if (!is_too_large &&
        head_bytes_ + status_line_bytes + last_line_bytes <= limits_.head_bytes_max)
        return true;
    refusal_ = errc::response_too_large;
    return false;
}

FOREST_DECL bool httplib_call::take_body(const char* bytes, std::size_t size) {
    if (answer_.size() - head_bytes_ + size > limits_.body_bytes_max) {
        refusal_ = errc::response_too_large;
        return false;
    }
    answer_.insert(answer_.end(), bytes, bytes + size);
    return true;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
