// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_IMPL_HEALTH_ROUTE_STATE_IPP
#define FOREST_DETAIL_ROUTES_IMPL_HEALTH_ROUTE_STATE_IPP

#include <forest/core/detail/json/json_string.hpp>
#include <forest/core/response.hpp>
#include <forest/detail/routes/health_route_state.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::shared_ptr<health_route_state>
health_route_state::make(route_verifier&& verify, std::string&& path, std::string_view version) {
    return std::make_shared<health_route_state>(std::move(verify), std::move(path), version);
}

FOREST_DECL health_route_state::health_route_state(route_verifier&& verify, std::string&& path,
                                                   std::string_view version)
    : signed_route{std::move(verify), std::move(path)},
      version_{version},
      ok_body_{body("ok", version)},
      fail_body_{body("fail", version)},
      stopping_body_{body("stopping", version)} {}

FOREST_DECL void health_route_state::answer(const server_request& request,
                                            response_sink give) const {
    send(!checks_->empty() && wants_document(request.fields), give);
}

FOREST_DECL bool health_route_state::hold(const server_request& request,
                                          const verification& verified,
                                          responder_keeper keep) const {
    if (checks_->empty() || draining)
        return false;
    return checks_->hold([&]() -> unique_function<void()> {
        return [kept = weak_from_this(), as_document = wants_document(request.fields),
                method = request.method, verified, respond = keep()]() mutable {
            const std::shared_ptr<const health_route_state> state = kept.lock();
            if (state == nullptr)
                return;
            state->send(as_document, [&](const response& answer) {
                respond(answer);
                state->report({state->path(), method, answer.status, verified});
            });
        };
    });
}

FOREST_DECL void health_route_state::send(bool as_document, response_sink give) const {
    // Read once: status and body must agree while another thread changes the state.
    const bool stopping = draining;
    if (!stopping && !checks_->empty())
        return send_checked(as_document, give);
    const std::string& text = stopping ? stopping_body_ : healthy ? ok_body_ : fail_body_;
    response answer;
    answer.status = &text == &ok_body_ ? 200 : 503;
    answer.body = text;
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    give(answer);
}

FOREST_DECL void health_route_state::send_checked(bool as_document, response_sink give) const {
    const bool set_healthy = healthy;
    std::string document;
    const check_status found =
        as_document ? checks_->describe(document, set_healthy, version_) : checks_->status();
    const bool ok = set_healthy && found != check_status::fail;
    if (ok)
        started_ = true;
    response answer;
    answer.status = ok ? 200 : 503;
    answer.body = as_document ? document : ok ? ok_body_ : fail_body_;
    if (as_document)
        answer.content_type = "application/health+json";
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    give(answer);
}

FOREST_DECL bool health_route_state::is_ready() const {
    const bool ready = healthy && checks_->status() != check_status::fail;
    if (ready)
        started_ = true;
    return ready;
}

FOREST_DECL void health_route_state::probe(probe_kind kind, response_sink give) const {
    const bool stopping = draining;
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
