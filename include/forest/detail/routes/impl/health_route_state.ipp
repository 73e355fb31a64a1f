// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_HEALTH_ROUTE_STATE_IPP
#define FOREST_DETAIL_ROUTES_IMPL_HEALTH_ROUTE_STATE_IPP

#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/detail/logic/hold_fields.hpp>
#include <forest/core/response.hpp>
#include <forest/detail/routes/health_route_state.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::shared_ptr<health_route_state>
health_route_state::make(route_verifier&& verify, std::string&& path, std::string_view version,
                         const hold_limits& limits) {
    return std::make_shared<health_route_state>(std::move(verify), std::move(path), version,
                                                limits);
}

FOREST_DECL health_route_state::health_route_state(route_verifier&& verify, std::string&& path,
                                                   std::string_view version,
                                                   const hold_limits& limits)
    : signed_route{std::move(verify), std::move(path)},
      version_{version},
      ok_body_{body("ok", version)},
      fail_body_{body("fail", version)},
      stopping_body_{body("stopping", version)},
      holder_{make_holder(*this, limits)} {}

FOREST_DECL void health_route_state::hold_with(route_clock* clock) {
    const std::weak_ptr<answer_holder> self =
        std::shared_ptr<answer_holder>{shared_from_this(), holder_.get()};
    holder_->use(clock, self);
    if (clock == nullptr)
        return;
    // A new check has to begin, and a result may be news.
    checks_->on_news([self](bool is_result) {
        const std::shared_ptr<answer_holder> holder = self.lock();
        if (holder != nullptr)
            is_result ? holder->news() : holder->refresh();
    });
}

FOREST_DECL void health_route_state::drain() noexcept {
    draining_ = true;
    if (holder_ != nullptr)
        holder_->news();
}

FOREST_DECL void health_route_state::set_healthy(bool healthy) noexcept {
    healthy_ = healthy;
    if (holder_ != nullptr)
        holder_->news();
}

FOREST_DECL void health_route_state::answer(const server_request& request,
                                            response_sink give) const {
    send(what_is_asked(request), give);
}

FOREST_DECL auto health_route_state::what_is_asked(const server_request& request) const
    -> question {
    question result;
    result.as_document = !checks_->empty() && wants_document(request.fields);
    if (holder_ == nullptr)
        return result;
    result.peer = request.peer;
    if (const auto preferred = wait_preference(request.fields))
        result.wait = holder_->granted(*preferred);
    return result;
}

FOREST_DECL bool health_route_state::hold(const server_request& request,
                                          const verification& verified,
                                          responder_keeper keep) const {
    if (draining_ || (checks_->empty() && holder_ == nullptr))
        return false;
    const question asked = what_is_asked(request);
    if (!checks_->empty())
        checks_->refresh();
    if (asked.wait && hold_until_news(asked, request.method, verified, keep.held))
        return true;
    if (checks_->empty())
        return false;
    return checks_->hold([&]() -> unique_function<void()> {
        return [kept = weak_from_this(), asked, method = request.method, verified,
                respond = keep.soon()]() mutable {
            const std::shared_ptr<const health_route_state> state = kept.lock();
            if (state == nullptr)
                return;
            state->send(asked, [&](const response& answer) {
                respond(answer);
                state->report({state->path(), method, answer.status, verified});
            });
        };
    });
}

FOREST_DECL bool health_route_state::hold_until_news(const question& asked, http_method method,
                                                     const verification& verified,
                                                     held_keeper keep) const {
    held_request request;
    request.method = method;
    request.as_document = asked.as_document;
    const answer_versions now = versions();
    request.version = asked.as_document ? now.document : now.plain;
    request.wait = *asked.wait;
    request.verified = verified;
    request.peer = asked.peer;
    if (request.version == unhealthy_version)
        return false;
    return holder_->hold(std::move(request), keep);
}

FOREST_DECL answer_versions health_route_state::versions() const noexcept {
    if (draining_ || !healthy_)
        return {unhealthy_version, unhealthy_version};
    if (checks_->empty())
        return {};
    switch (checks_->known()) {
    case check_status::pass: return {};
    case check_status::warn: return {0, 1}; // Only the document says so.
    case check_status::fail: break;
    }
    return {unhealthy_version, unhealthy_version};
}

FOREST_DECL std::optional<steady_time> health_route_state::changes_at() const noexcept {
    return checks_->changes_at(held_check_age_min);
}

FOREST_DECL void health_route_state::refresh_held() const {
    if (!draining_)
        checks_->refresh(held_check_age_min);
}

FOREST_DECL void health_route_state::answer_held(held_request& request, bool early) const {
    const question asked{.as_document = request.as_document,
                         .peer = request.peer,
                         .wait = request.wait,
                         .was_held = true,
                         .early = early};
    send(asked, [&](const response& answer) {
        request.respond(answer);
        report({path(), request.method, answer.status, request.verified});
    });
}

FOREST_DECL void health_route_state::add_hold_fields(response& answer,
                                                     const question& asked) const {
    const auto offer = asked.early ? std::nullopt : holder_->offer(asked.peer);
    if (offer && answer.status == 200)
        add_hold_offer(answer.fields, *offer);
    if (asked.wait && (offer || asked.was_held))
        add_preference_applied(answer.fields, *asked.wait);
}

FOREST_DECL void health_route_state::send(const question& asked, response_sink give) const {
    // Read once: status and body must agree while another thread changes the state.
    const bool stopping = draining_;
    if (!stopping && !checks_->empty())
        return send_checked(asked, give);
    const std::string& text = stopping ? stopping_body_ : healthy_ ? ok_body_ : fail_body_;
    response answer;
    answer.status = &text == &ok_body_ ? 200 : 503;
    answer.body = text;
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    if (holder_ != nullptr)
        add_hold_fields(answer, asked);
    give(answer);
}

FOREST_DECL void health_route_state::send_checked(const question& asked, response_sink give) const {
    const bool set_healthy = healthy_;
    std::string document;
    const check_status found = asked.as_document
                                   ? checks_->describe(document, set_healthy, version_)
                               : asked.was_held ? checks_->known()
                                                : checks_->status();
    const bool ok = set_healthy && found != check_status::fail;
    if (ok)
        started_ = true;
    response answer;
    answer.status = ok ? 200 : 503;
    answer.body = asked.as_document ? document : ok ? ok_body_ : fail_body_;
    if (asked.as_document)
        answer.content_type = "application/health+json";
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    if (holder_ != nullptr)
        add_hold_fields(answer, asked);
    give(answer);
}

FOREST_DECL bool health_route_state::is_ready() const {
    const bool ready = healthy_ && checks_->status() != check_status::fail;
    if (ready)
        started_ = true;
    return ready;
}

FOREST_DECL void health_route_state::probe(probe_kind kind, response_sink give) const {
    const bool stopping = draining_;
    const bool needs_checks =
        kind == probe_kind::ready || (kind == probe_kind::startup && !started_);
    if (needs_checks && !stopping)
        checks_->refresh();
    bool yes = true;
    if (kind == probe_kind::ready)
        yes = is_ready() && !stopping;
    else if (kind == probe_kind::startup)
        yes = started_ || is_ready();
    response answer;
    answer.status = yes ? 200 : 503;
    answer.content_type = "text/plain";
    answer.body = yes ? "yes\n" : "no\n";
    answer.for_anybody = true;
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    give(answer);
}

// The type must be named: a client that accepts everything does not ask for the document.
FOREST_DECL bool health_route_state::wants_document(field_view fields) {
    bool found = false;
    fields.for_each_of("accept", [&](std::string_view value) {
        for_each_list_element(value, [&](std::string_view element) {
            const std::size_t end = element.find(';');
            if (!iequals(trim_blanks(element.substr(0, end)), "application/health+json"))
                return;
            bool refused = false; // `;q=0`
            while (element.find(';') != std::string_view::npos) {
                element.remove_prefix(element.find(';') + 1);
                const std::string_view parameter =
                    trim_blanks(element.substr(0, element.find(';')));
                if (iequals(parameter.substr(0, 2), "q="))
                    refused = parameter.find_first_not_of("0.", 2) == std::string_view::npos;
            }
            found = found || !refused;
        });
    });
    return found;
}

FOREST_DECL std::string health_route_state::body(std::string_view status,
                                                 std::string_view version) {
    return "{\"status\":" + json_quote(status) + ",\"version\":" + json_quote(version) + "}";
}

} // namespace forest::inline FOREST_FORM::detail

#endif
