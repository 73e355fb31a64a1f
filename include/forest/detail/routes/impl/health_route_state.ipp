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
      ok_body_{body("ok", version)},
      fail_body_{body("fail", version)},
      stopping_body_{body("stopping", version)} {}

FOREST_DECL void health_route_state::answer(const server_request&, response_sink give) const {
    // Read once: status and body must agree while another thread changes the state.
    const std::string& text = draining ? stopping_body_ : healthy ? ok_body_ : fail_body_;
    response answer;
    answer.status = &text == &ok_body_ ? 200 : 503;
    answer.body = text;
    (void)answer.fields.add("Cache-Control", "no-store"); // It fits.
    give(answer);
}

FOREST_DECL std::string health_route_state::body(std::string_view status,
                                                 std::string_view version) {
    return "{\"status\":" + json_quote(status) + ",\"version\":" + json_quote(version) + "}";
}

} // namespace forest::inline FOREST_FORM::detail

#endif
