// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_REQUEST_LINE_HPP
#define FOREST_CORE_DETAIL_HTTP_REQUEST_LINE_HPP

#include <forest/core/detail/http/authority.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/http/request_target.hpp>
#include <forest/core/fields.hpp>
#include <forest/form.hpp>

// The first line of a request. Like the request parser, this class keeps only offsets.

#include <cstddef>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

/// Scans a request line (RFC 9112, 3) with its CRLF, and up to two empty lines before it, in any
/// number of steps. It is strict: there is exactly one space between the parts. It does not check
/// the meaning of target and version.
class request_line {
public:
    /// Like `field_scanner::scan`. The data of all steps begin at the same byte.
    scan_status scan(std::string_view data, std::size_t& position) noexcept {
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

    // The parts, when the line is done. `data` begins at the same byte as before.
    [[nodiscard]] std::string_view method(std::string_view data) const noexcept {
        return data.substr(method_begin_, target_begin_ - 1 - method_begin_);
    }
    [[nodiscard]] std::string_view target(std::string_view data) const noexcept {
        return data.substr(target_begin_, target_end_ - target_begin_);
    }

    /// The digits of the version.
    [[nodiscard]] char version_major() const noexcept { return major_; }
    [[nodiscard]] char version_minor() const noexcept { return minor_; }

private:
    enum class state : unsigned char {
        empty_lines,
        empty_line_feed,
        method,
        target,
        http_version,
        line_feed,
    };

    // Some clients end a body with a CRLF that they do not count (RFC 9112, 2.2).
    static constexpr int empty_lines_max = 2;

    static constexpr std::string_view version_shape = "HTTP/d.d\r";

    std::size_t version_end() const noexcept { return target_end_ + 1 + version_shape.size(); }

    // Returns the place of the first wrong byte from `position` on, or the end.
    std::size_t skip_version(std::string_view data, std::size_t position) noexcept {
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

    std::size_t method_begin_ = 0;
    std::size_t target_begin_ = 0;
    std::size_t target_end_ = 0;
    int empty_lines_ = 0;
    state state_ = state::empty_lines;
    char major_ = '1';
    char minor_ = '1';
};

} // namespace forest::inline FOREST_FORM::detail

#endif
