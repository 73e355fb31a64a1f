// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_JSON_HEALTH_DOCUMENT_PARSER_HPP
#define FOREST_CORE_DETAIL_JSON_HEALTH_DOCUMENT_PARSER_HPP

#include <forest/core/health_document.hpp>
#include <forest/form.hpp>

#include <string_view>
#include <system_error>

// Reads a health body (PROTOCOL.md, 1).

namespace forest::inline FOREST_FORM::detail {

/// Reads the last `status` and the last `version` of `body`. If the body is not one JSON object,
/// returns `malformed_body` and does not change `out`.
[[nodiscard]] FOREST_DECL std::error_code parse_health_document(std::string_view body,
                                                                health_document& out) noexcept;

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/json/impl/health_document_parser.ipp>
#endif

#endif
