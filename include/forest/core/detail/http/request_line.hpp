// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_REQUEST_LINE_HPP
#define FOREST_CORE_DETAIL_HTTP_REQUEST_LINE_HPP

#include <forest/core/detail/http/framing.hpp>
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
    scan_status scan(std::string_view data, std::size_t& position) noexcept;

    // The parts, when the line is done. `data` begins at the same byte as before.
    [[nodiscard]] std::string_view method(std::string_view data) const noexcept;
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
    std::size_t skip_version(std::string_view data, std::size_t position) noexcept;

    std::size_t method_begin_ = 0;
    std::size_t target_begin_ = 0;
    std::size_t target_end_ = 0;
    int empty_lines_ = 0;
    state state_ = state::empty_lines;
    char major_ = '1';
    char minor_ = '1';
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/http/impl/request_line.ipp>
#endif

#endif
