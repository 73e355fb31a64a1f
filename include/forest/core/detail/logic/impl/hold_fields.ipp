// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_HOLD_FIELDS_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_HOLD_FIELDS_IPP

#include <forest/core/detail/logic/hold_fields.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace forest::inline FOREST_FORM::detail {

// Returns the seconds that a text of one to nine digits names, unless they are zero.
FOREST_DECL std::optional<std::chrono::seconds> whole_seconds(std::string_view text) noexcept {
    constexpr std::size_t digits_max = 9;
    if (text.empty() || text.size() > digits_max ||
        text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    std::int32_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    if (count == 0)
        return std::nullopt;
    return std::chrono::seconds{count};
}

// Removes the blanks at the beginning.
FOREST_DECL void skip_blanks(std::string_view& rest) noexcept {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
}

// Removes a token from the beginning and returns it. Empty: there is none.
FOREST_DECL std::string_view take_token(std::string_view& rest) noexcept {
    const std::string_view token = rest.substr(0, skip_token(rest, 0));
    rest.remove_prefix(token.size());
    return token;
}

// Removes a token or a quoted string from the beginning and returns it, without its quotes. A pair
// with a backslash stays as it is. Null if there is neither.
FOREST_DECL std::optional<std::string_view> take_word(std::string_view& rest) noexcept {
    if (rest.empty() || rest.front() != '"') {
        const std::string_view token = take_token(rest);
        return token.empty() ? std::nullopt : std::optional{token};
    }
    std::size_t close = 1;
    while (close < rest.size() && rest[close] != '"')
        close += rest[close] == '\\' ? 2U : 1U;
    if (close >= rest.size())
        return std::nullopt;
    const std::string_view word = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    return word;
}

/// One preference, or one parameter of it: `name`, `name=word`.
struct preference_part {
    std::string_view name;
    std::string_view value;
};

// Removes a part and the blanks around it from the beginning and returns it. Null if there is none.
FOREST_DECL std::optional<preference_part> take_part(std::string_view& rest) noexcept {
    skip_blanks(rest);
    preference_part part{take_token(rest), {}};
    if (part.name.empty())
        return std::nullopt;
    skip_blanks(rest);
    if (!rest.empty() && rest.front() == '=') {
        rest.remove_prefix(1);
        skip_blanks(rest);
        const std::optional<std::string_view> word = take_word(rest);
        if (!word)
            return std::nullopt;
        part.value = *word;
        skip_blanks(rest);
    }
    return part;
}

// Returns the value of the first `wait` in the list of a `Prefer` field, if there is one.
FOREST_DECL std::optional<std::string_view> first_wait(std::string_view list) noexcept {
    while (!list.empty()) {
        skip_blanks(list);
        if (!list.empty() && list.front() == ',') { // an empty element
            list.remove_prefix(1);
            continue;
        }
        const std::optional<preference_part> preference = take_part(list);
        if (!preference)
            return std::nullopt;
        while (!list.empty() && list.front() == ';') {
            list.remove_prefix(1);
            skip_blanks(list);
            const bool empty = list.empty() || list.front() == ';' || list.front() == ',';
            if (!empty && !take_part(list))
                return std::nullopt;
        }
        if (!list.empty() && list.front() != ',')
            return std::nullopt;
        if (iequals(preference->name, "wait"))
            return preference->value;
    }
    return std::nullopt;
}

// Adds `NAME: PREFIXN`.
FOREST_DECL void add_seconds(header_fields& fields, std::string_view name, std::string_view prefix,
                             std::chrono::seconds count) noexcept {
    std::array<char, 32> text{};
    const auto begin = std::copy(prefix.begin(), prefix.end(), text.begin());
    char* const end = std::to_chars(&*begin, text.data() + text.size(), count.count()).ptr;
    (void)fields.add(name, {text.data(), static_cast<std::size_t>(end - text.data())});
}

FOREST_DECL std::optional<std::chrono::seconds> hold_offer(const field_view& answer) noexcept {
    constexpr std::string_view name = "Forest-Hold";
    const std::optional<std::string_view> value = answer.find(name);
    if (!value || answer.count(name) != 1)
        return std::nullopt;
    const std::optional<std::chrono::seconds> offer = whole_seconds(*value);
    return offer ? std::min(*offer, hold_longest) : offer;
}

FOREST_DECL std::optional<std::chrono::seconds>
wait_preference(const field_view& request) noexcept {
    std::optional<std::string_view> wait;
    request.for_each_of("Prefer", [&](std::string_view list) {
        if (!wait)
            wait = first_wait(list);
    });
    return wait ? whole_seconds(*wait) : std::nullopt;
}

FOREST_DECL void add_wait_preference(header_fields& request, std::chrono::seconds wait) noexcept {
    add_seconds(request, "Prefer", "wait=", wait);
}

FOREST_DECL void add_hold_offer(header_fields& answer, std::chrono::seconds max) noexcept {
    add_seconds(answer, "Forest-Hold", {}, max);
}

FOREST_DECL void add_preference_applied(header_fields& answer, std::chrono::seconds wait) noexcept {
    add_seconds(answer, "Preference-Applied", "wait=", wait);
    (void)answer.add("Vary", "Prefer");
}

} // namespace forest::inline FOREST_FORM::detail

#endif
