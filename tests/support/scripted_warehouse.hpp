// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_SCRIPTED_WAREHOUSE_HPP
#define FOREST_TESTS_SUPPORT_SCRIPTED_WAREHOUSE_HPP

#include <support/virtual_datasource.hpp>

#include <forest/datasource.hpp>
#include <forest/sim/network/scripted_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A datasource under a virtual clock, and the answers that it gets.

namespace forest::tests {

using namespace std::chrono_literals;

using strings = std::vector<std::string>;

inline const std::string uri = "http://warehouse.example:3000";

/// A schema. Its content, when no names are given, is one of its own for each etag.
inline sim::scripted_reply serving(const std::string& etag, const strings& names = {}) {
    return sim::answering(200,
                          schema_text(names.empty() ? strings{"product_" + etag} : names, etag));
}

inline sim::scripted_reply not_modified() {
    return sim::answering(304, {});
}

/// Sends the wall time itself, so that a test can see what was signed.
struct visible_signer {
    void sign(const request&, wall_time at, header_fields& fields) const {
        (void)fields.add("X_TIMESTAMP", std::to_string(at.time_since_epoch().count()));
    }
};

/// A datasource whose server answers from two scripts.
struct scripted_warehouse {
    using datasource_type = basic_datasource<sim::scripted_transport, sim::virtual_clock,
                                             visible_signer, exponential_backoff>;

    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::scripted_transport health{queue};
    sim::scripted_transport schemas{queue};
    std::optional<recorded_datasource<datasource_type>> master;

    explicit scripted_warehouse(datasource_options settings = {}) {
        if (settings.uri.empty())
            settings.uri = uri;
        master.emplace(queue, datasource_type{health, schemas, clock, visible_signer{},
                                              exponential_backoff{}, std::move(settings),
                                              random_generator{1}});
    }

    // Answers every check with failures from now on, until the target is down; then healthily.
    void suffer_an_outage() {
        health.otherwise(sim::failing(errc::connection_refused));
        BOOST_REQUIRE(queue.run_until(
            [&] { return master->datasource.status() == target_status::down; }, 10min));
        health.otherwise(sim::healthy());
        BOOST_REQUIRE(queue.run_until(
            [&] { return master->datasource.status() == target_status::up; }, 10min));
        queue.run_for(1s);
    }

    [[nodiscard]] std::vector<double> fetch_times() const {
        std::vector<double> times;
        for (const auto& each : schemas.requests())
            times.push_back(std::chrono::duration<double>(each.at.time_since_epoch()).count());
        return times;
    }

    // The etags that were sent back, `-` for none.
    [[nodiscard]] strings conditions() const {
        strings sent;
        for (const auto& each : schemas.requests())
            sent.emplace_back(field_view{each.fields}.find("If-None-Match").value_or("-"));
        return sent;
    }
};

} // namespace forest::tests

#endif
