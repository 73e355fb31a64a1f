// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_JSON_STRING_HPP
#define FOREST_CORE_DETAIL_JSON_JSON_STRING_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/json/bytes.hpp>
#include <forest/core/detail/json/hex.hpp>
#include <forest/core/detail/json/utf8.hpp>
#include <forest/form.hpp>

// JSON strings, for reading and for writing. They are read in place with their escapes, and decoded
// only while they are compared or copied. They are written with the necessary escapes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

// The plain bytes of a JSON string, which need no escape: ASCII except controls, quotes and
// backslashes.
inline constexpr auto plain_bytes = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte)
        table[byte] = byte != '"' && byte != '\\';
    return table;
}();

constexpr bool is_plain(char byte) noexcept {
    return plain_bytes[static_cast<unsigned char>(byte)];
}

// Marks the bytes that are not plain.
constexpr std::uint64_t not_plain_in(std::uint64_t word) noexcept {
    return ((word - repeated(0x20)) | marks_of(word, '"') | marks_of(word, '\\') | word) &
           mark_bits;
}

// Returns the place of the first byte from `position` on that is not plain, or the end.
constexpr std::size_t skip_plain(std::string_view text, std::size_t position) noexcept {
    return skip_allowed<not_plain_in, is_plain>(text, position);
}

// Returns the place behind an escape, or npos if the escape is not valid. The backslash of the
// escape is before `position`.
constexpr std::size_t end_of_escape(std::string_view text, std::size_t position) noexcept {
    constexpr std::size_t npos = std::string_view::npos;
    if (position == text.size())
        return npos;
    const char kind = text[position++];
    if (kind != 'u')
        return std::string_view{"\"\\/bfnrt"}.find(kind) != npos ? position : npos;
    for (int digits = 0; digits < 4; ++digits, ++position) {
        if (position == text.size() || !is_hex_digit(text[position]))
            return npos;
    }
    return position;
}

// Returns the place behind the closing quote of a string, or npos if the string is not valid.
// `position` is behind the opening quote.
constexpr std::size_t end_of_string(std::string_view text, std::size_t position) noexcept {
    while ((position = skip_plain(text, position)) < text.size()) {
        const char byte = text[position];
        if (byte == '"')
            return position + 1;
        if (byte == '\\') {
            position = end_of_escape(text, position + 1);
            if (position == std::string_view::npos)
                break;
            continue;
        }
        const utf8_prefix prefix = read_utf8(text.substr(position));
        if (!prefix.valid || prefix.size == 1) // One byte that is not plain is a control.
            break;
        position += prefix.size;
    }
    return std::string_view::npos;
}

// The number of bytes in `\uXXXX`.
inline constexpr std::size_t utf16_escape_size = 6;

// Returns the UTF-16 unit of `\uXXXX` at the front, or 0 if there is none.
constexpr char32_t read_utf16_escape(std::string_view text) noexcept {
    if (text.size() < utf16_escape_size || text[0] != '\\' || text[1] != 'u')
        return 0;
    char32_t value = 0;
    for (const char byte : text.substr(2, 4)) {
        const unsigned digit = hex_value(byte);
        value = value * 16 + (digit < 16 ? digit : 0U);
    }
    return value;
}

// Whether a UTF-16 unit is one half of a pair.
constexpr bool is_high_surrogate(char32_t unit) noexcept {
    return 0xd800 <= unit && unit <= 0xdbff;
}
constexpr bool is_low_surrogate(char32_t unit) noexcept {
    return 0xdc00 <= unit && unit <= 0xdfff;
}

// The character of a pair.
constexpr char32_t combine_surrogates(char32_t high, char32_t low) noexcept {
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/// A string of a JSON text, viewed in place between its quotes. It is valid only as long as that
/// text.
class json_string {
public:
    constexpr json_string() noexcept = default;

    /// `raw` is the text between the quotes of a valid string. For other text the results have no
    /// meaning, but nothing outside of it is read.
    constexpr explicit json_string(std::string_view raw) noexcept : raw_{raw} {}

    /// Returns the text with its escapes.
    [[nodiscard]] constexpr std::string_view raw() const noexcept { return raw_; }

    /// Returns whether the decoded string is equal to `utf8`. A string with half of a surrogate
    /// pair is never equal, because UTF-8 cannot express that.
    [[nodiscard, gnu::always_inline]] constexpr bool equals(std::string_view utf8) const noexcept {
        // An escape is longer than its decoded form, so a string of the same size must have none.
        // Inline, a comparison with a literal is a few instructions. With calls, these comparisons
        // took a twentieth of the time of a check.
        if (raw_.size() == utf8.size()) {
            bool escaped = false;
            for (const char byte : utf8)
                escaped = escaped || byte == '\\';
            return !escaped &&
                   std::char_traits<char>::compare(utf8.data(), raw_.data(), utf8.size()) == 0;
        }
        return raw_.size() > utf8.size() && !utf8.empty() &&
               (raw_[0] == utf8[0] || raw_[0] == '\\') && equals_decoded(utf8);
    }

    /// Copies as many whole characters as fit into `out`, decoded; half of a surrogate pair becomes
    /// U+FFFD. Returns how many bytes were copied.
    constexpr std::size_t copy_prefix_to(std::span<char> out) const noexcept {
        // Most strings fit and have no escape, and nearly all others have a plain beginning.
        std::size_t size = raw_.size() <= out.size() ? find_near(raw_, 0, '\\')
                                                     : skip_plain(raw_.substr(0, out.size()), 0);
        detail::copy(raw_.substr(0, size), out.data());
        json_string{raw_.substr(size)}.for_each_character([&](std::string_view character, bool) {
            if (character.size() > out.size() - size)
                return false;
            detail::copy(character, out.data() + size);
            size += character.size();
            return true;
        });
        return size;
    }

    /// Like `copy_prefix_to`, but returns how many bytes the whole string needs.
    constexpr std::size_t copy_to(std::span<char> out) const noexcept {
        copy_prefix_to(out);
        std::size_t size = 0;
        for_each_character([&](std::string_view character, bool) {
            size += character.size();
            return true;
        });
        return size;
    }

private:
    [[nodiscard]] constexpr bool equals_decoded(std::string_view utf8) const noexcept {
        bool equal = true;
        for_each_character([&](std::string_view character, bool valid) {
            equal = valid && utf8.substr(0, character.size()) == character;
            utf8.remove_prefix(equal ? character.size() : 0);
            return equal;
        });
        return equal && utf8.empty();
    }

    // Calls `on_character(utf8, valid)` until it returns false.
    template <class F>
    constexpr void for_each_character(F&& on_character) const {
        std::string_view rest = raw_;
        while (!rest.empty()) {
            if (rest.front() != '\\') {
                const utf8_prefix prefix = read_utf8(rest);
                if (!on_character(rest.substr(0, prefix.size), prefix.valid))
                    return;
                rest.remove_prefix(prefix.size);
                continue;
            }
            const char32_t number = take_escape(rest);
            const bool valid = number != lone_surrogate;
            const utf8_character character{valid ? number : replacement};
            if (!on_character(character.text(), valid))
                return;
        }
    }

    static constexpr char32_t replacement = 0xfffd;
    static constexpr char32_t lone_surrogate = 0xffffffff;

    static constexpr char32_t take_escape(std::string_view& rest) noexcept {
        const char kind = rest.size() < 2 ? '\\' : rest[1];
        const std::string_view whole = rest;
        rest.remove_prefix(detail::min<std::size_t>(2, rest.size()));
        switch (kind) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        case 'u': break;
        default: return static_cast<unsigned char>(kind);
        }
        const char32_t unit = read_utf16_escape(whole);
        rest = whole.substr(detail::min(utf16_escape_size, whole.size()));
        if (!is_high_surrogate(unit))
            return is_low_surrogate(unit) ? lone_surrogate : unit;
        const char32_t low = read_utf16_escape(rest);
        if (!is_low_surrogate(low))
            return lone_surrogate;
        rest.remove_prefix(utf16_escape_size);
        return combine_surrogates(unit, low);
    }

    std::string_view raw_;
};

/// A copy of the string, decoded; half of a surrogate pair becomes U+FFFD.
[[nodiscard]] FOREST_DECL std::string to_string(json_string text);

/// Writes `text` as a JSON string with its quotes, by calls of `append(std::string_view)`. The
/// result is always valid JSON: controls are escaped, and invalid UTF-8 becomes U+FFFD.
template <class Out>
constexpr void write_json_string(std::string_view text, Out&& append) {
    append(std::string_view{"\""});
    std::string_view pending = text;
    std::size_t plain = 0; // the bytes of `pending` that are written unchanged
    const auto replace = [&](std::size_t size, std::string_view replacement) {
        if (plain > 0)
            append(pending.substr(0, plain));
        append(replacement);
        pending.remove_prefix(plain + size);
        plain = 0;
    };
    while (plain < pending.size()) {
        const char byte = pending[plain];
        const auto value = static_cast<unsigned char>(byte);
        if (value >= 0x80) {
            const utf8_prefix prefix = read_utf8(pending.substr(plain));
            if (prefix.valid)
                plain += prefix.size;
            else
                replace(prefix.size, utf8_replacement);
        } else if (byte == '"') {
            replace(1, "\\\"");
        } else if (byte == '\\') {
            replace(1, "\\\\");
        } else if (byte == '\n') {
            replace(1, "\\n");
        } else if (byte == '\r') {
            replace(1, "\\r");
        } else if (byte == '\t') {
            replace(1, "\\t");
        } else if (value < 0x20) {
            const std::string_view digits = hex_pair(value);
            const char escape[] = {'\\', 'u', '0', '0', digits[0], digits[1]};
            replace(1, std::string_view{escape, sizeof escape});
        } else {
            ++plain;
        }
    }
    if (plain > 0)
        append(pending);
    append(std::string_view{"\""});
}

/// Returns `text` as a JSON string with its quotes.
[[nodiscard]] FOREST_DECL std::string json_quote(std::string_view text);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/json/impl/json_string.ipp>
#endif

#endif
