// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_SCHEMA_ANSWER_HPP
#define FOREST_CORE_DETAIL_LOGIC_SCHEMA_ANSWER_HPP

#include <forest/core/detail/http/entity_tag.hpp>
#include <forest/core/detail/json/health_document.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/verdict.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <system_error>

// What the answer to a conditional request for the schema means (PROTOCOL.md, 3; B31).

namespace forest::detail {

/// An answer, judged.
struct schema_answer {
    verdict result{};                       ///< none: the server's schema is known now
    std::shared_ptr<const schema> served{}; ///< the server's schema; null when it failed, and for a
                                            ///< 304, which says that it is the known one
    std::string content{};                  ///< of that: `schema_content` of its text
    bool outdated = false; ///< the known schema has changed since the request; says nothing then
};

/// Refines the verdict on an answer as if it had been one to a health check: what is wrong with the
/// connection, the signature or the framing is wrong here, too, and a farewell is one; but the body
/// has to be a schema, and 304 is as good when an etag was sent, so that the request was
/// `conditional`. Does not look at the content. Throws std::bad_alloc.
[[nodiscard]] inline schema_answer judge_schema(verdict judged, const field_view& fields,
                                                std::string_view body, bool conditional) {
    schema_answer answer{.result = judged};
    verdict& result = answer.result;
    result.document = health_document{}; // A schema may have members of the same names.
    if (result.status == 304 && result.error == errc::unexpected_status && conditional)
        result.error = {};
    if (result.status < 200 || result.status > 299 ||
        (result.error && result.error != errc::not_ok))
        return answer;
    const auto read = std::make_shared<schema>();
    result.error = schema::parse(body, *read, opaque_tag(fields.find("ETag").value_or("")));
    if (!result.error)
        answer.served = read;
    return answer;
}

} // namespace forest::detail

#endif
