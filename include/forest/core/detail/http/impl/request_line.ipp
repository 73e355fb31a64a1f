// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_IMPL_REQUEST_LINE_IPP
#define FOREST_CORE_DETAIL_HTTP_IMPL_REQUEST_LINE_IPP

#include <forest/core/detail/http/authority.hpp>
#include <forest/core/detail/http/request_line.hpp>
#include <forest/core/detail/http/request_target.hpp>
#include <forest/core/fields.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL scan_status request_line::scan(std::string_view data, std::size_t& position) noexcept {
    while (position < data.size()) {
        switch (state_) {
        case state::empty_lines:
            if (data[position] == '\r' && empty_lines_ < empty_lines_max) {
                ++position;
                state_ = state::empty_line_feed;
                break;
            }
            if (!is_token_byte(data[position]))
                return scan_status::fault;
            method_begin_ = position;
            state_ = state::method;
            [[fallthrough]];
        case state::method:
            position = skip_token(data, position);
            if (position == data.size())
                break;
            if (data[position] != ' ')
                return scan_status::fault;
            target_begin_ = ++position;
            state_ = state::target;
            [[fallthrough]];
        case state::target:
            position = skip_target(data, position);
            if (position == data.size())
                break;
            if (data[position] != ' ' || position == target_begin_)
                return scan_status::fault;
            target_end_ = position++;
            state_ = state::http_version;
            [[fallthrough]];
        case state::http_version:
            position = skip_version(data, position);
            if (position == version_end())
                state_ = state::line_feed;
            else if (position < data.size())
                return scan_status::fault;
            break;
        case state::empty_line_feed:
        case state::line_feed:
            if (data[position] != '\n')
                return scan_status::fault;
            ++position;
            if (state_ == state::line_feed)
                return scan_status::done;
            ++empty_lines_;
            state_ = state::empty_lines;
            break;
        }
    }
    return scan_status::more;
}

FOREST_DECL std::string_view request_line::method(std::string_view data) const noexcept {
    return data.substr(method_begin_, target_begin_ - 1 - method_begin_);
}

FOREST_DECL std::size_t request_line::skip_version(std::string_view data,
                                                   std::size_t position) noexcept {
    const std::size_t begin = target_end_ + 1;
    for (; position < data.size() && position - begin < version_shape.size(); ++position) {
        const char byte = data[position];
        const char expected = version_shape[position - begin];
        if (expected == 'd' ? !is_digit(byte) : byte != expected)
            break;
        if (expected == 'd')
            (data[position - 1] == '/' ? major_ : minor_) = byte;
    }
    return position;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
