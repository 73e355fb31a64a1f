// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_CHUNKED_HPP
#define FOREST_CORE_DETAIL_HTTP_CHUNKED_HPP

#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/fields.hpp>
#include <forest/form.hpp>

// Removes the chunked coding from a body in place (RFC 9112, 7.1). The data moves to the front, and
// the framing disappears. So a buffer as large as the limit of the body is enough for chunks of any
// size.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

/// Decodes one chunked body, in any number of steps. Extensions and trailers are checked and
/// dropped.
class chunk_decoder {
public:
    chunk_decoder() = default;

    /// `extra_bytes_max` is the limit for extensions and trailers together.
    constexpr chunk_decoder(std::size_t body_bytes_max, std::size_t extra_bytes_max) noexcept
        : body_bytes_left_{body_bytes_max}, extra_bytes_left_{extra_bytes_max} {}

    /// Reads `data` from `read`, copies chunk data to `write`, and moves both. `write` must not be
    /// greater than `read`. When done, `read` is behind the trailers. After a fault, `fault()`
    /// returns it.
    constexpr scan_status decode(std::span<char> data, std::size_t& read,
                                 std::size_t& write) noexcept {
        while (read < data.size()) {
            if (state_ == state::data) {
                copy_data(data, read, write);
                continue;
            }
            if (state_ == state::trailers)
                return scan_trailers(data, read);
            if (!step(data[read]))
                return scan_status::fault;
            ++read;
        }
        return scan_status::more;
    }

    /// Why the body was refused.
    [[nodiscard]] constexpr framing_fault fault() const noexcept { return fault_; }

private:
    enum class state : unsigned char {
        size_first,
        size,
        before_extension,
        name_first,
        name,
        before_equals,
        value_first,
        value,
        quoted,
        quoted_escape,
        size_line_feed,
        data,
        data_return,
        data_line_feed,
        trailers,
    };

    // Leading zeros are digits, too. Without a limit they could make an endless line.
    static constexpr unsigned size_digits_max = 16;

    static constexpr bool is_blank(char byte) noexcept { return byte == ' ' || byte == '\t'; }

    constexpr bool refuse(framing_fault fault) noexcept {
        fault_ = fault;
        return false;
    }

    constexpr bool step(char byte) noexcept {
        switch (state_) {
        case state::size_first:
        case state::size:
            if (const unsigned digit = hex_value(byte); digit < 16)
                return add_size_digit(digit);
            return state_ == state::size ? step_extension(byte) : refuse(framing_fault::malformed);
        case state::size_line_feed:
            if (byte != '\n')
                return refuse(framing_fault::malformed);
            state_ = chunk_bytes_left_ == 0 ? state::trailers : state::data;
            return true;
        case state::data_return:
            state_ = state::data_line_feed;
            return byte == '\r' || refuse(framing_fault::malformed);
        case state::data_line_feed:
            state_ = state::size_first;
            return byte == '\n' || refuse(framing_fault::malformed);
        default: return step_extension(byte);
        }
    }

    constexpr bool add_size_digit(std::size_t digit) noexcept {
        digits_ = state_ == state::size_first ? 1 : digits_ + 1;
        state_ = state::size;
        if (digits_ > size_digits_max)
            return refuse(framing_fault::malformed);
        if (digit > body_bytes_left_ || chunk_bytes_left_ > (body_bytes_left_ - digit) / 16)
            return refuse(framing_fault::body_too_large);
        chunk_bytes_left_ = chunk_bytes_left_ * 16 + digit;
        return true;
    }

    // Everything between the size and the CR: *( BWS ";" BWS name [ BWS "=" BWS value ] ) BWS. The
    // last blanks are not in the grammar, but some servers pad the size with them.
    constexpr bool step_extension(char byte) noexcept {
        if (byte == '\r' && ends_extension()) {
            state_ = state::size_line_feed;
            return true;
        }
        if (extra_bytes_left_ == 0)
            return refuse(framing_fault::head_too_large);
        --extra_bytes_left_;
        const state next = next_in_extension(byte);
        if (next == state::size_first)
            return refuse(framing_fault::malformed);
        state_ = next;
        return true;
    }

    constexpr bool ends_extension() const noexcept {
        return state_ == state::size || state_ == state::before_extension ||
               state_ == state::name || state_ == state::before_equals || state_ == state::value;
    }

    // `size_first` means a wrong byte: no extension leads to this state.
    constexpr state next_in_extension(char byte) const noexcept {
        switch (state_) {
        case state::size:
        case state::before_extension:
            return is_blank(byte) ? state::before_extension
                   : byte == ';'  ? state::name_first
                                  : state::size_first;
        case state::name_first:
            return is_blank(byte)        ? state::name_first
                   : is_token_byte(byte) ? state::name
                                         : state::size_first;
        case state::name:
            if (is_token_byte(byte))
                return state::name;
            [[fallthrough]];
        case state::before_equals:
            return is_blank(byte) ? state::before_equals
                   : byte == '='  ? state::value_first
                   : byte == ';'  ? state::name_first
                                  : state::size_first;
        case state::value_first:
            return is_blank(byte)        ? state::value_first
                   : byte == '"'         ? state::quoted
                   : is_token_byte(byte) ? state::value
                                         : state::size_first;
        case state::value:
            return is_token_byte(byte) ? state::value
                   : is_blank(byte)    ? state::before_extension
                   : byte == ';'       ? state::name_first
                                       : state::size_first;
        case state::quoted:
            return byte == '"'                 ? state::before_extension
                   : byte == '\\'              ? state::quoted_escape
                   : is_field_value_byte(byte) ? state::quoted
                                               : state::size_first;
        case state::quoted_escape:
            return is_field_value_byte(byte) ? state::quoted : state::size_first;
        default: return state::size_first;
        }
    }

    constexpr void copy_data(std::span<char> data, std::size_t& read, std::size_t& write) noexcept {
        const std::size_t size = std::min(chunk_bytes_left_, data.size() - read);
        if (read != write) {
            const auto source = data.subspan(read, size);
            std::copy(source.begin(), source.end(), data.subspan(write).begin());
        }
        read += size;
        write += size;
        chunk_bytes_left_ -= size;
        body_bytes_left_ -= size;
        if (chunk_bytes_left_ == 0)
            state_ = state::data_return;
    }

    constexpr scan_status scan_trailers(std::span<char> data, std::size_t& read) noexcept {
        const std::size_t room = std::min(extra_bytes_left_, data.size() - read);
        const std::size_t first = read;
        const scan_status status =
            trailer_scanner_.scan(std::string_view{data.data(), first + room}, read);
        extra_bytes_left_ -= read - first;
        if (status == scan_status::fault)
            fault_ = framing_fault::malformed;
        if (status != scan_status::more || read == data.size())
            return status;
        fault_ = framing_fault::head_too_large;
        return scan_status::fault;
    }

    std::size_t body_bytes_left_ = 0;
    std::size_t extra_bytes_left_ = 0;
    std::size_t chunk_bytes_left_ = 0;
    field_scanner trailer_scanner_;
    framing_fault fault_ = framing_fault::none;
    unsigned digits_ = 0;
    state state_ = state::size_first;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
