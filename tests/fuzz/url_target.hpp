// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_URL_TARGET_HPP
#define FOREST_TESTS_FUZZ_URL_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/url.hpp>
#include <fuzz/require.hpp>

// Whatever is accepted as a URL makes a request that our own server accepts, and comes out the same
// when it is put together again.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace forest_fuzz {

inline void url_target(std::string_view input) {
    const std::vector<char> exact{input.begin(), input.end()};
    forest::url parsed;
    if (forest::url::parse({exact.data(), exact.size()}, parsed)) {
        require(parsed == forest::url{} && parsed.text().empty(), "a refused URL left its mark");
        return;
    }
    require(parsed.text() == input, "the text is not as given");
    require(!parsed.server_name().empty() && !parsed.server_name().ends_with('.') &&
                parsed.host_header().find('%') == std::string_view::npos,
            "the host is not as peers know it");
    require(!parsed.host().empty() && parsed.target().front() == '/', "no host or no path");
    const bool unix_socket = parsed.scheme() == forest::url_scheme::http_unix;
    require((parsed.port() == 0) == unix_socket && parsed.socket_path().empty() != unix_socket,
            "a port or a socket path where there is none, or none where one must be");

    if (!unix_socket) {
        const bool secure = parsed.scheme() == forest::url_scheme::https;
        const bool bracketed = parsed.host_header().front() == '[';
        const bool bare = parsed.scheme() == forest::url_scheme::tcp;
        std::string again = secure ? "https://" : bare ? "tcp://" : "http://";
        again.append(bracketed ? "[" : "").append(parsed.host());
        for (const char byte : parsed.zone())
            again.append(again.find('%') == std::string::npos ? "%25%" : "%")
                .append(forest::detail::hex_pair(static_cast<unsigned char>(byte)));
        again.append(bracketed ? "]:" : ":").append(std::to_string(parsed.port()));
        again.append(parsed.target());
        forest::url reparsed;
        if (again.size() <= forest::url::text_bytes_max)
            require(!forest::url::parse(again, reparsed) && reparsed == parsed,
                    "put together again, it is another URL");
    }

    std::array<char, forest::detail::request_bytes_max> buffer;
    const std::size_t size = forest::detail::write_request(buffer, "GET", parsed, {}, false);
    require(size > 0, "a request does not fit");
    const auto request = forest_test::feed_request({buffer.data(), size});
    require(!request.error && request.target == parsed.target() && request.surplus.empty(),
            "our own server refuses the request");
}

} // namespace forest_fuzz

#endif
