// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_SCHEMA_ROUTE_STATE_IPP
#define FOREST_DETAIL_ROUTES_IMPL_SCHEMA_ROUTE_STATE_IPP

#include <forest/core/detail/http/entity_tag.hpp>
#include <forest/core/detail/json/schema_text.hpp>
#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/core/schema.hpp>
#include <forest/detail/routes/schema_route_state.hpp>

#include <cstdint>
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
    std::uint64_t version = schema_route_state::draining_version + 1; // increases with each etag
};

FOREST_DECL std::shared_ptr<schema_route_state>
schema_route_state::make(route_verifier&& verify, std::string&& path, hash_function&& hash,
                         std::string_view schema_text, const hold_limits& limits) {
    auto made = std::make_shared<schema_route_state>(std::move(verify), std::move(path),
                                                     std::move(hash), limits);
    if (const std::error_code ec = made->replace(schema_text))
        throw std::system_error(ec, made->path());
    return made;
}

FOREST_DECL schema_route_state::schema_route_state(route_verifier&& verify, std::string&& path,
                                                   hash_function&& hash, const hold_limits& limits)
    : signed_route{std::move(verify), std::move(path)},
      hash_{std::move(hash)},
      holder_{make_holder(*this, limits)} {
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
    std::shared_ptr<const document> previous; // destroyed outside the lock
    {
        const std::lock_guard lock{mutex_};
        previous = served_;
        if (previous != nullptr)
            next->version = previous->version + (previous->etag == next->etag ? 0U : 1U);
        served_ = next;
    }
    if (holder_ != nullptr)
        holder_->news();
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

FOREST_DECL void schema_route_state::hold_with(route_clock* clock) {
    holder_->use(clock, std::shared_ptr<answer_holder>{shared_from_this(), holder_.get()});
}

FOREST_DECL void schema_route_state::drain() noexcept {
    draining_ = true;
    if (holder_ != nullptr)
        holder_->news();
}

FOREST_DECL response schema_route_state::stopping_answer() noexcept {
    response answer;
    answer.status = 503;
    answer.body = R"({"status":"stopping"})";
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    return answer;
}

FOREST_DECL response schema_route_state::answer_with(const std::shared_ptr<const document>& served,
                                                     bool known) {
    response answer;
    answer.fields = served->fields;
    if (known) {
        answer.status = 304;
        answer.content_type = {};
    } else {
        answer.body = served->body;
        answer.body_owner = served;
    }
    return answer;
}

FOREST_DECL void schema_route_state::answer(const server_request& request,
                                            response_sink give) const {
    if (draining_)
        return give(stopping_answer());
    const std::shared_ptr<const document> now = current();
    response answer = answer_with(now, if_none_match_names(request.fields, now->etag));
    if (const auto offer = holder_ != nullptr ? holder_->offer(request.peer) : std::nullopt) {
        add_hold_offer(answer.fields, *offer);
        if (const auto preferred = wait_preference(request.fields))
            add_preference_applied(answer.fields, holder_->granted(*preferred));
    }
    give(answer);
}

FOREST_DECL bool schema_route_state::hold(const server_request& request,
                                          const verification& verified,
                                          responder_keeper keep) const {
    const auto preferred = holder_ != nullptr ? wait_preference(request.fields) : std::nullopt;
    if (!preferred)
        return false;
    const std::shared_ptr<const document> now = current();
    if (!if_none_match_names(request.fields, now->etag))
        return false;
    held_request held;
    held.method = request.method;
    held.version = now->version;
    held.wait = holder_->granted(*preferred);
    held.verified = verified;
    held.peer = request.peer;
    return holder_->hold(std::move(held), keep.held);
}

FOREST_DECL answer_versions schema_route_state::versions() const noexcept {
    const std::uint64_t now = draining_ ? draining_version : current()->version;
    return {now, now};
}

FOREST_DECL void schema_route_state::answer_held(held_request& request, bool early) const {
    response answer;
    if (draining_) {
        answer = stopping_answer();
    } else {
        const std::shared_ptr<const document> now = current();
        answer = answer_with(now, now->version == request.version);
        if (const auto offer = early ? std::nullopt : holder_->offer(request.peer))
            add_hold_offer(answer.fields, *offer);
    }
    add_preference_applied(answer.fields, request.wait);
    request.respond(answer);
    report({path(), request.method, answer.status, request.verified});
}

} // namespace forest::inline FOREST_FORM::detail

#endif
