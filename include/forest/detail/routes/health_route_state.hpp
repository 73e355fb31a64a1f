// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_HEALTH_ROUTE_STATE_HPP
#define FOREST_DETAIL_ROUTES_HEALTH_ROUTE_STATE_HPP

#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

// What a health route and its handler share. It does not depend on the server, so it is compiled
// once.

namespace forest::inline FOREST_FORM::detail {

/// basic_health_route documents the members.
class health_route_state final : public signed_route {
public:
    static std::shared_ptr<health_route_state> make(route_verifier&& verify, std::string&& path,
                                                    std::string_view version);

    health_route_state(route_verifier&& verify, std::string&& path, std::string_view version);

    void answer(const server_request& request, response_sink give) const;

    std::atomic<bool> draining = false;
    std::atomic<bool> healthy = true;

private:
    static std::string body(std::string_view status, std::string_view version);

    const std::string ok_body_;
    const std::string fail_body_;
    const std::string stopping_body_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/health_route_state.ipp>
#endif

#endif
