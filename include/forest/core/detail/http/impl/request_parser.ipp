// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_IMPL_REQUEST_PARSER_IPP
#define FOREST_CORE_DETAIL_HTTP_IMPL_REQUEST_PARSER_IPP

#include <forest/core/detail/http/authority.hpp>
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/request_target.hpp>

#include <algorithm>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::size_t request_parser::parse(std::span<char> data) noexcept {
    assert(data.size() >= read_ && "data begins with the bytes kept");
    started_ = started_ || !data.empty();
    if (state_ <= state::fields)
        parse_head(data);
    if (state_ == state::sized_body && skips_body_)
        return skip_sized_body(data);
    if (state_ == state::sized_body) {
        body_bytes_ = std::min(body_size_, data.size() - body_begin_);
        read_ = body_begin_ + body_bytes_;
        if (body_bytes_ == body_size_)
            state_ = state::done;
    } else if (state_ == state::chunked_body) {
        return parse_chunks(data);
    }
    return state_ == state::done ? data.size() : read_;
}

FOREST_DECL std::string_view
request_parser::method_text(std::span<const char> data) const noexcept {
    return head_complete() ? line_.method(text(data)) : std::string_view{};
}

FOREST_DECL std::string_view request_parser::target(std::span<const char> data) const noexcept {
    return head_complete() ? line_.target(text(data)) : std::string_view{};
}

FOREST_DECL std::string_view request_parser::path(std::span<const char> data) const noexcept {
    return head_complete() ? path_of_target(target(data)) : std::string_view{};
}

FOREST_DECL bool request_parser::expects_continue() const noexcept {
    return expects_continue_ && version_minor() == 1 && head_complete() && !done();
}

FOREST_DECL std::string_view request_parser::part(std::span<const char> data, std::size_t begin,
                                                  std::size_t end) const noexcept {
    return head_complete() ? text(data).substr(begin, end - begin) : std::string_view{};
}

FOREST_DECL void request_parser::fail(std::error_code error, int status) noexcept {
    error_ = error;
    error_status_ = status;
    state_ = state::failed;
}

FOREST_DECL void request_parser::refuse(framing_fault fault) noexcept {
    if (fault == framing_fault::head_too_large)
        fail(std::make_error_code(std::errc::message_size), 431);
    else if (fault == framing_fault::body_too_large)
        fail(std::make_error_code(std::errc::message_size), 413);
    else if (fault == framing_fault::coding_unsupported)
        fail(std::make_error_code(std::errc::not_supported), 501);
    else
        fail(std::make_error_code(std::errc::bad_message), 400);
}

FOREST_DECL void request_parser::parse_head(std::span<const char> data) noexcept {
    const std::string_view head = text(data).substr(0, limits_.head_bytes_max);
    scan_status status = scan_status::more;
    if (state_ == state::request_line) {
        status = line_.scan(head, read_);
        if (status == scan_status::done) {
            fields_begin_ = read_;
            state_ = state::fields;
        }
    }
    if (state_ == state::fields)
        status = field_scanner_.scan(head, read_, [&](const field_place& line) {
            read_field(line.name_in(head), line.value_in(head));
        });
    if (status == scan_status::done)
        complete_head(data);
    else if (status == scan_status::fault)
        refuse(framing_fault::malformed);
    else if (read_ < data.size())
        refuse(framing_fault::head_too_large);
}

FOREST_DECL void request_parser::read_field(std::string_view name,
                                            std::string_view value) noexcept {
    if (is_named(name, "Host"))
        host_valid_ = ++hosts_ == 1 && is_host_field(trim_blanks(value));
    else if (is_named(name, "Expect"))
        expects_continue_ = expects_continue_ || list_has(value, "100-continue");
    else
        framing_fields_.add(name, value);
}

FOREST_DECL void request_parser::complete_head(std::span<const char> data) noexcept {
    body_begin_ = read_;
    if (line_.version_major() != '1' || line_.version_minor() > '1')
        return fail(std::make_error_code(std::errc::not_supported), 505);
    method_ = read_http_method(method_text(data));
    const bool target_valid = is_resource_target(target(data)) ||
                              (method_ == http_method::other && is_server_target(target(data)));
    if (!target_valid || !(host_valid_ || (hosts_ == 0 && version_minor() == 0)))
        return refuse(framing_fault::malformed);
    keep_alive_ = version_minor() == 1 && !framing_fields_.closes();

    const body_framing framing = framing_fields_.framing(version_minor(), limits_.body_bytes_max);
    if (framing.fault != framing_fault::none)
        return refuse(framing.fault);
    body_size_ = framing.size;
    state_ = framing.kind == body_kind::chunked ? state::chunked_body : state::sized_body;
    chunks_ = chunk_decoder{limits_.body_bytes_max, limits_.head_bytes_max};
}

FOREST_DECL std::size_t request_parser::drop(std::span<char> data, std::size_t begin,
                                             std::size_t end) noexcept {
    const auto surplus = data.subspan(end);
    std::copy(surplus.begin(), surplus.end(), data.subspan(begin).begin());
    return begin + surplus.size();
}

FOREST_DECL std::size_t request_parser::skip_sized_body(std::span<char> data) noexcept {
    const std::size_t arrived = std::min(body_size_, data.size() - read_);
    body_size_ -= arrived;
    if (body_size_ == 0)
        state_ = state::done;
    return drop(data, read_, read_ + arrived);
}

FOREST_DECL std::size_t request_parser::parse_chunks(std::span<char> data) noexcept {
    std::size_t write = read_;
    const scan_status status = chunks_.decode(data, read_, write);
    if (skips_body_)
        write = body_begin_;
    body_bytes_ = write - body_begin_;
    const std::size_t surplus_begin = std::exchange(read_, write);
    if (status == scan_status::fault)
        refuse(chunks_.fault());
    if (status != scan_status::done)
        return write;
    state_ = state::done;
    return drop(data, write, surplus_begin);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
