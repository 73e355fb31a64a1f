// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_SCHEMA_TARGET_HPP
#define FOREST_TESTS_FUZZ_SCHEMA_TARGET_HPP

#include <forest/core/detail/http/entity_tag.hpp>
#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/detail/json/schema_text.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/schema.hpp>
#include <fuzz/require.hpp>

#include <nlohmann/json.hpp>

// A schema is read as another JSON library reads it, with its etag in the text or beside it. The
// first line of the input is what a peer says of the etag, the rest is the text.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace forest_fuzz {

namespace detail {

using names = std::vector<std::string>;

// The name that an element of `collections` or `charts` has.
inline std::optional<std::string> name_of(const nlohmann::json& element) {
    if (!element.is_object() || !element.contains("name") || !element["name"].is_string())
        return std::nullopt;
    return element["name"].get<std::string>();
}

inline names charts_of(const nlohmann::json& object) {
    names found;
    if (!object.contains("charts") || !object["charts"].is_array())
        return found;
    for (const nlohmann::json& element : object["charts"]) {
        if (element.is_string())
            found.push_back(element.get<std::string>());
        else if (const auto name = name_of(element))
            found.push_back(*name);
    }
    return found;
}

// Empty when `object` is no schema.
inline std::optional<names> collections_of(const nlohmann::json& object) {
    if (!object.contains("collections") || !object["collections"].is_array())
        return std::nullopt;
    names found;
    for (const nlohmann::json& element : object["collections"]) {
        const auto name = name_of(element);
        if (!name)
            return std::nullopt;
        found.push_back(*name);
    }
    return found;
}

// What the other library decides differently, on purpose: it takes a byte order mark and any depth,
// takes a zero byte for the end, and refuses half a surrogate pair.
inline bool may_differ(std::string_view text) {
    const auto opened = static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return byte == '[' || byte == '{'; }));
    return text.substr(0, 3) == "\xef\xbb\xbf" || opened > forest::detail::json_depth_max ||
           text.find('\0') != std::string_view::npos ||
           text.find("\\ud") != std::string_view::npos ||
           text.find("\\uD") != std::string_view::npos;
}

inline void compare(const forest::schema& read, std::error_code ec, std::string_view text,
                    std::string_view etag_field) {
    nlohmann::json reference;
    try {
        reference = nlohmann::json::parse(text);
    } catch (const nlohmann::json::out_of_range&) {
        return; // A number that no double holds is one all the same.
    } catch (const nlohmann::json::parse_error&) {
        require(ec == forest::errc::malformed_body, "text that is no JSON is accepted");
        return;
    }
    if (!reference.is_object()) {
        require(ec == forest::errc::malformed_body, "JSON that is no object is accepted");
        return;
    }
    const auto collections = collections_of(reference);
    require(ec == (collections ? std::error_code{} : forest::errc::malformed_schema),
            "a schema is refused, or what is none is accepted");
    if (!collections)
        return;
    require(read.collections() == *collections, "the collections have other names");
    require(read.charts() == charts_of(reference), "the charts have other names");
    const bool member = reference.contains("etag") && reference["etag"].is_string() &&
                        !reference["etag"].get<std::string>().empty();
    require(read.etag() == (member ? reference["etag"].get<std::string>() : etag_field),
            "the etag is another one");
}

inline void check_schema(std::string_view text, std::string_view etag_field) {
    forest::schema read;
    const std::error_code ec = forest::schema::parse(text, read, etag_field);
    require(read.text() == (ec ? std::string_view{} : text), "the text is not as it came");
    require(!ec || read.same_as(forest::schema{}), "a refused schema left its mark");
    if (!may_differ(text))
        compare(read, ec, text, etag_field);

    const auto rest = forest::detail::without_etag(text);
    require(rest.has_value() == (ec != forest::errc::malformed_body),
            "the two readers of objects disagree");
    if (!rest)
        return;
    const std::string etag{forest::detail::is_opaque_tag(etag_field) ? etag_field : "0a"};
    const std::string again = forest::detail::with_etag(*rest, etag);
    require(forest::detail::without_etag(again) == rest, "what was put in does not come out again");
    forest::schema reread;
    require(forest::schema::parse(again, reread, "header") == ec, "an etag makes a difference");
    require(ec || reread.etag() == etag, "the etag put in is not the one that is read");
    require(reread.collections() == read.collections() && reread.charts() == read.charts(),
            "an etag changes names");
}

inline bool named(const std::string& value, std::string_view tag) {
    const std::string line = "If-None-Match: " + value + "\r\n";
    const std::vector<char> exact{line.begin(), line.end()};
    return forest::detail::if_none_match_names(forest::field_view{{exact.data(), exact.size()}},
                                               tag);
}

inline void check_tag(std::string_view line) {
    const std::string_view tag = forest::detail::opaque_tag(line);
    require(line.find(tag) != std::string_view::npos, "a tag that was not there");
    const std::string value{line};
    for (const std::string_view other : {tag, std::string_view{"a"}, std::string_view{}})
        require(!named(value, other) || line.find('*') != std::string_view::npos ||
                    (!other.empty() && line.find(other) != std::string_view::npos),
                "a list names a tag that it does not have");
    require(named("*", tag), "the asterisk names no tag");
    if (!forest::detail::is_opaque_tag(tag))
        return;
    const std::string quoted = '"' + std::string{tag} + '"';
    require(forest::detail::opaque_tag(quoted) == tag &&
                forest::detail::opaque_tag("W/" + quoted) == tag,
            "quotes change a tag");
    require(named(quoted, tag) && named("W/" + quoted, tag) && named("\"\", " + quoted, tag) &&
                named("W/" + quoted + " ,b", tag),
            "a list does not name its tag");
    if (tag.find(',') == std::string_view::npos)
        require(named(value, tag) && named("b," + std::string{tag}, tag), "a raw tag is not named");
    require(!named(quoted, std::string{tag} + "x"), "a longer tag is named, too");
}

} // namespace detail

inline void schema_target(std::string_view input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view after = input.substr(std::min(end + 1, input.size()));
    const std::vector<char> line{input.begin(), input.begin() + static_cast<std::ptrdiff_t>(end)};
    const std::vector<char> text{after.begin(), after.end()};
    detail::check_tag({line.data(), line.size()});
    detail::check_schema({text.data(), text.size()},
                         forest::detail::opaque_tag({line.data(), line.size()}));
}

} // namespace forest_fuzz

#endif
