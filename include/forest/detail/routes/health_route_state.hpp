// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_HEALTH_ROUTE_STATE_HPP
#define FOREST_DETAIL_ROUTES_HEALTH_ROUTE_STATE_HPP

#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verification.hpp>
#include <forest/detail/routes/answer_holder.hpp>
#include <forest/detail/routes/check_runner.hpp>
#include <forest/detail/routes/held_answers.hpp>
#include <forest/detail/routes/route_clock.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// What a health route and its handlers share. It does not depend on the server, so it is compiled
// once.

namespace forest::inline FOREST_FORM::detail {

/// The routes that say yes or no to anybody.
enum class probe_kind : std::uint8_t { live, ready, startup };

/// basic_health_route documents the members.
class health_route_state final : public signed_route,
                                 private holding_route,
                                 public std::enable_shared_from_this<health_route_state> {
public:
    static std::shared_ptr<health_route_state> make(route_verifier&& verify, std::string&& path,
                                                    std::string_view version,
                                                    const hold_limits& limits = {});

    /// Throws std::system_error with the error of `limits.validate()`.
    health_route_state(route_verifier&& verify, std::string&& path, std::string_view version,
                       const hold_limits& limits);

    void answer(const server_request& request, response_sink give) const;

    /// Begins the checks that are due. Keeps the responder and returns true if the answer is held
    /// until there is news, or has to wait for the checks.
    bool hold(const server_request& request, const verification& verified,
              responder_keeper keep) const;

    /// Sends yes or no at once.
    void probe(probe_kind kind, response_sink give) const;

    [[nodiscard]] check_runner& checks() const noexcept { return *checks_; }

    /// Null if the route holds no answers.
    [[nodiscard]] answer_holder* holder() const noexcept { return holder_.get(); }

    /// The clock with which answers are held; null if there is none any more.
    void hold_with(route_clock* clock);

    void drain() noexcept;
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    void set_healthy(bool healthy) noexcept;
    [[nodiscard]] bool healthy() const noexcept { return healthy_; }

private:
    // What an answer depends on beside the state of the route.
    struct question {
        bool as_document = false;
        std::optional<ip_address> peer{};
        std::optional<std::chrono::seconds> wait{}; // the hold that the client prefers, and can get
        bool was_held = false;
        bool early = false; // see holding_route::answer_held
    };

    // While answers are held, a check is not repeated more often, whatever its options say: no
    // request limits that.
    static constexpr duration held_check_age_min = std::chrono::seconds{1};

    static constexpr std::uint64_t unhealthy_version = 2;

    [[nodiscard]] answer_versions versions() const noexcept override;
    [[nodiscard]] std::optional<steady_time> changes_at() const noexcept override;
    void refresh_held() const override;
    void answer_held(held_request& request, bool early) const override;

    [[nodiscard]] question what_is_asked(const server_request& request) const;

    // Holds the answer if it is a healthy one and the client prefers that.
    bool hold_until_news(const question& asked, http_method method, const verification& verified,
                         held_keeper keep) const;

    // Adds the fields of a route that holds answers.
    void add_hold_fields(response& answer, const question& asked) const;

    static std::string body(std::string_view status, std::string_view version);

    // Whether the request asks for the document of `application/health+json`.
    static bool wants_document(field_view fields);

    void send(const question& asked, response_sink give) const;

    // Sends an answer that has checks.
    void send_checked(const question& asked, response_sink give) const;

    // Whether the application and its checks say so now.
    [[nodiscard]] bool is_ready() const;

    const std::string version_;
    const std::string ok_body_;
    const std::string fail_body_;
    const std::string stopping_body_;
    const std::shared_ptr<check_runner> checks_ = std::make_shared<check_runner>();
    mutable std::atomic<bool> started_ = false; // was ready once
    std::atomic<bool> draining_ = false;
    std::atomic<bool> healthy_ = true;
    const std::unique_ptr<answer_holder> holder_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/health_route_state.ipp>
#endif

#endif
