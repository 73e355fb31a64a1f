// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_LOGIC_IMPL_SCHEMA_ANSWER_IPP
#define FOREST_CORE_DETAIL_LOGIC_IMPL_SCHEMA_ANSWER_IPP

#include <forest/core/detail/http/entity_tag.hpp>
#include <forest/core/detail/logic/schema_answer.hpp>
#include <forest/core/error.hpp>
#include <forest/core/health_document.hpp>

#include <system_error>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL schema_answer judge_schema(verdict judged, const field_view& fields,
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

} // namespace forest::inline FOREST_FORM::detail

#endif
