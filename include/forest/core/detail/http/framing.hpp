// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_FRAMING_HPP
#define FOREST_CORE_DETAIL_HTTP_FRAMING_HPP

#include <forest/core/fields.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/form.hpp>

// The parts of RFC 9112 that requests and answers share: limits, header sections and the length of
// a body. If two readers could understand a text differently, it is refused: such texts are used to
// smuggle requests.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

/// Why the framing of a message was refused.
enum class framing_fault {
    none,
    malformed,
    head_too_large,
    body_too_large,
    coding_unsupported, ///< a transfer coding other than `chunked`
};

/// The state of a scanner after it has read its bytes.
enum class scan_status { more, done, fault };

/// The place of a line of a header section in the scanned data.
struct field_place {
    std::size_t name = 0;
    std::size_t colon = 0;
    std::size_t end = 0; ///< of the value, before the CRLF

    [[nodiscard]] constexpr std::string_view name_in(std::string_view data) const noexcept {
        return {data.data() + name, colon - name};
    }

    /// The value with the blanks around it.
    [[nodiscard]] constexpr std::string_view value_in(std::string_view data) const noexcept {
        return {data.data() + colon + 1, end - colon - 1};
    }
};

/// Scans a header section or trailers, including the empty line at the end, in any number of steps.
/// It is strict: each line ends in CRLF. There are no folded lines, no controls, no space before
/// the colon, and no empty name.
class field_scanner {
public:
    /// Scans `data` from `position`, and moves `position` behind the consumed bytes: all of `data`,
    /// or less when the end was found, or the bytes before the first wrong byte. Calls
    /// `on_line(const field_place&)` for each complete line. So a caller need not look for the line
    /// again. The place is right if the data of all steps begin at the same byte.
    template <typename F>
    constexpr scan_status scan(std::string_view data, std::size_t& position, F&& on_line) noexcept {
        while (position < data.size()) {
            switch (state_) {
            case state::line_start:
                if (data[position] == '\r') {
                    ++position;
                    state_ = state::last_line_feed;
                    break;
                }
                if (!is_token_byte(data[position]))
                    return scan_status::fault;
                line_.name = position;
                state_ = state::name;
                [[fallthrough]];
            case state::name:
                position = skip_token(data, position);
                if (position == data.size())
                    break;
                if (data[position] != ':')
                    return scan_status::fault;
                line_.colon = position++;
                state_ = state::value;
                [[fallthrough]];
            case state::value:
                position = skip_field_value(data, position);
                if (position == data.size())
                    break;
                if (data[position] != '\r')
                    return scan_status::fault;
                line_.end = position++;
                state_ = state::line_feed;
                if (position == data.size())
                    break;
                [[fallthrough]];
            case state::line_feed:
                if (data[position] != '\n')
                    return scan_status::fault;
                ++position;
                state_ = state::line_start;
                on_line(std::as_const(line_));
                break;
            case state::last_line_feed:
                if (data[position] != '\n')
                    return scan_status::fault;
                ++position;
                state_ = state::line_start;
                return scan_status::done;
            }
        }
        return scan_status::more;
    }

    constexpr scan_status scan(std::string_view data, std::size_t& position) noexcept {
        return scan(data, position, [](const field_place&) {});
    }

private:
    enum class state : unsigned char { line_start, name, value, line_feed, last_line_feed };

    field_place line_;
    state state_ = state::line_start;
};

/// How a message marks the end of its body.
enum class body_kind {
    unspecified, ///< neither length nor coding: a request has no body, an answer ends with the
                 ///< connection
    sized,       ///< Content-Length
    chunked,     ///< Transfer-Encoding: chunked
};

/// The body as the header section describes it.
struct body_framing {
    framing_fault fault = framing_fault::none;
    body_kind kind = body_kind::unspecified;
    std::size_t size = 0; ///< bytes, when `sized`
};

// A size above any possible limit. A length with too many digits is read as this size, and so is
// too large.
inline constexpr std::uint64_t body_size_overflow = std::numeric_limits<std::uint64_t>::max();

// Reads `1*DIGIT`; too large numbers become the size above. Returns false for any other text.
constexpr bool read_body_size(std::string_view digits, std::uint64_t& size) noexcept {
    size = 0;
    for (const char byte : digits) {
        if (byte < '0' || byte > '9')
            return false;
        const auto digit = static_cast<std::uint64_t>(byte - '0');
        size = size > (body_size_overflow - digit) / 10 ? body_size_overflow : size * 10 + digit;
    }
    return !digits.empty();
}

// Collects all Content-Length values, from repeated lines and from lists. Proxies join repeated
// lines to lists.
struct content_length {
    bool present = false;
    bool valid = true;
    std::uint64_t size = 0;

    constexpr void add(std::string_view list) noexcept {
        while (true) {
            const std::size_t comma = list.find(',');
            std::uint64_t value = 0;
            if (!read_body_size(trim_blanks(list.substr(0, comma)), value))
                valid = false;
            if (present && value != size)
                valid = false;
            present = true;
            size = value;
            if (comma == std::string_view::npos)
                return;
            list.remove_prefix(comma + 1);
        }
    }
};

// Collects the codings of all Transfer-Encoding lines, in the order in which they were applied.
struct transfer_codings {
    bool present = false;
    bool others = false;
    std::size_t chunked = 0;

    constexpr void add(std::string_view list) noexcept {
        present = true;
        for_each_list_element(list, [this](std::string_view coding) {
            if (iequals(coding, "chunked"))
                ++chunked;
            else
                others = true;
        });
    }
};

/// Collects, line by line, what a header section says about the message itself: how the body is
/// framed (RFC 9112, 6), and whether the connection ends after the message.
class framing_fields {
public:
    /// Reads a line if its name is one of the relevant ones. Blanks around the value do not count.
    constexpr void add(std::string_view name, std::string_view value) noexcept {
        if (is_named(name, "Content-Length"))
            length_.add(value);
        else if (is_named(name, "Transfer-Encoding"))
            codings_.add(value);
        else if (is_named(name, "Connection"))
            closes_ = closes_ || list_has(value, "close");
    }

    /// Whether `Connection` lists `close`.
    [[nodiscard]] constexpr bool closes() const noexcept { return closes_; }

    /// Identical repeats of Content-Length are accepted. The following is malformed: lengths that
    /// differ, a length that is no number, a length together with a transfer coding, a coding in
    /// HTTP/1.0 (`version_minor` 0), an empty coding, `chunked` twice.
    [[nodiscard]] constexpr body_framing framing(int version_minor,
                                                 std::size_t body_bytes_max) const noexcept {
        body_framing framing;
        if (codings_.present) {
            framing.kind = body_kind::chunked;
            if (length_.present || version_minor == 0)
                framing.fault = framing_fault::malformed;
            else if (codings_.others)
                framing.fault = framing_fault::coding_unsupported;
            else if (codings_.chunked != 1)
                framing.fault = framing_fault::malformed;
        } else if (length_.present) {
            framing.kind = body_kind::sized;
            if (!length_.valid)
                framing.fault = framing_fault::malformed;
            else if (length_.size > body_bytes_max || length_.size == body_size_overflow)
                framing.fault = framing_fault::body_too_large;
            else
                framing.size = static_cast<std::size_t>(length_.size);
        }
        return framing;
    }

private:
    content_length length_;
    transfer_codings codings_;
    bool closes_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
