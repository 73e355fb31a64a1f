// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_DATASOURCE_PROBE_HPP
#define FOREST_DETAIL_DATASOURCE_DATASOURCE_PROBE_HPP

#include <forest/core/datasource_mode.hpp>
#include <forest/core/detail/logic/health_machine.hpp>
#include <forest/core/detail/logic/health_steps.hpp>
#include <forest/core/detail/logic/polled_route.hpp>
#include <forest/core/detail/logic/schema_answer.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/detail/datasource/committed_schema.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

// The check of a datasource: a health check or a fetch of the schema, and the change from one to
// the other (B33: a server may have no health route).

namespace forest::inline FOREST_FORM::detail {

/// The state that a datasource and its health_loop share; used on one thread only.
struct polled_server {
    /// `health` and `schema` are the URLs of the two routes.
    polled_server(datasource_mode mode, url health, url schema, std::size_t bytes_max,
                  duration settle);

    polled_route route;
    const url health_url;
    const url schema_url;
    committed_schema known;
    schema_answer latest{};    ///< the answer to the last check of the schema route
    bool asked_schema = false; ///< whether the last check went to the schema route
    /// The verdict of a check that is held back until the first fetch of the schema has ended.
    std::optional<verdict> held{};
};

/// Checks the health route or, if there is none, the schema route (B33: the choice of the route). A
/// probe for health_loop.
class datasource_probe {
public:
    explicit datasource_probe(std::shared_ptr<polled_server> server) noexcept
        : server_{std::move(server)} {}

    void prepare(request& check);

    /// Judges a health check, or keeps the schema.
    [[nodiscard]] verdict judge(const reply& answer, wall_time now) noexcept;

    /// Holds a verdict back while the first fetch of the schema is in flight. The end of the fetch
    /// shows whether the server only lacks the health route.
    [[nodiscard]] bool holds(const verdict& result) noexcept;

    /// A missing health route says nothing about the health of the server.
    [[nodiscard]] health_input input(const verdict& result) noexcept;

    /// The check has brought another schema than the known one.
    [[nodiscard]] bool brought_news() const noexcept;

private:
    std::shared_ptr<polled_server> server_;
    committed_schema::condition condition_{};
};

/// The rules of the route that is polled now.
template <std::regular_invocable<int, duration> Backoff>
struct polled_rules {
    health_rules<Backoff> health;
    health_rules<Backoff> schema;
    std::shared_ptr<const polled_server> server;

    operator const health_rules<Backoff>&() const noexcept {
        return server->route.polls_schema() ? schema : health;
    }
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/detail/datasource/impl/datasource_probe.ipp>
#endif

#endif
