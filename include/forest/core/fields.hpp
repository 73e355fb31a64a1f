// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_FIELDS_HPP
#define FOREST_CORE_FIELDS_HPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/detail/json/bytes.hpp>
#include <forest/core/error.hpp>
#include <forest/form.hpp>

// HTTP header fields without allocation: a bounded buffer to write them into, and a view to read
// them from a message in place. A map would copy every name of every answer, although only three
// names are looked up.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace forest::inline FOREST_FORM {

namespace detail {

constexpr bool is_alphanumeric(unsigned char byte) noexcept {
    return ('0' <= byte && byte <= '9') || ('A' <= byte && byte <= 'Z') ||
           ('a' <= byte && byte <= 'z');
}

inline constexpr auto token_bytes = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte)
        table[byte] = is_alphanumeric(static_cast<unsigned char>(byte));
    for (const char byte : std::string_view{"!#$%&'*+-.^_`|~"})
        table[static_cast<unsigned char>(byte)] = true;
    return table;
}();

inline constexpr auto field_value_bytes = [] {
    std::array<bool, 256> table{};
    for (std::size_t byte = 0x20; byte < table.size(); ++byte)
        table[byte] = byte != 0x7f;
    table['\t'] = true;
    return table;
}();

constexpr char lower(char byte) noexcept {
    return 'A' <= byte && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

constexpr bool is_blank(char byte) noexcept {
    return byte == ' ' || byte == '\t';
}

} // namespace detail

/// Returns whether a token, such as a header name or a method, may have this byte (RFC 9110,
/// 5.6.2).
[[nodiscard]] constexpr bool is_token_byte(char byte) noexcept {
    return detail::token_bytes[static_cast<unsigned char>(byte)];
}

/// Returns whether a field value may have this byte: no control except the tab (RFC 9110, 5.5).
/// Bytes above 127 are allowed; they have no meaning here.
[[nodiscard]] constexpr bool is_field_value_byte(char byte) noexcept {
    return detail::field_value_bytes[static_cast<unsigned char>(byte)];
}

namespace detail {

// Marks the bytes that are neither letters nor hyphens, the usual bytes of header names.
constexpr std::uint64_t unusual_in_token(std::uint64_t word) noexcept {
    const std::uint64_t folded = word | repeated(0x20);
    const std::uint64_t no_letters = (folded - repeated('a')) | (repeated('z') - folded);
    const std::uint64_t no_hyphens = (word ^ repeated('-')) + repeated(0x7f);
    return ((no_letters & no_hyphens) | word) & mark_bits;
}

// Returns the place of the first byte from `position` on that is no token byte, or the end.
constexpr std::size_t skip_token(std::string_view text, std::size_t position) noexcept {
    return skip_allowed<unusual_in_token, is_token_byte>(text, position);
}

// Like skip_token, for the bytes of a field value.
constexpr std::size_t skip_field_value(std::string_view text, std::size_t position) noexcept {
    return skip_allowed<controls_in, is_field_value_byte>(text, position);
}

constexpr bool equal_but_for_case(const char* left, const char* right, std::size_t size) noexcept {
    if (std::char_traits<char>::compare(left, right, size) == 0) // the usual case
        return true;
    const auto equal_at = [left, right](std::size_t index) {
        return lower_in(word_at(left + index)) == lower_in(word_at(right + index));
    };
    if (size >= 8) {
        for (std::size_t index = 0; index < size - 8; index += 8) {
            if (!equal_at(index))
                return false;
        }
        return equal_at(size - 8); // may compare some bytes twice
    }
    for (std::size_t index = 0; index < size; ++index) {
        if (lower(left[index]) != lower(right[index]))
            return false;
    }
    return true;
}

} // namespace detail

/// Whether `text` is a token: not empty, token bytes only.
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
    return !text.empty() && detail::skip_token(text, 0) == text.size();
}

/// Whether `text` may be sent as the value of a header field; it may be empty.
[[nodiscard]] constexpr bool is_field_value(std::string_view text) noexcept {
    return detail::skip_field_value(text, 0) == text.size();
}

/// Returns whether both texts are equal, ignoring only the case of ASCII letters.
[[nodiscard]] constexpr bool iequals(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() &&
           detail::equal_but_for_case(left.data(), right.data(), left.size());
}

namespace detail {

// Like iequals, for a search of a few names among many. Most names differ in their length, so the
// length is compared inline.
constexpr bool is_named(std::string_view name, std::string_view wanted) noexcept {
    return name.size() == wanted.size() && iequals(name, wanted);
}

} // namespace detail

/// `text` without the spaces and tabs around it (OWS of RFC 9110, 5.6.3).
[[nodiscard]] constexpr std::string_view trim_blanks(std::string_view text) noexcept {
    std::size_t begin = 0;
    std::size_t end = text.size();
    while (begin < end && detail::is_blank(text[begin]))
        ++begin;
    while (begin < end && detail::is_blank(text[end - 1]))
        --end;
    return {text.data() + begin, end - begin};
}

/// Calls `on_element(element)` for each element of a comma-separated list, without blanks around
/// it. Empty elements are skipped (RFC 9110, 5.6.1). Quoted strings are not supported, because the
/// lists that the library reads have none.
template <class F>
constexpr void for_each_list_element(std::string_view list, F&& on_element) {
    while (!list.empty()) {
        const std::size_t comma = list.find(',');
        const std::string_view element = trim_blanks(list.substr(0, comma));
        if (!element.empty())
            on_element(element);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
}

/// Whether a comma-separated list has `element`; compares case-insensitively.
[[nodiscard]] constexpr bool list_has(std::string_view list, std::string_view element) noexcept {
    bool found = iequals(trim_blanks(list), element); // Most lists have one element.
    if (found)
        return true;
    for_each_list_element(list,
                          [&](std::string_view listed) { found |= iequals(listed, element); });
    return found;
}

/// Header lines to be sent, `"Name: value\r\n"` each, in the order added. Copyable; no allocation;
/// not for two threads at a time.
class header_fields {
public:
    /// The limit for the bytes of all lines together.
    static constexpr std::size_t capacity = 4096;

    /// Makes an object without lines. This constructor is not defaulted, because `{}` would then
    /// clear the whole buffer.
    constexpr header_fields() noexcept {}

    constexpr header_fields(const header_fields& other) noexcept : replaced_{other.replaced_} {
        append(other.text());
    }

    constexpr header_fields& operator=(const header_fields& other) noexcept {
        if (this != &other) {
            clear();
            append(other.text());
            replaced_ = other.replaced_;
        }
        return *this;
    }

    /// Adds a line. Names may repeat. Returns `header_invalid` if the name is no token or the value
    /// has a control other than the tab, so no value can contain a second line. Returns
    /// `header_too_large` if the line does not fit. With an error nothing is changed.
    [[nodiscard]] std::error_code add(std::string_view name, std::string_view value) noexcept;

    /// Adds all lines of `other`. Returns `header_too_large` if they do not fit, and then changes
    /// nothing.
    [[nodiscard]] std::error_code add(const header_fields& other) noexcept;

    /// Removes all lines.
    constexpr void clear() noexcept {
        size_ = 0;
        replaced_ = 0;
    }

    /// Whether a line that a transport writes by itself must not be written, because a line with
    /// the same name was added.
    enum replaceable : unsigned char { host = 1, user_agent = 2, accept = 4 };
    [[nodiscard]] constexpr bool replaces(replaceable line) const noexcept {
        return (replaced_ & line) != 0;
    }
    [[nodiscard]] constexpr bool replaces_any() const noexcept { return replaced_ != 0; }

    /// All lines; valid until the next change.
    [[nodiscard]] constexpr std::string_view text() const noexcept {
        return {lines_.data(), size_};
    }

private:
    static constexpr std::size_t line_overhead = 4;

    constexpr void append(std::string_view text) noexcept {
        detail::copy(text, lines_.data() + size_);
        size_ += text.size();
    }

    std::array<char, capacity> lines_; // only the first `size_` bytes mean anything
    std::size_t size_ = 0;
    unsigned char replaced_ = 0; // of `replaceable`
};

/// A view of the header lines of a message that a parser found valid. The view is valid only as
/// long as these bytes. In any other text it finds fewer lines, but it never reads outside the
/// text.
class field_view {
public:
    constexpr explicit field_view(std::string_view raw = {}) noexcept : raw_{raw} {}

    /// All lines, as they were received.
    [[nodiscard]] constexpr std::string_view text() const noexcept { return raw_; }

    /// Calls `on_field(name, value)` for each line in order. The value has no blanks around it.
    template <class F>
    constexpr void for_each(F&& on_field) const {
        for_each_line([&](std::string_view line) {
            const std::size_t colon = detail::find_near(line, 0, ':');
            if (colon < line.size())
                on_field(line.substr(0, colon), trim_blanks(line.substr(colon + 1)));
        });
    }

    /// Like `for_each`, but calls `on_value(value)`, and only for the lines of that name,
    /// case-insensitively. Faster for a few names, because other lines are skipped quickly.
    template <class F>
    constexpr void for_each_of(std::string_view name, F&& on_value) const {
        for_each_line([&](std::string_view line) { take(line, name, on_value); });
    }

    /// Like the function above, for two names in one pass.
    template <class F, class G>
    constexpr void for_each_of(std::string_view name, F&& on_value, std::string_view other,
                               G&& on_other) const {
        for_each_line([&](std::string_view line) {
            take(line, name, on_value);
            take(line, other, on_other);
        });
    }

    /// The value of the first line of that name (case-insensitively), without blanks around it.
    [[nodiscard]] constexpr std::optional<std::string_view>
    find(std::string_view name) const noexcept {
        std::optional<std::string_view> found;
        for_each_of(name, [&](std::string_view value) { found = found ? found : value; });
        return found;
    }

    /// How many lines have that name, case-insensitively.
    [[nodiscard]] constexpr std::size_t count(std::string_view name) const noexcept {
        std::size_t lines = 0;
        for_each_of(name, [&](std::string_view) { ++lines; });
        return lines;
    }

    /// Whether any line of that name lists `element`, as `Connection` lists `close`; both are
    /// compared case-insensitively.
    [[nodiscard]] constexpr bool lists(std::string_view name,
                                       std::string_view element) const noexcept {
        bool found = false;
        for_each_of(name, [&](std::string_view value) { found |= list_has(value, element); });
        return found;
    }

private:
    template <class F>
    constexpr void for_each_line(F&& on_line) const {
        std::size_t begin = 0;
        while (begin < raw_.size()) {
            const std::size_t line_feed = detail::find_near(raw_, begin, '\n');
            const bool returns = line_feed > begin && raw_[line_feed - 1] == '\r';
            on_line(std::string_view{raw_.data() + begin, line_feed - begin - (returns ? 1 : 0)});
            begin = line_feed + 1;
        }
    }

    // Looks for a colon at the place after the name; no name contains a colon.
    template <class F>
    static constexpr void take(std::string_view line, std::string_view name, F& on_value) {
        if (line.size() > name.size() && line[name.size()] == ':' &&
            detail::equal_but_for_case(line.data(), name.data(), name.size()))
            on_value(trim_blanks({line.data() + name.size() + 1, line.size() - name.size() - 1}));
    }

    std::string_view raw_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/fields.ipp>
#endif

#endif
