// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_IMPL_RESPONSE_PARSER_IPP
#define FOREST_CORE_DETAIL_HTTP_IMPL_RESPONSE_PARSER_IPP

#include <forest/core/detail/http/first_bytes.hpp>
#include <forest/core/detail/http/response_parser.hpp>

#include <algorithm>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::size_t response_parser::parse(std::span<char> data) noexcept {
    assert(data.size() >= read_ && "data begins with the bytes kept");
    started_ = started_ || !data.empty();
    if (state_ <= state::fields)
        parse_heads(data);
    switch (state_) {
    case state::sized_body:
        body_bytes_ = std::min(framing_.size, data.size() - body_begin_);
        read_ = body_begin_ + body_bytes_;
        if (body_bytes_ == framing_.size)
            state_ = state::done;
        break;
    case state::chunked_body: parse_chunks(data); break;
    case state::unsized_body:
        body_bytes_ = std::min(limits_.body_bytes_max, data.size() - body_begin_);
        read_ = body_begin_ + body_bytes_;
        if (read_ < data.size())
            refuse(framing_fault::body_too_large);
        break;
    default: break;
    }
    if (state_ == state::done && read_ < data.size())
        surplus_ = true;
    if (state_ >= state::done)
        read_ = message_end();
    return read_;
}

FOREST_DECL void response_parser::finish() noexcept {
    if (state_ == state::unsized_body)
        state_ = state::done;
    else if (!done())
        fail(state_ == state::foreign ? errc::malformed_response : errc::connection_lost);
}

FOREST_DECL field_view response_parser::fields(std::span<const char> data) const noexcept {
    if (!head_complete())
        return field_view{};
    constexpr std::size_t empty_line = 2; // of the body it is the end, and not a field
    return field_view{{data.data() + fields_begin_, body_begin_ - fields_begin_ - empty_line}};
}

FOREST_DECL std::string_view response_parser::body(std::span<const char> data) const noexcept {
    return {data.data() + body_begin_, body_bytes_};
}

FOREST_DECL void response_parser::fail(errc code) noexcept {
    error_ = code;
    state_ = state::failed;
}

FOREST_DECL void response_parser::refuse(framing_fault fault) noexcept {
    if (fault == framing_fault::malformed)
        fail(errc::malformed_response);
    else if (fault == framing_fault::coding_unsupported)
        fail(errc::unsupported_encoding);
    else
        fail(errc::response_too_large);
}

FOREST_DECL void response_parser::parse_heads(std::span<const char> data) noexcept {
    const std::string_view head = text(data).substr(0, limits_.head_bytes_max);
    while (state_ <= state::fields && read_ < head.size()) {
        if (state_ == state::fields) {
            const scan_status status =
                field_scanner_.scan(head, read_, [&](const field_place& line) {
                    framing_fields_.add(line.name_in(head), line.value_in(head));
                });
            if (status == scan_status::fault)
                return refuse(framing_fault::malformed);
            if (status == scan_status::done)
                complete_head();
        } else if (!read_status_line(head)) {
            recognise(head);
        }
    }
    if (state_ <= state::fields && read_ < data.size())
        refuse(framing_fault::head_too_large);
}

FOREST_DECL void response_parser::recognise(std::string_view head) noexcept {
    if (state_ > state::status_line || head_begin_ != 0)
        return refuse(framing_fault::malformed);
    if (const auto found = protocol_of(head))
        return fail(*found);
    state_ = state::foreign;
    read_ = head.size();
}

FOREST_DECL bool response_parser::read_status_line(std::string_view head) noexcept {
    switch (state_) {
    case state::foreign: return false;
    case state::status_line: {
        const std::string_view line = head.substr(head_begin_, status_end);
        std::size_t index = read_ - head_begin_;
        if (index == 0 && line.size() == status_end && begins_as_usual(line)) {
            version_minor_ = 1;
            index = status_begin;
        }
        while (index < line.size() && step_status(line[index], index))
            ++index;
        read_ = head_begin_ + index;
        if (read_ == head.size())
            return true;
        if (index < status_end || (head[read_] != ' ' && head[read_] != '\r'))
            return false;
        state_ = state::reason;
    }
        [[fallthrough]];
    case state::reason:
        read_ = skip_field_value(head, read_);
        if (read_ == head.size())
            return true;
        if (head[read_] != '\r')
            return false;
        ++read_;
        state_ = state::status_line_feed;
        [[fallthrough]];
    default:
        if (read_ == head.size())
            return true;
        if (head[read_] != '\n')
            return false;
        fields_begin_ = ++read_;
        state_ = state::fields;
        return true;
    }
}

FOREST_DECL bool response_parser::begins_as_usual(std::string_view line) noexcept {
    constexpr std::string_view usual = "HTTP/1.1";
    return word_at(line.data()) == word_at(usual.data()) && line[usual.size()] == ' ';
}

FOREST_DECL bool response_parser::step_status(char byte, std::size_t index) noexcept {
    if (index >= status_begin) {
        status_ = status_ * 10 + (byte - '0');
        return (index == status_begin ? '1' : '0') <= byte && byte <= '9';
    }
    if (index < protocol.size())
        return byte == protocol[index];
    if (index > protocol.size())
        return byte == ' ';
    version_minor_ = byte - '0';
    return byte == '0' || byte == '1';
}

FOREST_DECL void response_parser::complete_head() noexcept {
    if (100 <= status_ && status_ <= 199 && status_ != 101) {
        state_ = state::status_line;
        head_begin_ = read_;
        status_ = 0;
        framing_fields_ = {};
        return;
    }
    body_begin_ = read_;
    persistent_ = version_minor_ == 1 && status_ != 101 && !framing_fields_.closes();
    framing_ = framing_fields_.framing(version_minor_, limits_.body_bytes_max);
    if (to_head_request_ || status_ == 101 || status_ == 204 || status_ == 304) {
        // There is no body that could be misread. But a peer that contradicts itself gets no
        // second request on this connection. In the answer to HEAD and in a 304, the length is
        // that of the body for a GET.
        const framing_fault fault = framing_.fault;
        const bool announces_body = framing_.kind == body_kind::chunked || framing_.size > 0;
        persistent_ = persistent_ &&
                      (fault == framing_fault::none || fault == framing_fault::body_too_large) &&
                      (to_head_request_ || status_ == 304 || !announces_body);
        state_ = state::done;
    } else if (framing_.fault != framing_fault::none) {
        refuse(framing_.fault);
    } else if (framing_.kind == body_kind::sized) {
        state_ = state::sized_body;
    } else if (framing_.kind == body_kind::chunked) {
        chunks_ = chunk_decoder{limits_.body_bytes_max, limits_.head_bytes_max};
        state_ = state::chunked_body;
    } else {
        persistent_ = false;
        state_ = state::unsized_body;
    }
}

FOREST_DECL void response_parser::parse_chunks(std::span<char> data) noexcept {
    std::size_t write = read_;
    const scan_status status = chunks_.decode(data, read_, write);
    body_bytes_ = write - body_begin_;
    if (status == scan_status::fault)
        return refuse(chunks_.fault());
    if (status == scan_status::more) {
        read_ = write;
        return;
    }
    surplus_ = read_ < data.size();
    state_ = state::done;
    read_ = data.size();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
