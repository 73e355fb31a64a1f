// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_FRAMING_HPP
#define FOREST_CORE_FRAMING_HPP

#include <forest/core/fields.hpp>

// What requests and answers share of RFC 9112: limits, header sections and the length of a body.
// Everything is refused that two readers could understand differently; that is how requests are
// smuggled.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace forest {

/// Bounds of one message; a buffer of their sum holds any message that a parser accepts.
struct message_limits {
    /// Start line and header section with all their line ends; interim answers (1xx) count too.
    /// Trailers and chunk extensions together have the same limit, on their own account.
    std::size_t head_bytes_max = 16 * 1024;

    /// The body without its framing; 0 accepts only empty ones.
    std::size_t body_bytes_max = 64 * 1024;
};

/// Why the framing of a message was refused.
enum class framing_fault {
    none,
    malformed,
    head_too_large,
    body_too_large,
    coding_unsupported, ///< a transfer coding other than `chunked`
};

/// What a scanner says after the bytes it was given.
enum class scan_status { more, done, fault };

/// Scans a header section, or trailers, up to and with the empty line that ends it, in any number
/// of steps. Strict: lines end in CRLF and in nothing else; no folded lines, no controls, no space
/// before the colon, no empty name.
class field_scanner {
public:
    /// Scans `data` from `position`, and moves `position` behind what was consumed: the whole of
    /// `data`, or less when done, or up to the first byte that cannot be right.
    constexpr scan_status scan(std::string_view data, std::size_t& position) noexcept {
        while (position < data.size()) {
            const char byte = data[position];
            switch (state_) {
            case state::line_start:
                if (byte == '\r')
                    state_ = state::last_line_feed;
                else if (is_token_byte(byte))
                    state_ = state::name;
                else
                    return scan_status::fault;
                break;
            case state::name:
                if (byte == ':')
                    state_ = state::value;
                else if (!is_token_byte(byte))
                    return scan_status::fault;
                break;
            case state::value:
                if (byte == '\r')
                    state_ = state::line_feed;
                else if (!is_field_value_byte(byte))
                    return scan_status::fault;
                break;
            case state::line_feed:
                if (byte != '\n')
                    return scan_status::fault;
                state_ = state::line_start;
                break;
            case state::last_line_feed:
                if (byte != '\n')
                    return scan_status::fault;
                ++position;
                state_ = state::line_start;
                return scan_status::done;
            }
            ++position;
        }
        return scan_status::more;
    }

private:
    enum class state : unsigned char { line_start, name, value, line_feed, last_line_feed };
    state state_ = state::line_start;
};

/// How the end of a body is told.
enum class body_kind {
    unspecified, ///< neither length nor coding: none for a request, up to the close for an answer
    sized,       ///< Content-Length
    chunked,     ///< Transfer-Encoding: chunked
};

/// What the header section says about the body.
struct body_framing {
    framing_fault fault = framing_fault::none;
    body_kind kind = body_kind::unspecified;
    std::size_t size = 0; ///< bytes, when `sized`
};

namespace detail {

// Larger than any limit can be, so that a length of any number of digits compares as too large.
inline constexpr std::uint64_t body_size_overflow = std::numeric_limits<std::uint64_t>::max();

// Reads `1*DIGIT`, saturating; false when it is anything else.
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

// Collects all Content-Length values: repeated lines and lists, which proxies make of them.
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

// Collects the codings of all Transfer-Encoding lines, in the order applied.
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

} // namespace detail

/// Decides how the body is framed (RFC 9112, 6). Identical repeats of Content-Length are accepted.
/// Malformed: lengths that differ or are no number, a length beside a transfer coding, a coding in
/// HTTP/1.0 (`version_minor` 0), an empty coding, `chunked` twice.
[[nodiscard]] constexpr body_framing read_body_framing(const field_view& fields, int version_minor,
                                                       std::size_t body_bytes_max) noexcept {
    detail::content_length length;
    detail::transfer_codings codings;
    fields.for_each([&](std::string_view name, std::string_view value) {
        if (iequals(name, "Content-Length"))
            length.add(value);
        else if (iequals(name, "Transfer-Encoding"))
            codings.add(value);
    });

    body_framing framing;
    if (codings.present) {
        framing.kind = body_kind::chunked;
        if (length.present || version_minor == 0)
            framing.fault = framing_fault::malformed;
        else if (codings.others)
            framing.fault = framing_fault::coding_unsupported;
        else if (codings.chunked != 1)
            framing.fault = framing_fault::malformed;
    } else if (length.present) {
        framing.kind = body_kind::sized;
        if (!length.valid)
            framing.fault = framing_fault::malformed;
        else if (length.size > body_bytes_max || length.size == detail::body_size_overflow)
            framing.fault = framing_fault::body_too_large;
        else
            framing.size = static_cast<std::size_t>(length.size);
    }
    return framing;
}

} // namespace forest

#endif
