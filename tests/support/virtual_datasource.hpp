// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SUPPORT_VIRTUAL_DATASOURCE_HPP
#define FOREST_TESTS_SUPPORT_VIRTUAL_DATASOURCE_HPP

#include <forest/datasource.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// A datasource under a virtual clock, and a record of all that it reports.

namespace forest::tests {

/// A schema with collections of these names.
inline std::string schema_text(const std::vector<std::string>& names,
                               const std::string& etag = {}) {
    std::string text = R"({"charts":["stock"],"collections":[)";
    for (const std::string& each : names)
        text += (text.back() == '[' ? R"({"name":")" : R"(,{"name":")") + each + R"("})";
    return text + "]" + (etag.empty() ? "" : R"(,"etag":")" + etag + '"') + "}";
}

/// A copy of an event of a datasource.
struct reported_datasource_event {
    event_kind kind;
    steady_time at;
    std::string target;
    target_status status;
    std::error_code error;
    int http_status;
    std::string etag;
    std::size_t collections;
    schema_source source;
    std::string detail;
    bool has_check;
};

/// Listens to everything that a datasource reports. The datasource is made by the test, because it
/// chooses the policies.
template <typename Datasource>
struct recorded_datasource {
    sim::event_queue& queue;
    std::vector<reported_datasource_event> events;
    std::vector<std::string> reloads; ///< the etags
    std::vector<outage> downs;
    std::vector<outage> ups;
    Datasource datasource; // Destroyed first, since it says farewell then.

    recorded_datasource(sim::event_queue& on, Datasource made)
        : queue{on}, datasource{std::move(made)} {
        datasource.on_event([this](const event& happened) { record(happened); });
        datasource.on_reload([this](const schema& next) { reloads.push_back(next.etag()); });
        datasource.on_server_down([this](const outage& of) { downs.push_back(of); });
        datasource.on_server_up([this](const outage& of) { ups.push_back(of); });
    }
    recorded_datasource(const recorded_datasource&) = delete;
    recorded_datasource& operator=(const recorded_datasource&) = delete;

    void record(const event& happened) {
        events.push_back({happened.kind, queue.now(), std::string{happened.target}, happened.status,
                          happened.check ? happened.check->error : std::error_code{},
                          happened.check ? happened.check->status : 0,
                          happened.schema ? happened.schema->etag() : std::string{},
                          happened.schema ? happened.schema->collections().size() : 0,
                          happened.source, std::string{happened.detail},
                          happened.check != nullptr});
    }

    [[nodiscard]] std::size_t count(event_kind kind) const {
        return static_cast<std::size_t>(std::count_if(
            events.begin(), events.end(), [kind](const auto& each) { return each.kind == kind; }));
    }

    /// The events of that kind, in order.
    [[nodiscard]] std::vector<reported_datasource_event> all(event_kind kind) const {
        std::vector<reported_datasource_event> found;
        std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                     [kind](const auto& each) { return each.kind == kind; });
        return found;
    }

    /// The names of all events of the schema, in order.
    [[nodiscard]] std::vector<std::string> of_schema() const {
        std::vector<std::string> names;
        for (const auto& each : events) {
            if (is_of_schema(each.kind))
                names.emplace_back(name(each.kind));
        }
        return names;
    }
};

} // namespace forest::tests

#endif
