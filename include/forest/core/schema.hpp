// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_SCHEMA_HPP
#define FOREST_CORE_SCHEMA_HPP

#include <forest/core/detail/json/json_reader.hpp>
#include <forest/core/error.hpp>
#include <forest/core/schema_source.hpp>
#include <forest/form.hpp>

// The description of a server's collections (PROTOCOL.md, 3). A datasource needs only the names and
// the etag. The application gets the whole text.

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace forest::inline FOREST_FORM {

/// Holds a schema that was found valid, or the empty schema.
///
/// From tests/core/detail/logic/schema_answer_test.cpp:
///     schema known(const std::string& text, std::string_view etag = {}) {
///         schema result;
///         BOOST_TEST_REQUIRE(!schema::parse(text, result, etag));
///         return result;
///     }
///
/// **Thread safety:** a value; safe to read from several threads.
///
/// **Lifetime:** owns its text and names. The references that the members return are valid until
/// the schema is assigned to, moved from or destroyed.
///
/// **Errors:** `parse` returns `errc::malformed_body` or `errc::malformed_schema`. `parse`,
/// `same_as` and copying may throw std::bad_alloc.
class schema {
public:
    /// The empty schema: no text, no etag, no names.
    schema() = default;

    /// Reads `text`: one JSON object with an array `collections` of objects, each with a string
    /// `name`. `charts` is optional; it lists strings or objects with a string `name`. The etag is
    /// the string `etag` of the text, if it is there and not empty, otherwise `etag_field`, the
    /// header without quotes. If a member occurs twice, the last one counts. Returns
    /// `malformed_body` if the text is not one JSON object, and `malformed_schema` if it is no
    /// schema. With an error `result` is not changed.
    [[nodiscard]] static std::error_code parse(std::string_view text, schema& result,
                                               std::string_view etag_field = {});

    /// Returns the JSON text as it was received.
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

    /// Returns the etag without quotes; empty if the server sent none.
    [[nodiscard]] const std::string& etag() const noexcept { return etag_; }

    /// The names of the collections, in the order of the text.
    [[nodiscard]] const std::vector<std::string>& collections() const noexcept {
        return collections_;
    }

    /// The names of the charts, in the order of the text.
    [[nodiscard]] const std::vector<std::string>& charts() const noexcept { return charts_; }

    /// Returns whether both schemas have the same content: the same collections in any order, and
    /// otherwise equal JSON values except for the etag (`schema_content`). Throws std::bad_alloc.
    [[nodiscard]] bool same_as(const schema& other) const;

private:
    // Reads collections that each have a name. Returns false for any other value.
    static bool read_collections(const detail::json_value& value, std::vector<std::string>& names);

    static void read_charts(const detail::json_value& value, std::vector<std::string>& names);

    // The member `name` of an object; null when there is none.
    static detail::json_value name_of(const detail::json_value& element);

    std::string text_;
    std::string etag_;
    std::vector<std::string> collections_;
    std::vector<std::string> charts_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/schema.ipp>
#endif

#endif
