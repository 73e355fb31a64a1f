// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_SCHEMA_ROUTE_STATE_IPP
#define FOREST_DETAIL_ROUTES_IMPL_SCHEMA_ROUTE_STATE_IPP

#include <forest/core/detail/http/entity_tag.hpp>
#include <forest/core/detail/json/schema_text.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/core/schema.hpp>
#include <forest/detail/routes/schema_route_state.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

struct schema_route_state::document {
    std::string body;
    std::string etag;
    header_fields fields;
};

FOREST_DECL std::shared_ptr<schema_route_state>
schema_route_state::make(route_verifier&& verify, std::string&& path, hash_function&& hash,
                         std::string_view schema_text) {
    auto made =
        std::make_shared<schema_route_state>(std::move(verify), std::move(path), std::move(hash));
    if (const std::error_code ec = made->replace(schema_text))
        throw std::system_error(ec, made->path());
    return made;
}

FOREST_DECL schema_route_state::schema_route_state(route_verifier&& verify, std::string&& path,
                                                   hash_function&& hash)
    : signed_route{std::move(verify), std::move(path)}, hash_{std::move(hash)} {
    if (!hash_)
        throw std::system_error(make_error_code(errc::hash_missing));
}

FOREST_DECL std::error_code schema_route_state::replace(std::string_view text) {
    const std::optional<std::string> content = without_etag(text);
    if (!content)
        return errc::malformed_body;
    if (schema valid; const std::error_code ec = schema::parse(*content, valid))
        return ec;
    const auto next = std::make_shared<document>();
    next->etag = hash_(*content);
    if (!is_opaque_tag(next->etag))
        return errc::header_invalid;
    if (const std::error_code ec = next->fields.add("ETag", '"' + next->etag + '"'))
        return ec;
    // The client that signed the request may keep the response, but must ask here before
    // each use; a shared cache must not keep it.
    if (const std::error_code ec = next->fields.add("Cache-Control", "private, no-cache"))
        return ec;
    next->body = with_etag(*content, next->etag);
    std::shared_ptr<const document> previous = next; // destroyed outside the lock
    const std::lock_guard lock{mutex_};
    served_.swap(previous);
    return {};
}

FOREST_DECL std::string schema_route_state::etag() const {
    return current()->etag;
}

FOREST_DECL std::shared_ptr<const schema_route_state::document>
schema_route_state::current() const {
    const std::lock_guard lock{mutex_};
    return served_;
}

FOREST_DECL void schema_route_state::answer(const server_request& request,
                                            response_sink give) const {
    response answer;
    if (draining) {
        answer.status = 503;
        answer.body = R"({"status":"stopping"})";
        (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
        return give(answer);
    }
    const std::shared_ptr<const document> now = current();
    answer.fields = now->fields;
    if (if_none_match_names(request.fields, now->etag)) {
        answer.status = 304;
        answer.content_type = {};
    } else {
        answer.body = now->body;
        answer.body_owner = now;
    }
    give(answer);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
