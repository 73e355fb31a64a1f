// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_DATASOURCE_PROBE_HPP
#define FOREST_DETAIL_DATASOURCE_DATASOURCE_PROBE_HPP

#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/detail/logic/polled_route.hpp>
#include <forest/core/detail/logic/schema_answer.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/datasource/committed_schema.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

// What a datasource asks its server in place of a plain health check, and how it goes from one
// route to the other (B33).

namespace forest::detail {

/// What the polling of a datasource and the datasource itself share; used on one thread only.
struct polled_server {
    /// `routes` are the URLs of the health route and of the schema.
    polled_server(datasource_mode mode, url health, url schema, std::size_t bytes_max,
                  duration settle)
        : route{mode},
          health_url{std::move(health)},
          schema_url{std::move(schema)},
          known{bytes_max, settle} {}

    polled_route route;
    const url health_url;
    const url schema_url;
    committed_schema known;
    schema_answer latest{};        ///< to the last poll of the schema
    bool asked_schema = false;     ///< whether the last check is such a poll
    std::optional<verdict> held{}; ///< on a check, until the first fetch of the schema has ended
};

/// What a datasource polls: the health route or, where there is none, the schema (B33). A probe of
/// health_loop.
class datasource_probe {
public:
    explicit datasource_probe(std::shared_ptr<polled_server> server) noexcept
        : server_{std::move(server)} {}

    void prepare(request& what) {
        const bool schema = server_->route.polls_schema();
        if (schema != server_->asked_schema)
            what = {.target = schema ? server_->schema_url : server_->health_url,
                    .fresh_connection = what.fresh_connection};
        server_->asked_schema = schema;
        if (schema)
            condition_ = server_->known.prepare(what);
    }

    /// Keeps the answer of a schema, too.
    [[nodiscard]] verdict judge(const reply& answer, wall_time local) noexcept {
        if (!server_->asked_schema)
            return conclude(answer, local);
        server_->latest = server_->known.judge(answer, local, condition_);
        return server_->latest.result;
    }

    /// Whether the health route is missing is known when the schema has come, or has not.
    [[nodiscard]] bool holds(const verdict& result) noexcept {
        if (server_->asked_schema || !server_->route.awaits_schema(result))
            return false;
        server_->held = result;
        return true;
    }

    /// A missing health route says nothing of the server's health.
    [[nodiscard]] health_input input(const verdict& result) noexcept {
        return !server_->asked_schema && server_->route.checked(result)
                   ? health_input::rerouted(result)
                   : health_input::reply(result);
    }

private:
    std::shared_ptr<polled_server> server_;
    committed_schema::condition condition_{};
};

/// The rules by which the route is polled that is polled now.
template <std::regular_invocable<int, duration> Backoff>
struct polled_rules {
    health_rules<Backoff> health;
    health_rules<Backoff> schema;
    std::shared_ptr<const polled_server> server;

    operator const health_rules<Backoff>&() const noexcept {
        return server->route.polls_schema() ? schema : health;
    }
};

} // namespace forest::detail

#endif
