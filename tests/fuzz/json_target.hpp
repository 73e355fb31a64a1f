// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_JSON_TARGET_HPP
#define FOREST_TESTS_FUZZ_JSON_TARGET_HPP

#include <forest/core/detail/json/health_document_parser.hpp>
#include <forest/core/detail/json/json_reader.hpp>
#include <fuzz/require.hpp>

// The validator, the reader of objects, the decoder and the writer of strings agree with each
// other about any bytes.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace forest_fuzz {

namespace detail {

inline std::string decode(forest::detail::json_string string) {
    std::string text(string.copy_to({}), '\0');
    require(string.copy_to(text) == text.size(), "a string needs another size the second time");
    return text;
}

inline void check_string(forest::detail::json_string string) {
    const std::string text = decode(string);
    require(forest::detail::is_valid_json('"' + std::string{string.raw()} + '"'),
            "a string is no JSON");
    const std::string quoted = forest::detail::json_quote(text);
    const forest::detail::json_string again{std::string_view{quoted}.substr(1, quoted.size() - 2)};
    require(forest::detail::is_valid_json(quoted), "what was written is no JSON");
    require(again.equals(text) && decode(again) == text, "a string changes on its way");
    std::vector<char> half(text.size() / 2);
    const std::size_t size = string.copy_prefix_to(half);
    require(size <= half.size() &&
                std::equal(half.begin(), half.begin() + static_cast<std::ptrdiff_t>(size),
                           text.begin()),
            "a prefix is none");
}

} // namespace detail

inline void json_target(std::string_view input) {
    const std::vector<char> exact{input.begin(), input.end()};
    const std::string_view text{exact.data(), exact.size()};
    const bool valid = forest::detail::is_valid_json(text);
    const std::size_t first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    const bool object = valid && text[first] == '{';

    const std::error_code ec = forest::detail::read_json_object(
        text, [](forest::detail::json_string key, const forest::detail::json_value& value) {
            detail::check_string(key);
            detail::check_string(value.string());
            require(forest::detail::is_valid_json(value.raw), "a member's value is no JSON");
            require(!value.raw.empty() && value.raw.front() != ' ' && value.raw.back() != ' ',
                    "a member's value has blanks around it");
        });
    require(!ec == object, "the validator and the reader of objects disagree");
    if (valid) {
        require(forest::detail::is_valid_json(" " + std::string{text} + "\n"), "blanks matter");
        require(!forest::detail::is_valid_json(std::string{text} + "]"),
                "trailing junk is accepted");
    }

    forest::health_document document;
    require(!forest::detail::parse_health_document(text, document) == object,
            "the health document and the reader of objects disagree");
    require(forest::detail::is_valid_json(forest::detail::json_quote(document.version())) &&
                document.version().size() <= forest::health_document::version_bytes_max,
            "a version is none");
    require(forest::detail::is_valid_json(forest::detail::json_quote(text)),
            "some bytes cannot be written");
}

} // namespace forest_fuzz

#endif
