// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_REQUEST_WRITER_HPP
#define FOREST_CORE_DETAIL_HTTP_REQUEST_WRITER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

// Writes the bytes of a request, in exactly the order of PROTOCOL.md, 1. The buffer belongs to the
// caller, so a check in the steady state allocates nothing.

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

/// Enough for any request to any URL with any header fields and a method of 32 bytes. Target and
/// host come from the URL, and neither is longer than the URL. The fixed parts need less than 256
/// bytes.
inline constexpr std::size_t request_bytes_max =
    2 * url::text_bytes_max + header_fields::capacity + 256;

// The size of a literal is part of its type, and need not be counted.
template <std::size_t Size>
constexpr std::string_view view_of(const char (&literal)[Size]) noexcept {
    return {literal, Size - 1};
}

constexpr std::string_view view_of(std::string_view text) noexcept {
    return text;
}

// Writes the texts one behind the other. Returns the number of bytes, or 0 if `out` is too small.
// The size is checked once for all texts.
template <typename... Texts>
std::size_t write_texts(std::span<char> out, const Texts&... texts) noexcept {
    const std::size_t size = (view_of(texts).size() + ...);
    if (size > out.size())
        return 0;
    char* next = out.data();
    const auto write = [&next](std::string_view text) {
        next = std::copy(text.begin(), text.end(), next);
    };
    (write(view_of(texts)), ...);
    return size;
}

// Writes a request some of whose usual fields are replaced.
[[nodiscard]] FOREST_DECL std::size_t
write_with_replaced_lines(std::span<char> out, std::string_view method, const url& target,
                          const header_fields& fields, bool keep_alive) noexcept;

/// Writes a request without a body to `out`. Returns the number of bytes, or 0 if `out` is too
/// small; `request_bytes_max` is always enough. `method` is a token. `fields` come after the fields
/// of every request, and replace those with the same name. Without `keep_alive` the request asks
/// the server to close the connection. HTTP/1.1 needs no field to keep it open.
[[nodiscard]] FOREST_DECL std::size_t write_request(std::span<char> out, std::string_view method,
                                                    const url& target, const header_fields& fields,
                                                    bool keep_alive) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/http/impl/request_writer.ipp>
#endif

#endif
