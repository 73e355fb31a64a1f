// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_WATCH_HPP
#define FOREST_EXAMPLES_PROGRAMS_WAREHOUSE_WAREHOUSE_WATCH_HPP

#include "warehouse_database.hpp"
#include "warehouse_schema.hpp"

#include <SQLiteCpp/Database.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

// Other programs change tables and do not report it. So the file is examined regularly.

namespace forest::warehouse {

/// The callbacks of a schema_watch, on the event loop.
struct schema_watch_listener {
    std::function<void(const std::string& schema)> changed; ///< the schema differs from the last
    std::function<void(const std::string& why)> lost;       ///< the database cannot be read
    std::function<void()> found;                            ///< it can be read again
};

/// Examines a database regularly, and reports when its schema has changed and when it cannot be
/// read any more. Not thread-safe. It must outlive the run of the event loop.
class schema_watch {
public:
    /// Reads the schema of a database that `open_database` has opened. Throws SQLite::Exception,
    /// and std::runtime_error if the file is gone already.
    schema_watch(asio::io_context& io, std::string file, SQLite::Database database,
                 schema_form form);

    /// The schema as it was last read.
    [[nodiscard]] const std::string& schema() const noexcept { return schema_; }

    /// Begins to look. `lost` and `found` are called alternately. If the schema has changed
    /// meanwhile, `changed` is called before `found`. It is work for the event loop until `stop`.
    void start(schema_watch_listener listener);

    /// After that nothing is called any more.
    void stop();

private:
    void wait();
    void look();
    void read();
    void failed(const std::string& why);

    const std::string file_;
    const schema_form form_;
    std::optional<SQLite::Database> database_;
    asio::steady_timer timer_;
    schema_watch_listener listener_;
    file_state seen_; // of the file when the schema was read
    std::int64_t version_ = -1;
    std::string schema_;
    int failures_ = 0;
    bool stopped_ = false;
};

} // namespace forest::warehouse

#endif
