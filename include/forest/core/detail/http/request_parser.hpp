// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_REQUEST_PARSER_HPP
#define FOREST_CORE_DETAIL_HTTP_REQUEST_PARSER_HPP

#include <forest/core/detail/http/chunked.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/http/request_line.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/form.hpp>

// Reads one request from a buffer that the server owns. The parser does not touch the pipelined
// requests behind that one. It keeps only offsets, so the buffer may move between two reads.

#include <cassert>
#include <cstddef>
#include <span>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM::detail {

/// How a parser treats the body of a request.
enum class request_body {
    kept,    ///< it stays in the buffer, without its framing
    skipped, ///< it is checked and dropped as it arrives, and needs no memory
};

/// An incremental parser of one HTTP/1.0 or HTTP/1.1 request (RFC 9112; PROTOCOL.md, 2). The result
/// does not depend on how the bytes were split. Trivially copyable; not for two threads at a time.
class request_parser {
public:
    explicit request_parser(message_limits limits = {},
                            request_body body = request_body::kept) noexcept
        : limits_{limits}, skips_body_{body == request_body::skipped} {}

    /// Starts with the next request, after the caller has removed `consumed()` bytes from the
    /// front.
    void reset(message_limits limits = {}, request_body body = request_body::kept) noexcept {
        *this = request_parser{limits, body};
    }

    /// Parses `data`: the kept bytes, and then the new ones. Returns the number of bytes at the
    /// front to keep; append the next bytes to them. May move bytes within `data`. When the request
    /// is done, the first `consumed()` kept bytes are this request, and the next request follows.
    [[nodiscard]] std::size_t parse(std::span<char> data) noexcept;

    /// Call it when the peer has closed its side: a request that is not complete fails with
    /// `connection_lost`.
    void finish() noexcept {
        if (!done())
            fail(errc::connection_lost, 400);
    }

    /// Whether the request is complete or has failed.
    [[nodiscard]] bool done() const noexcept { return state_ >= state::done; }

    /// Returns why the request failed. The codes are for messages in general, not for answers:
    /// `std::errc::bad_message`, `std::errc::message_size` (a limit), `std::errc::not_supported`
    /// (version or coding); and `errc::connection_lost`.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

    /// Returns the status with which a failed request is refused before the connection is closed:
    /// 400, 413 (body too large), 431 (head too large), 501 (transfer coding) or 505 (version); 0
    /// when nothing failed.
    [[nodiscard]] int error_status() const noexcept { return error_status_; }

    /// How many bytes at the front this request takes, once done.
    [[nodiscard]] std::size_t consumed() const noexcept {
        return head_complete() ? body_begin_ + body_bytes_ : read_;
    }

    /// Whether any byte has arrived.
    [[nodiscard]] bool started() const noexcept { return started_; }

    /// Parts of the request line and the header section. Until the head is complete, the method is
    /// `other`, and the rest is empty. `data` begins with the kept bytes.
    [[nodiscard]] http_method method() const noexcept { return method_; }

    [[nodiscard]] std::string_view method_text(std::span<const char> data) const noexcept;

    /// The target as sent: `/forest/health?a=b`, or in absolute form.
    [[nodiscard]] std::string_view target(std::span<const char> data) const noexcept;

    /// The target without scheme, authority and query; never empty once the head is complete.
    [[nodiscard]] std::string_view path(std::span<const char> data) const noexcept;

    [[nodiscard]] field_view fields(std::span<const char> data) const noexcept {
        return field_view{part(data, fields_begin_, body_begin_)};
    }

    /// 0 or 1.
    [[nodiscard]] int version_minor() const noexcept {
        return line_.version_minor() == '0' ? 0 : 1;
    }

    /// The part of the body that has arrived, without its framing; empty if bodies are skipped.
    [[nodiscard]] std::string_view body(std::span<const char> data) const noexcept {
        return part(data, body_begin_, body_begin_ + body_bytes_);
    }

    /// Whether the client wants to use the connection again: HTTP/1.1 without `Connection: close`.
    [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_ && !error_; }

    /// Whether the client waits for `100 Continue` before it sends the rest of the body.
    [[nodiscard]] bool expects_continue() const noexcept;

private:
    // The order matters: up to `fields` the head is being read; from `done` on, nothing is read.
    enum class state : unsigned char {
        request_line,
        fields,
        sized_body,
        chunked_body,
        done,
        failed,
    };

    static std::string_view text(std::span<const char> data) noexcept {
        return {data.data(), data.size()};
    }

    bool head_complete() const noexcept { return body_begin_ != 0; }

    std::string_view part(std::span<const char> data, std::size_t begin,
                          std::size_t end) const noexcept;

    void fail(std::error_code error, int status) noexcept;

    void refuse(framing_fault fault) noexcept;

    void parse_head(std::span<const char> data) noexcept;

    void read_field(std::string_view name, std::string_view value) noexcept;

    void complete_head(std::span<const char> data) noexcept;

    // Closes the gap that the skipped bytes leave before the next request.
    static std::size_t drop(std::span<char> data, std::size_t begin, std::size_t end) noexcept;

    std::size_t skip_sized_body(std::span<char> data) noexcept;

    // The request behind a chunked one moves forward to the end of the decoded body.
    std::size_t parse_chunks(std::span<char> data) noexcept;

    message_limits limits_;
    std::size_t read_ = 0; // the bytes before it are consumed, and kept
    std::size_t fields_begin_ = 0;
    std::size_t body_begin_ = 0; // 0 until the head is complete
    std::size_t body_bytes_ = 0;
    std::size_t body_size_ = 0; // as declared, less the skipped bytes; 0 if not declared
    std::error_code error_;
    chunk_decoder chunks_;
    request_line line_;
    field_scanner field_scanner_;
    framing_fields framing_fields_;
    std::size_t hosts_ = 0;
    int error_status_ = 0;
    http_method method_ = http_method::other;
    state state_ = state::request_line;
    bool host_valid_ = false; // there is a valid `Host`
    bool keep_alive_ = false;
    bool expects_continue_ = false;
    bool started_ = false;
    bool skips_body_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/http/impl/request_parser.ipp>
#endif

#endif
