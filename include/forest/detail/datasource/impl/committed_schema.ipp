// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_IMPL_COMMITTED_SCHEMA_IPP
#define FOREST_DETAIL_DATASOURCE_IMPL_COMMITTED_SCHEMA_IPP

#include <forest/core/detail/json/schema_content.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/detail/datasource/committed_schema.hpp>
#include <forest/detail/health/judge.hpp>

#include <new>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::shared_ptr<const schema> committed_schema::get() const {
    const std::lock_guard lock{mutex_};
    return known_;
}

FOREST_DECL schema_source committed_schema::source() const {
    const std::lock_guard lock{mutex_};
    return source_;
}

FOREST_DECL void committed_schema::commit(std::shared_ptr<const schema> next, std::string content,
                                          schema_source source, steady_time now) noexcept {
    contents_.commit(std::move(content), now);
    etag_.clear();
    remember_etag(*next);
    ++commits_;
    const std::lock_guard lock{mutex_};
    known_.swap(next);
    source_ = source;
}

FOREST_DECL auto committed_schema::prepare(request& get) const -> condition {
    get.limits.body_bytes_max = bytes_max_;
    if (etag_.empty() || get.fields.add("If-None-Match", etag_))
        return unconditional;
    return commits_;
}

FOREST_DECL schema_answer committed_schema::read(const reply& answer, const verdict& judged,
                                                 condition sent) const noexcept {
    schema_answer result{.result = judged};
    try {
        result = judge_schema(judged, answer.fields, answer.body, sent != unconditional);
        if (result.served != nullptr)
            result.content = result.served->text() == known_->text()
                                 ? contents_.known()
                                 : schema_content(result.served->text());
        else
            result.outdated = sent != commits_;
    } catch (const std::bad_alloc&) {
        result.served.reset();
        result.result.error = errc::local_resources_exhausted;
    }
    result.offer = offer_of(answer, result.result);
    return result;
}

FOREST_DECL settling_action committed_schema::settle(const schema_answer& answer,
                                                     steady_time now) noexcept {
    if (answer.served == nullptr)
        return answer.outdated ? settling_action{} : contents_.served_known();
    const settling_action next = contents_.served(answer.content, now);
    if (next.kind == settling_action_kind::unchanged)
        remember_etag(*answer.served);
    return next;
}

FOREST_DECL void committed_schema::remember_etag(const schema& served) noexcept {
    const std::string& etag = served.etag();
    if (etag.empty() || etag.size() > etag_bytes_max || !is_field_value(etag))
        return;
    try {
        etag_ = etag;
    } catch (const std::bad_alloc&) { // The server then sends the whole schema.
        etag_.clear();
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
