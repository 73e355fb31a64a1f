// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_SCHEMA_ANSWER_HPP
#define FOREST_CORE_DETAIL_LOGIC_SCHEMA_ANSWER_HPP

#include <forest/core/detail/logic/hold_state.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <memory>
#include <string>
#include <string_view>

// The meaning of an answer to a conditional request for the schema (PROTOCOL.md, 3; B31: fetch on
// recovery).

namespace forest::inline FOREST_FORM::detail {

/// The meaning of an answer.
struct schema_answer {
    verdict result{};                       ///< no error: the server's schema is known now
    std::shared_ptr<const schema> served{}; ///< the server's schema; null after a failure, and for
                                            ///< a 304: the known schema is current
    std::string content{};                  ///< `schema_content` of the text of that schema
    bool outdated = false;                  ///< the known schema has changed since the request
    hold_seconds offer{};                   ///< the server offers to hold the next request
};

/// Makes the verdict on a fetched schema; `judged` is the verdict on it as a health check. The
/// error `stopping` and the errors of connection, signature and framing are kept. The body has to
/// be a schema. If the request was `conditional`, because an etag was sent, a 304 is a success,
/// too. The member `content` stays empty. Throws std::bad_alloc.
[[nodiscard]] FOREST_DECL schema_answer judge_schema(verdict judged, const field_view& fields,
                                                     std::string_view body, bool conditional);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/detail/logic/impl/schema_answer.ipp>
#endif

#endif
