// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_MASTER_REPORT_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_MASTER_REPORT_HPP

#include <tool/output/queued_output.hpp>
#include <tool/output/terminal.hpp>

#include <forest/core/event.hpp>
#include <forest/core/schema.hpp>
#include <forest/core/target_id.hpp>
#include <forest/core/time.hpp>

#include <cstdint>
#include <string>

// The output of the master: its events as they happen, the collections after each load, and a
// summary at the end.

namespace forest::master {

/// The choice of the lines to print.
struct report_options {
    bool json = false;
    bool verbose = false; ///< every single check, too
};

/// The report of one datasource. Not thread-safe.
class report {
public:
    /// `number` is different for each report of one output.
    report(cli::terminal& out, cli::queued_output& lines, report_options settings, std::string uri,
           std::uint64_t number);

    void tell(const event& happened);

    /// Prints the summary.
    void summarise();

private:
    struct totals {
        std::uint64_t checks = 0;
        std::uint64_t failures = 0;
        std::uint64_t outages = 0;
        duration down{}; ///< in outages that have ended
        std::uint64_t unchanged = 0;
        std::uint64_t reloads = 0;
        std::uint64_t schema_failures = 0;
    };

    void count(const event& happened);
    [[nodiscard]] bool is_news(const event& happened);

    cli::terminal& out_;
    cli::queued_output& lines_;
    report_options options_;
    std::string uri_;
    target_id id_;
    totals totals_;
    steady_time down_since_{}; // while it is down: its first failure
    target_status status_ = target_status::unknown;
    bool recovered_ = false; // the schema was not compared after the recovery
    bool held_ = false;      // it was reported that an earlier schema is served
    std::string etag_;
    std::size_t collections_ = 0;
};

/// The collections of a schema as a table: the name of each, how many columns it has, and the
/// collections to which it is related.
[[nodiscard]] std::string table_of(const schema& known);

} // namespace forest::master

#endif
