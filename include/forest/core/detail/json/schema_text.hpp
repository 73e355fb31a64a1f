// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_SCHEMA_TEXT_HPP
#define FOREST_CORE_DETAIL_JSON_SCHEMA_TEXT_HPP

#include <forest/form.hpp>

#include <cassert>
#include <optional>
#include <string>
#include <string_view>

// The `etag` member of a schema (PROTOCOL.md, 3). It is the hash of all other bytes. So it is
// removed and added without parsing: a text that was parsed and written again would have another
// hash.

namespace forest::inline FOREST_FORM::detail {

/// Returns the JSON object `text` without its members `etag` and a comma for each, and without the
/// blanks around the object. All other bytes stay unchanged. An escaped key counts, too. Members of
/// inner objects stay. Returns nothing if `text` is not one JSON object. Throws std::bad_alloc.
[[nodiscard]] FOREST_DECL std::optional<std::string> without_etag(std::string_view text);

/// Returns the JSON object `text` with the string `etag` as a last member `etag`. `text` must come
/// from `without_etag`. `without_etag` of the result returns `text` again. Throws std::bad_alloc.
[[nodiscard]] FOREST_DECL std::string with_etag(std::string_view text, std::string_view etag);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/json/impl/schema_text.ipp>
#endif

#endif
