// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_RESPONSE_PARSER_HPP
#define FOREST_CORE_DETAIL_HTTP_RESPONSE_PARSER_HPP

#include <forest/core/detail/http/chunked.hpp>
#include <forest/core/detail/http/first_bytes.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/form.hpp>

// Reads one answer from a buffer that the caller owns. It keeps only offsets and allocates nothing.
// So the caller may move or grow the buffer between two reads.

#include <algorithm>
#include <cassert>
#include <cstddef>
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
        *this = response_parser{limits, to_head_request};
    }

    /// Parses `data`: the kept bytes, and then the new ones. Returns the number of bytes at the
    /// front to keep, at most the sum of the limits; append the next bytes to them. May move bytes
    /// within `data`.
    [[nodiscard]] std::size_t parse(std::span<char> data) noexcept {
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

    /// Call it when the peer has closed the connection. A body without a length is then complete.
    /// Any other incomplete answer fails with `connection_lost`.
    void finish() noexcept {
        if (state_ == state::unsized_body)
            state_ = state::done;
        else if (!done())
            fail(state_ == state::foreign ? errc::malformed_response : errc::connection_lost);
    }

    /// Whether the answer is complete or has failed.
    [[nodiscard]] bool done() const noexcept { return state_ >= state::done; }

    /// Returns why the answer failed: `malformed_response`, `response_too_large`,
    /// `unsupported_encoding` or `connection_lost`. The first bytes may also show `tls_expected`,
    /// `http2_only` or `other_protocol`.
    [[nodiscard]] std::error_code error() const noexcept { return error_; }

    /// The status, 100 to 999, as soon as the header section of the final answer is complete; 0
    /// until then.
    [[nodiscard]] int status() const noexcept { return head_complete() ? status_ : 0; }

    /// The header section, as soon as it is complete; empty until then. `data` begins with the
    /// bytes kept.
    [[nodiscard]] field_view fields(std::span<const char> data) const noexcept {
        if (!head_complete())
            return field_view{};
        return field_view{text(data).substr(fields_begin_, body_begin_ - fields_begin_)};
    }

    /// The part of the body that has arrived, without its framing. `data` begins with the bytes
    /// kept.
    [[nodiscard]] std::string_view body(std::span<const char> data) const noexcept {
        return text(data).substr(head_complete() ? body_begin_ : 0, body_bytes_);
    }

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

    void fail(errc code) noexcept {
        error_ = code;
        state_ = state::failed;
    }

    void refuse(framing_fault fault) noexcept {
        if (fault == framing_fault::malformed)
            fail(errc::malformed_response);
        else if (fault == framing_fault::coding_unsupported)
            fail(errc::unsupported_encoding);
        else
            fail(errc::response_too_large);
    }

    // Parses one head after the other until the final one is complete. The offset in the buffer
    // counts the bytes of all heads, so an endless series of interim answers reaches the limit.
    void parse_heads(std::span<const char> data) noexcept {
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

    // The head is wrong. The bytes may be of another protocol; to recognise it, more bytes may be
    // needed.
    void recognise(std::string_view head) noexcept {
        if (state_ > state::status_line || head_begin_ != 0)
            return refuse(framing_fault::malformed);
        if (const auto found = protocol_of(head))
            return fail(*found);
        state_ = state::foreign;
        read_ = head.size();
    }

    // Reads the available part of the status line. Returns false at a wrong byte; `read_` is then
    // its place.
    bool read_status_line(std::string_view head) noexcept {
        switch (state_) {
        case state::foreign: return false;
        case state::status_line: {
            const std::string_view line = head.substr(head_begin_, status_end);
            std::size_t index = read_ - head_begin_;
            if (index == 0 && line.size() == status_end && begins_as_usual(line))
                index = protocol.size(); // the usual case, in one step
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

    static bool begins_as_usual(std::string_view line) noexcept {
        constexpr std::uint64_t first_seven = ~std::uint64_t{0} >> 8U;
        return (word_at(line.data()) & first_seven) == (word_at("HTTP/1.1") & first_seven);
    }

    // Reads one byte of the status line, at most up to the last digit of the status.
    bool step_status(char byte, std::size_t index) noexcept {
        if (index < protocol.size())
            return byte == protocol[index];
        if (index == protocol.size()) {
            version_minor_ = byte - '0';
            return byte == '0' || byte == '1';
        }
        if (index < status_begin)
            return byte == ' ';
        status_ = status_ * 10 + (byte - '0');
        return (index == status_begin ? '1' : '0') <= byte && byte <= '9';
    }

    void complete_head() noexcept {
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
            persistent_ =
                persistent_ &&
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

    // The kept bytes end with the decoded data, so new framing begins directly behind them.
    void parse_chunks(std::span<char> data) noexcept {
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

    message_limits limits_;
    std::size_t read_ = 0; // the bytes before it are consumed, and kept
    std::size_t head_begin_ = 0;
    std::size_t fields_begin_ = 0;
    std::size_t body_begin_ = 0; // 0 until the final head is complete
    std::size_t body_bytes_ = 0;
    std::error_code error_;
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

#endif
