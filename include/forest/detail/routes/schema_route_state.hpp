// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_ROUTES_SCHEMA_ROUTE_STATE_HPP
#define FOREST_DETAIL_ROUTES_SCHEMA_ROUTE_STATE_HPP

#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verification.hpp>
#include <forest/detail/routes/answer_holder.hpp>
#include <forest/detail/routes/held_answers.hpp>
#include <forest/detail/routes/route_clock.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/signed_route.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// What a schema route and its handler share. It does not depend on the server, so it is compiled
// once.

namespace forest::inline FOREST_FORM::detail {

/// basic_schema_route documents the members.
class schema_route_state final : public signed_route,
                                 private holding_route,
                                 public std::enable_shared_from_this<schema_route_state> {
public:
    using hash_function = std::function<std::string(std::string_view)>;

    /// Throws std::system_error with `errc::hash_missing`, or with an error of `replace` or of
    /// `limits.validate()`.
    static std::shared_ptr<schema_route_state> make(route_verifier&& verify, std::string&& path,
                                                    hash_function&& hash,
                                                    std::string_view schema_text,
                                                    const hold_limits& limits = {});

    schema_route_state(route_verifier&& verify, std::string&& path, hash_function&& hash,
                       const hold_limits& limits);

    std::error_code replace(std::string_view text);

    [[nodiscard]] std::string etag() const;

    void answer(const server_request& request, response_sink give) const;

    /// Keeps the responder and returns true if the client has the schema already, and lets the
    /// answer be held until there is another one.
    bool hold(const server_request& request, const verification& verified,
              responder_keeper keep) const;

    /// Null if the route holds no answers.
    [[nodiscard]] answer_holder* holder() const noexcept { return holder_.get(); }

    /// The clock with which answers are held; null if there is none any more.
    void hold_with(route_clock* clock);

    void drain() noexcept;
    [[nodiscard]] bool draining() const noexcept { return draining_; }

private:
    // The content of all responses until the next replacement.
    struct document;

    static constexpr std::uint64_t draining_version = 0;

    [[nodiscard]] answer_versions versions() const noexcept override;
    [[nodiscard]] std::optional<steady_time> changes_at() const noexcept override { return {}; }
    void refresh_held() const override {}
    void answer_held(held_request& request, bool early) const override;

    // The answer of a route that serves.
    [[nodiscard]] static response answer_with(const std::shared_ptr<const document>& served,
                                              bool known);

    [[nodiscard]] static response stopping_answer() noexcept;

    [[nodiscard]] std::shared_ptr<const document> current() const;

    const hash_function hash_;
    mutable std::mutex mutex_;
    std::shared_ptr<const document> served_;
    std::atomic<bool> draining_ = false;
    const std::unique_ptr<answer_holder> holder_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/routes/impl/schema_route_state.ipp>
#endif

#endif
