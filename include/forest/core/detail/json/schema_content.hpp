// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_SCHEMA_CONTENT_HPP
#define FOREST_CORE_DETAIL_JSON_SCHEMA_CONTENT_HPP

#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/detail/json/json_string.hpp>
#include <forest/form.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Two schemas are equal if their JSON values are equal (B31: equal content changes nothing).
// Servers write one schema in many ways. So each text is changed to one form, and the forms are
// compared. They are not hashed, because a server could find two schemas with the same hash.

namespace forest::inline FOREST_FORM::detail {

// Writes the value of a JSON text in one form, which is the same for all texts with that value. The
// form is only for comparison and is no JSON: there is a comma behind each element. The text is
// valid, so the depth of the recursion is at most json_depth_max.
class schema_content_writer {
public:
    explicit schema_content_writer(std::string_view text) : scanner_{text} {
        content_.reserve(text.size());
    }

    std::string write() &&;

private:
    // An element that has been written, with its comma. `key_end` is the end of the key of a
    // member, or of the whole element of an array.
    struct element {
        std::size_t begin = 0;
        std::size_t key_end = 0;
        std::size_t end = 0;
    };

    void write_value(std::size_t depth, bool unordered);

    // Writes the members in the order of their keys. If a key occurs twice, the last one counts, as
    // in `schema::parse`.
    void write_object(std::size_t depth);

    void write_array(std::size_t depth, bool unordered);

    void skip_comma();

    [[nodiscard]] std::string_view key_of(const element& item) const noexcept;

    // Sorts the elements from `first` on. Their text begins at `begin`. If members have the same
    // key, the last one stays.
    void sort(std::size_t begin, std::size_t first, bool members);

    // Writes a string with decoded escapes, except for quotes and backslashes. UTF-8 cannot express
    // half of a surrogate pair: it becomes `\dXXX`.
    json_string write_string();

    void write_escape(std::string_view& rest);

    void write_character(char32_t character);

    // Writes a number as its digits without zeros at both ends, followed by the power of ten: 120
    // and 1.20e2 are 12e1. It is exact for any number of digits; -0 is 0.
    void write_number(std::string_view raw);

    // Writes the power of ten: the sum of `written` and `more`. `more` is less than 10^18.
    void write_exponent(std::string_view written, std::int64_t more);

    json_scanner scanner_;
    std::string content_;
    std::string sorted_;            // used while elements are sorted
    std::vector<element> elements_; // of the open objects and arrays
};

/// Returns the content of the schema `text`, which must be one JSON object. Two texts have equal
/// results if and only if their content is equal. The order of members, white space, escapes and
/// the spelling of numbers do not count. In the outermost object, the member `etag` and the order
/// inside the array `collections` do not count. If a member occurs twice, the last one counts.
/// Numbers are compared exactly. Takes n log n time. While it runs, it needs about three times the
/// memory of the text, and more for a text with mostly short members. Throws std::bad_alloc.
[[nodiscard]] FOREST_DECL std::string schema_content(std::string_view text);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/json/impl/schema_content.ipp>
#endif

#endif
