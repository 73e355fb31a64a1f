// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_ENTITY_TAG_HPP
#define FOREST_CORE_ENTITY_TAG_HPP

#include <forest/core/fields.hpp>

#include <cstddef>
#include <string_view>

// Entity tags (RFC 9110, 8.8.3 and 13.1.2). Real peers send back the tag without its quotes, so a
// reader that knew only the grammar would answer them 200 for ever (PROTOCOL.md, 3).

namespace forest {

namespace detail {

// What an element of a list says: its opaque tag, quoted or weak, or the element as it stands.
constexpr std::string_view unquoted(std::string_view element) noexcept {
    std::string_view quoted = element;
    if (quoted.substr(0, 3) == "W/\"")
        quoted.remove_prefix(2);
    if (quoted.size() < 2 || quoted.front() != '"' || quoted.find('"', 1) != quoted.size() - 1)
        return element;
    return quoted.substr(1, quoted.size() - 2);
}

// How many bytes the first element of a list has: a comma within quotes ends none. `npos` when its
// quotes do not end, so that nobody can tell where it does.
constexpr std::size_t element_size(std::string_view list) noexcept {
    bool quoted = false;
    for (std::size_t size = 0; size < list.size(); ++size) {
        if (list[size] == '"')
            quoted = !quoted;
        else if (list[size] == ',' && !quoted)
            return size;
    }
    return quoted ? std::string_view::npos : list.size();
}

} // namespace detail

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
/// which may go over several lines; or as `*`, which stands alone. An empty tag is named by `*`
/// only. Quotes that do not end hide all that follows, on further lines, too: a proxy may have
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
            const std::size_t size = detail::element_size(list);
            readable = size != std::string_view::npos;
            if (!readable)
                break;
            const std::string_view element = trim_blanks(list.substr(0, size));
            named |= !tag.empty() && detail::unquoted(element) == tag;
            list.remove_prefix(size < list.size() ? size + 1 : size);
        }
    });
    return named || (star && lines == 1);
}

} // namespace forest

#endif
