// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_URL_TARGET_HPP
#define FOREST_TESTS_FUZZ_URL_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/core/detail/http/request_writer.hpp>
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
    require(!parsed.host().empty() && parsed.target().front() == '/', "no host or no path");
    const bool unix_socket = parsed.scheme() == forest::url_scheme::http_unix;
    require((parsed.port() == 0) == unix_socket && parsed.socket_path().empty() != unix_socket,
            "a port or a socket path where there is none, or none where one must be");

    if (!unix_socket) {
        const bool secure = parsed.scheme() == forest::url_scheme::https;
        std::string again = secure ? "https://" : "http://";
        again.append(parsed.host_header()).append(parsed.target());
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
