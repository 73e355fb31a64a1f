// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_ENTITY_TAG_HPP
#define FOREST_CORE_DETAIL_HTTP_ENTITY_TAG_HPP

#include <forest/core/fields.hpp>
#include <forest/form.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

// Entity tags (RFC 9110, 8.8.3 and 13.1.2). Some clients send back the tag without its quotes. A
// server that knew only the grammar would always send them 200 (PROTOCOL.md, 3).

namespace forest::inline FOREST_FORM::detail {

// Returns the opaque tag of an element in one of the two forms of the grammar, or else the
// unchanged element.
constexpr std::string_view unquoted(std::string_view element) noexcept {
    std::string_view quoted = element;
    if (quoted.substr(0, 3) == "W/\"")
        quoted.remove_prefix(2);
    if (quoted.size() < 2 || quoted.front() != '"' || quoted.find('"', 1) != quoted.size() - 1)
        return element;
    return quoted.substr(1, quoted.size() - 2);
}

// Returns the place of the comma that ends an element, or the end of the list. The element has
// `size` bytes, and there may be blanks behind them. Returns npos if anything else follows.
constexpr std::size_t end_of_element(std::string_view list, std::size_t size) noexcept {
    while (size < list.size() && (list[size] == ' ' || list[size] == '\t'))
        ++size;
    return size == list.size() || list[size] == ',' ? size : std::string_view::npos;
}

// Like end_of_element, but the quotes of the element begin at `open`: no comma within them ends it.
constexpr std::size_t end_of_quoted(std::string_view list, std::size_t open) noexcept {
    const std::size_t close = list.find('"', open + 1);
    return close == std::string_view::npos ? close : end_of_element(list, close + 1);
}

// Returns the size of the first element of a list. A weak tag may be damaged (see
// damaged_weak_tag), and then ends at the next comma. Returns `npos` if the end of the element is
// unclear.
constexpr std::size_t element_size(std::string_view list) noexcept {
    const std::size_t begin = std::min(list.find_first_not_of(" \t"), list.size());
    const std::string_view element = list.substr(begin);
    const bool weak = element.substr(0, 3) == "W/\"";
    const bool enclosed = element.substr(0, 4) == "\"W/\"";
    if (weak || enclosed) {
        const std::size_t end = end_of_quoted(element, weak ? 2 : 0);
        const std::size_t comma = std::min(element.find(','), element.size());
        return begin + (end == std::string_view::npos ? comma : end);
    }
    bool quoted = false;
    for (std::size_t size = begin; size < list.size(); ++size) {
        if (list[size] == '"')
            quoted = !quoted;
        else if (list[size] == ',' && !quoted)
            return size;
    }
    return quoted ? std::string_view::npos : list.size();
}

// When nginx compresses, it changes the tag `"x"` to `W/"x"`. Clients that remove or add quotes but
// do not know `W/` send back `W/"x`, `W/x`, `"W/"x"` or `"W/"x""`. Returns the tag of such an
// element; for any other element, the element itself.
constexpr std::string_view damaged_weak_tag(std::string_view element) noexcept {
    std::string_view tag = element;
    const bool enclosed = tag.substr(0, 4) == "\"W/\"";
    if (enclosed)
        tag.remove_prefix(1);
    if (tag.substr(0, 2) != "W/")
        return element;
    tag.remove_prefix(2);
    const bool quoted = !tag.empty() && tag.front() == '"';
    if (quoted)
        tag.remove_prefix(1);
    for (int quotes = enclosed ? 2 : 0; quotes > 0 && !tag.empty() && tag.back() == '"'; --quotes)
        tag.remove_suffix(1);
    return tag;
}

// Apache's mod_deflate adds `-gzip` to the tag of a compressed answer, and does not remove it when
// a client sends the tag back.
constexpr bool is_tag(std::string_view text, std::string_view tag) noexcept {
    constexpr std::string_view suffix = "-gzip";
    return text == tag || (text.size() == tag.size() + suffix.size() &&
                           text.substr(0, tag.size()) == tag && text.ends_with(suffix));
}

// Returns whether an element of a list, without blanks around it, names the tag.
constexpr bool element_names(std::string_view element, std::string_view tag) noexcept {
    return is_tag(unquoted(element), tag) || is_tag(damaged_weak_tag(element), tag);
}

/// Returns whether `text` can be an opaque tag, with quotes and without: visible ASCII except
/// quotes, not empty. The grammar also allows the empty tag and bytes above 127. But an empty tag
/// means nothing without its quotes, and bytes above 127 need not be text.
[[nodiscard]] constexpr bool is_opaque_tag(std::string_view text) noexcept {
    for (const char byte : text) {
        if (byte <= ' ' || byte >= '\x7f' || byte == '"')
            return false;
    }
    return !text.empty();
}

/// Returns the tag in the value of an `ETag` field, without quotes and without `W/`. A value that
/// is not in quotes is returned unchanged, without the blanks around it. The result is a view into
/// `field`.
[[nodiscard]] constexpr std::string_view opaque_tag(std::string_view field) noexcept {
    return unquoted(trim_blanks(field));
}

/// Returns whether the `If-None-Match` of a request names `tag`. The tag may be raw, quoted or
/// weak, alone or in a list over one or several lines. The value may also be `*` alone. A weak tag
/// also counts in the forms `W/"x`, `W/x`, `"W/"x"` and `"W/"x""`, which older clients make from
/// it. Each form also counts with the suffix `-gzip` of Apache. Only `*` names an empty tag. Any
/// other quote without an end hides everything after it, on further lines, too: a proxy may have
/// split the list there.
[[nodiscard]] constexpr bool if_none_match_names(const field_view& fields,
                                                 std::string_view tag) noexcept {
    std::size_t lines = 0;
    bool star = false;
    bool named = false;
    bool readable = true;
    fields.for_each([&](std::string_view name, std::string_view list) {
        if (!iequals(name, "If-None-Match"))
            return;
        ++lines;
        star = list == "*";
        while (readable && !list.empty()) {
            const std::size_t size = element_size(list);
            readable = size != std::string_view::npos;
            if (!readable)
                break;
            const std::string_view element = trim_blanks(list.substr(0, size));
            named |= !tag.empty() && element_names(element, tag);
            list.remove_prefix(size < list.size() ? size + 1 : size);
        }
    });
    return named || (star && lines == 1);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
