// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_HEALTH_ROUTE_STATE_HPP
#define FOREST_DETAIL_ROUTES_HEALTH_ROUTE_STATE_HPP

#include <forest/core/fields.hpp>
#include <forest/core/verification.hpp>
#include <forest/detail/routes/check_runner.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// What a health route and its handlers share. It does not depend on the server, so it is compiled
// once.

namespace forest::inline FOREST_FORM::detail {

/// The routes that say yes or no to anybody.
enum class probe_kind : std::uint8_t { live, ready, startup };

/// basic_health_route documents the members.
class health_route_state final : public signed_route,
                                 public std::enable_shared_from_this<health_route_state> {
public:
    static std::shared_ptr<health_route_state> make(route_verifier&& verify, std::string&& path,
                                                    std::string_view version);

    health_route_state(route_verifier&& verify, std::string&& path, std::string_view version);

    void answer(const server_request& request, response_sink give) const;

    /// Begins the checks that are due. Keeps the responder and returns true if the answer has to
    /// wait for them.
    bool hold(const server_request& request, const verification& verified,
              responder_keeper keep) const;

    /// Answers yes or no, at once.
    void probe(probe_kind kind, response_sink give) const;

    [[nodiscard]] check_runner& checks() const noexcept { return *checks_; }

    std::atomic<bool> draining = false;
    std::atomic<bool> healthy = true;

private:
    static std::string body(std::string_view status, std::string_view version);

    // Whether the request asks for the document of `application/health+json`.
    static bool wants_document(field_view fields);

    void send(bool as_document, response_sink give) const;

    // Sends an answer that has checks.
    void send_checked(bool as_document, response_sink give) const;

    // Whether the application and its checks say so now.
    [[nodiscard]] bool is_ready() const;

    const std::string version_;
    const std::string ok_body_;
    const std::string fail_body_;
    const std::string stopping_body_;
    const std::shared_ptr<check_runner> checks_ = std::make_shared<check_runner>();
    mutable std::atomic<bool> started_ = false; // was ready once
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/health_route_state.ipp>
#endif

#endif
