// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_ENTITY_TAG_HPP
#define FOREST_CORE_DETAIL_HTTP_ENTITY_TAG_HPP

#include <forest/core/fields.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

// Entity tags (RFC 9110, 8.8.3 and 13.1.2). Real peers send back the tag without its quotes, so a
// reader that knew only the grammar would always answer them with 200 (PROTOCOL.md, 3).

namespace forest::detail {

// The opaque tag of an element in one of the two forms of the grammar, or the element as it stands.
constexpr std::string_view unquoted(std::string_view element) noexcept {
    std::string_view quoted = element;
    if (quoted.substr(0, 3) == "W/\"")
        quoted.remove_prefix(2);
    if (quoted.size() < 2 || quoted.front() != '"' || quoted.find('"', 1) != quoted.size() - 1)
        return element;
    return quoted.substr(1, quoted.size() - 2);
}

// The place of the comma that ends an element which has `size` bytes and perhaps blanks behind
// them, or the end of the list; npos when something else follows.
constexpr std::size_t end_of_element(std::string_view list, std::size_t size) noexcept {
    while (size < list.size() && (list[size] == ' ' || list[size] == '\t'))
        ++size;
    return size == list.size() || list[size] == ',' ? size : std::string_view::npos;
}

// The same for an element whose quotes begin at `open`: a comma within them does not end it.
constexpr std::size_t end_of_quoted(std::string_view list, std::size_t open) noexcept {
    const std::size_t close = list.find('"', open + 1);
    return close == std::string_view::npos ? close : end_of_element(list, close + 1);
}

// The size of the first element of a list. A weak tag may be broken as damaged_weak_tag says, and
// then ends at the next comma. `npos` when the element cannot be delimited.
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

// nginx makes `W/"x"` of the tag `"x"` when it compresses, and clients that strip or add quotes
// without knowing of `W/` send back `W/"x`, `W/x`, `"W/"x"` or `"W/"x""`. The tag of such an
// element; the element itself when it is another.
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

// Apache's mod_deflate puts `-gzip` behind the tag of what it compresses, and passes it on when a
// client sends it back.
constexpr bool is_tag(std::string_view text, std::string_view tag) noexcept {
    constexpr std::string_view suffix = "-gzip";
    return text == tag || (text.size() == tag.size() + suffix.size() &&
                           text.substr(0, tag.size()) == tag && text.ends_with(suffix));
}

// Whether an element of a list, without blanks around it, names the tag.
constexpr bool element_names(std::string_view element, std::string_view tag) noexcept {
    return is_tag(unquoted(element), tag) || is_tag(damaged_weak_tag(element), tag);
}

/// Whether `text` can be an opaque tag, with quotes and without: visible ASCII but no quote, not
/// empty. The grammar allows the empty tag and bytes above 127, too; the one says nothing when its
/// quotes are gone, and the others need not be text.
[[nodiscard]] constexpr bool is_opaque_tag(std::string_view text) noexcept {
    for (const char byte : text) {
        if (byte <= ' ' || byte >= '\x7f' || byte == '"')
            return false;
    }
    return !text.empty();
}

/// The tag that the value of an `ETag` field names: without its quotes and without `W/`. A value
/// that is not in quotes is answered as it stands, without the blanks around it. A view into
/// `field`.
[[nodiscard]] constexpr std::string_view opaque_tag(std::string_view field) noexcept {
    return detail::unquoted(trim_blanks(field));
}

/// Whether the `If-None-Match` of a request names `tag`: raw, quoted or weak, alone or in a list,
/// which may go over several lines; or as `*`, which stands alone. A weak tag also counts in the
/// forms `W/"x`, `W/x`, `"W/"x"` and `"W/"x""`, which older clients make of it, and each form also
/// with the suffix `-gzip` of Apache. An empty tag is named by `*` only. Other quotes that do not
/// end hide all that follows, on further lines, too: a proxy may have split the list there.
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
            const std::size_t size = detail::element_size(list);
            readable = size != std::string_view::npos;
            if (!readable)
                break;
            const std::string_view element = trim_blanks(list.substr(0, size));
            named |= !tag.empty() && detail::element_names(element, tag);
            list.remove_prefix(size < list.size() ? size + 1 : size);
        }
    });
    return named || (star && lines == 1);
}

} // namespace forest::detail

#endif
