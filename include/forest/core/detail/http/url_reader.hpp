// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_URL_READER_HPP
#define FOREST_CORE_DETAIL_HTTP_URL_READER_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/http/authority.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/url_scheme.hpp>
#include <forest/form.hpp>

// Reads the parts of a URL. It is strict (RFC 3986): a URL that two programs would read differently
// is refused.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM::detail {

inline constexpr auto path_bytes = [] {
    std::array<bool, 256> table = host_name_bytes;
    for (const char byte : std::string_view{":@/?"})
        table[static_cast<unsigned char>(byte)] = true;
    return table;
}();

// Returns whether every `%` begins an escape.
constexpr bool escapes_valid(std::string_view text) noexcept {
    for (std::size_t index = text.find('%'); index != std::string_view::npos;
         index = text.find('%', index + 1)) {
        if (text.size() - index < 3 || !is_hex_digit(text[index + 1]) ||
            !is_hex_digit(text[index + 2]))
            return false;
    }
    return true;
}

// Returns whether `text` may be a path, query or fragment.
constexpr bool path_valid(std::string_view text) noexcept {
    return escapes_valid(text) && detail::all_of(text, [](char byte) {
               return byte == '%' || path_bytes[static_cast<unsigned char>(byte)];
           });
}

// Returns whether `text` has a byte beyond ASCII, as it is or in an escape.
constexpr bool beyond_ascii(std::string_view text) noexcept {
    for (std::size_t index = 0; index < text.size(); ++index) {
        const bool escape = text[index] == '%' && escapes_valid(text.substr(index, 3));
        if (static_cast<unsigned char>(text[index]) > '~' ||
            (escape && hex_value(text[index + 1]) >= 8))
            return true;
    }
    return false;
}

/// The parts of a URL, each in its own string. `url` describes the meaning of each part.
struct url_parts {
    std::string text;
    std::string host;
    std::string zone;
    std::string target;
    std::string host_header;
    std::string socket_path;
    url_scheme scheme = url_scheme::http;
    std::uint16_t port = 0;
    bool ip_literal = false;

    /// Reads `whole` into the parts, which must be empty.
    std::error_code read(std::string_view whole);

private:
    [[nodiscard]] std::uint16_t default_port() const noexcept;

    bool read_scheme(std::string_view name) noexcept;

    std::error_code read_host(std::string_view place_and_zone);

    // Moves the zone out of `place`.
    std::error_code take_zone(std::string& place);

    std::error_code read_socket(std::string_view place);
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/http/impl/url_reader.ipp>
#endif

#endif
