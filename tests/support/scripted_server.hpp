// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_SCRIPTED_SERVER_HPP
#define FOREST_TESTS_SUPPORT_SCRIPTED_SERVER_HPP

#include <support/virtual_datasource.hpp>

#include <forest/core/detail/http/entity_tag.hpp>
#include <forest/datasource.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A server whose routes come and go, and a datasource that follows it under a virtual clock.

namespace forest::tests {

/// Answers by the path. What a test does not set is well.
struct scripted_server {
    int health_status = 200;           ///< 404: it has no such route
    std::string schema{};              ///< has its etag in it
    std::optional<errc> broken{};      ///< nothing is answered, for this reason
    duration latency{};                ///< of each answer
    duration schema_latency{};         ///< of those with the schema, besides
    std::function<void()> on_schema{}; ///< before each answer to a request for the schema

    struct asked {
        steady_time at;
        bool health;
        duration timeout;
        bool conditional;
    };
    std::vector<asked> requests{};

    sim::scripted_reply answer(const request& what, duration timeout, steady_time now) {
        const bool health = what.target.target() == "/forest/health";
        const field_view fields{what.fields.text()};
        requests.push_back({now, health, timeout, fields.find("If-None-Match").has_value()});
        if (!health && on_schema)
            on_schema();
        sim::scripted_reply given = reply_to(health, fields);
        given.latency = latency + (health ? duration::zero() : schema_latency);
        return given;
    }

    [[nodiscard]] std::size_t count(bool health) const {
        return static_cast<std::size_t>(
            std::count_if(requests.begin(), requests.end(),
                          [health](const asked& each) { return each.health == health; }));
    }

private:
    [[nodiscard]] sim::scripted_reply reply_to(bool health, const field_view& fields) const {
        if (broken)
            return sim::failing(*broken);
        if (health)
            return health_status == 200 ? sim::healthy()
                                        : sim::answering(health_status, R"({"error":"none"})");
        forest::schema served;
        if (!forest::schema::parse(schema, served) &&
            detail::if_none_match_names(fields, served.etag()))
            return sim::answering(304, {});
        return sim::answering(200, schema);
    }
};

/// Asks a scripted_server. Models `transport`.
struct scripted_way {
    sim::event_queue* queue;
    scripted_server* server;
    sim::scripted_transport inner;

    template <typename Handler>
    void async_get(const request& what, duration timeout, Handler&& handler) {
        inner.otherwise(server->answer(what, timeout, queue->now()));
        inner.async_get(what, timeout, std::forward<Handler>(handler));
    }

    void cancel() { inner.cancel(); }
};

/// A datasource that follows a scripted_server, not started yet.
struct followed_server {
    using datasource_type =
        basic_datasource<scripted_way, sim::virtual_clock, unsigned_requests, exponential_backoff>;

    sim::event_queue queue;
    scripted_server server;
    recorded_datasource<datasource_type> master;

    explicit followed_server(datasource_options settings, int health_status = 200)
        : server{.health_status = health_status, .schema = schema_text({"a"}, "a")},
          master{queue, made(std::move(settings))} {}

    void start() {
        master.datasource.start();
        queue.run_for(duration::zero());
    }

    /// Runs until the server is down and, when it answers again, up.
    void suffer_an_outage() {
        server.broken = errc::connection_refused;
        BOOST_REQUIRE(
            queue.run_until([&] { return master.datasource.status() == target_status::down; },
                            std::chrono::hours{3}));
        server.broken.reset();
        BOOST_REQUIRE(
            queue.run_until([&] { return master.datasource.status() == target_status::up; },
                            std::chrono::hours{3}));
        queue.run_for(duration::zero());
    }

private:
    datasource_type made(datasource_options settings) {
        settings.uri = "http://agent.example:3351";
        const auto way = [this] {
            return scripted_way{&queue, &server, sim::scripted_transport{queue}};
        };
        return {way(),
                way(),
                sim::virtual_clock{queue},
                unsigned_requests{},
                exponential_backoff{},
                std::move(settings),
                random_generator{1}};
    }
};

} // namespace forest::tests

#endif
