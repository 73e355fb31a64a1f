// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_RESPONSE_PARSER_HPP
#define FOREST_CORE_DETAIL_HTTP_RESPONSE_PARSER_HPP

#include <forest/core/detail/http/chunked.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/form.hpp>

// Reads one answer from a buffer that the caller owns. It keeps only offsets and allocates nothing.
// So the caller may move or grow the buffer between two reads.

#include <cassert>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM::detail {

/// An incremental parser of one HTTP/1.0 or HTTP/1.1 response (RFC 9112; PROTOCOL.md, 1 and 4).
/// The result does not depend on how the bytes were split. Trivially copyable; not for two threads
/// at a time.
///
///     kept = parser.parse({buffer, kept + arrived});   // until done() or the peer closes
class response_parser {
public:
    /// `to_head_request`: the request was a HEAD, so the answer has no body, even if its header
    /// section announces one.
    explicit response_parser(message_limits limits = {}, bool to_head_request = false) noexcept
        : limits_{limits}, to_head_request_{to_head_request} {}

    /// Starts with the next answer.
    void reset(message_limits limits = {}, bool to_head_request = false) noexcept {
        std::construct_at(this, limits, to_head_request);
    }

    /// Parses `data`: the kept bytes, and then the new ones. Returns the number of bytes at the
    /// front to keep, at most the sum of the limits; append the next bytes to them. May move bytes
    /// within `data`.
    [[nodiscard]] std::size_t parse(std::span<char> data) noexcept;

    /// Call it when the peer has closed the connection. A body without a length is then complete.
    /// Any other incomplete answer fails with `connection_lost`.
    void finish() noexcept;

    /// Whether the answer is complete or has failed.
    [[nodiscard]] bool done() const noexcept { return state_ >= state::done; }

    /// Returns why the answer failed: `malformed_response`, `response_too_large`,
    /// `unsupported_encoding` or `connection_lost`. The first bytes may also show `tls_expected`,
    /// `http2_only` or `other_protocol`.
    [[nodiscard]] std::error_code error() const noexcept {
        return state_ == state::failed ? make_error_code(error_) : std::error_code{};
    }

    /// The status, 100 to 999, as soon as the header section of the final answer is complete; 0
    /// until then.
    [[nodiscard]] int status() const noexcept { return head_complete() ? status_ : 0; }

    /// The header section, as soon as it is complete; empty until then. `data` begins with the
    /// bytes kept.
    [[nodiscard]] field_view fields(std::span<const char> data) const noexcept;

    /// The part of the body that has arrived, without its framing. `data` begins with the bytes
    /// kept.
    [[nodiscard]] std::string_view body(std::span<const char> data) const noexcept;

    /// Returns whether the connection can be used again: a complete HTTP/1.1 answer of known
    /// length, without `Connection: close` and without bytes behind it.
    [[nodiscard]] bool keep_alive() const noexcept {
        return state_ == state::done && persistent_ && !surplus_;
    }

    /// Returns whether any byte has arrived. If a reused connection ends before that, the request
    /// is repeated.
    [[nodiscard]] bool started() const noexcept { return started_; }

private:
    // The order matters: up to `fields` the head is being read; from `done` on, nothing is read.
    enum class state : unsigned char {
        foreign, // the answer does not begin with HTTP/1.x, and may be of another protocol
        status_line,
        reason,
        status_line_feed,
        fields,
        sized_body,
        chunked_body,
        unsized_body,
        done,
        failed,
    };

    static constexpr std::string_view protocol = "HTTP/1.";
    static constexpr std::size_t status_begin = protocol.size() + 2;
    static constexpr std::size_t status_end = status_begin + 3;

    static std::string_view text(std::span<const char> data) noexcept {
        return {data.data(), data.size()};
    }

    bool head_complete() const noexcept { return body_begin_ != 0; }

    std::size_t message_end() const noexcept {
        return head_complete() ? body_begin_ + body_bytes_ : read_;
    }

    void fail(errc code) noexcept;

    void refuse(framing_fault fault) noexcept;

    // Parses one head after the other until the final one is complete. The offset in the buffer
    // counts the bytes of all heads, so an endless series of interim answers reaches the limit.
    void parse_heads(std::span<const char> data) noexcept;

    // The head is wrong. The bytes may be of another protocol; to recognise it, more bytes may be
    // needed.
    void recognise(std::string_view head) noexcept;

    // Reads the available part of the status line. Returns false at a wrong byte; `read_` is then
    // its place.
    bool read_status_line(std::string_view head) noexcept;

    static bool begins_as_usual(std::string_view line) noexcept;

    // Reads one byte of the status line, at most up to the last digit of the status.
    bool step_status(char byte, std::size_t index) noexcept;

    void complete_head() noexcept;

    // The kept bytes end with the decoded data, so new framing begins directly behind them.
    void parse_chunks(std::span<char> data) noexcept;

    message_limits limits_;
    std::size_t read_ = 0; // the bytes before it are consumed, and kept
    std::size_t head_begin_ = 0;
    std::size_t fields_begin_ = 0;
    std::size_t body_begin_ = 0; // 0 until the final head is complete
    std::size_t body_bytes_ = 0;
    errc error_{}; // of `failed`
    body_framing framing_;
    chunk_decoder chunks_;
    field_scanner field_scanner_;
    framing_fields framing_fields_;
    int status_ = 0;
    int version_minor_ = 0;
    state state_ = state::status_line;
    bool to_head_request_;
    bool persistent_ = false;
    bool surplus_ = false;
    bool started_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/http/impl/response_parser.ipp>
#endif

#endif
