// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_IMPL_REQUEST_WRITER_IPP
#define FOREST_CORE_DETAIL_HTTP_IMPL_REQUEST_WRITER_IPP

#include <forest/core/detail/http/request_writer.hpp>
#include <forest/version.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::size_t write_with_replaced_lines(std::span<char> out, std::string_view method,
                                                  const url& target, const header_fields& fields,
                                                  bool keep_alive) noexcept {
    const auto unless = [&](header_fields::replaceable line, std::string_view text) {
        return fields.replaces(line) ? std::string_view{} : text;
    };
    return write_texts(
        out, method, " ", target.target(), " HTTP/1.1\r\n", unless(header_fields::host, "Host: "),
        unless(header_fields::host, target.host_header()), unless(header_fields::host, "\r\n"),
        unless(header_fields::user_agent, "User-Agent: forest/"),
        unless(header_fields::user_agent, version), unless(header_fields::user_agent, "\r\n"),
        unless(header_fields::accept, "Accept: application/json\r\n"), fields.text(),
        keep_alive ? view_of("\r\n") : view_of("Connection: close\r\n\r\n"));
}

FOREST_DECL std::size_t write_request(std::span<char> out, std::string_view method,
                                      const url& target, const header_fields& fields,
                                      bool keep_alive) noexcept {
    assert(is_token(method));
    assert(!target.host().empty());
    if (fields.replaces_any())
        return write_with_replaced_lines(out, method, target, fields, keep_alive);
    return write_texts(out, method, " ", target.target(),
                       " HTTP/1.1\r\nHost: ", target.host_header(), "\r\nUser-Agent: forest/",
                       version, "\r\nAccept: application/json\r\n", fields.text(),
                       keep_alive ? view_of("\r\n") : view_of("Connection: close\r\n\r\n"));
}

} // namespace forest::inline FOREST_FORM::detail

#endif
