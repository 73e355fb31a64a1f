// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_REQUEST_WRITER_HPP
#define FOREST_CORE_REQUEST_WRITER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/url.hpp>
#include <forest/version.hpp>

// The bytes of a check's request, in exactly the order of PROTOCOL.md, 1. Into a buffer of the
// caller's, so that a steady check allocates nothing.

#include <cassert>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace forest {

/// Enough for any request to any URL with any header fields and a method of 32 bytes: target and
/// host come from the URL, each no longer than its text; what is fixed takes less than 256 bytes.
inline constexpr std::size_t request_bytes_max =
    2 * url::text_bytes_max + header_fields::capacity + 256;

namespace detail {

class bounded_writer {
public:
    explicit bounded_writer(std::span<char> out) noexcept : out_{out} {}

    bounded_writer& operator<<(std::string_view text) noexcept {
        fits_ = fits_ && text.size() <= out_.size() - size_;
        if (fits_ && !text.empty()) {
            std::memcpy(out_.data() + size_, text.data(), text.size());
            size_ += text.size();
        }
        return *this;
    }

    std::size_t size() const noexcept { return fits_ ? size_ : 0; }

private:
    std::span<char> out_;
    std::size_t size_ = 0;
    bool fits_ = true;
};

} // namespace detail

/// Writes a request without a body to `out`. Answers how many bytes it takes, or 0 when `out` is
/// too small; `request_bytes_max` is always enough. `method` is a token. `fields` come behind those
/// that every request has. Without `keep_alive` the request asks the server to close; with it,
/// nothing need be said in HTTP/1.1.
[[nodiscard]] inline std::size_t write_request(std::span<char> out, std::string_view method,
                                               const url& target, const header_fields& fields,
                                               bool keep_alive) noexcept {
    assert(is_token(method));
    assert(!target.host().empty());
    detail::bounded_writer writer{out};
    writer << method << " " << target.target() << " HTTP/1.1\r\n";
    writer << "Host: " << target.host_header() << "\r\n";
    writer << "User-Agent: forest/" << version << "\r\n";
    writer << "Accept: application/json\r\n";
    writer << fields.text();
    if (!keep_alive)
        writer << "Connection: close\r\n";
    writer << "\r\n";
    return writer.size();
}

} // namespace forest

#endif
