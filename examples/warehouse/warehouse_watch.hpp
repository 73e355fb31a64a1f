// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_WAREHOUSE_WAREHOUSE_WATCH_HPP
#define FOREST_EXAMPLES_WAREHOUSE_WAREHOUSE_WATCH_HPP

#include <SQLiteCpp/Database.h>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <string>

// Tables are changed by other programs, which tell nobody.

namespace forest::warehouse {

/// Looks at a database again and again, and tells when its schema has changed. Not thread-safe; it
/// must outlive the run of the event loop.
class schema_watch {
public:
    using on_change = std::function<void(const std::string& schema)>;

    /// Reads the schema. Throws SQLite::Exception.
    schema_watch(asio::io_context& io, SQLite::Database database);

    /// The schema as it was last read.
    [[nodiscard]] const std::string& schema() const noexcept { return schema_; }

    /// Begins to look, and calls `changed` on the event loop for each schema that differs from the
    /// one before. It is work for the event loop until `stop`.
    void start(on_change changed);

    /// After that `changed` is not called any more.
    void stop();

private:
    void wait();
    void look();
    [[nodiscard]] bool read();

    SQLite::Database database_;
    asio::steady_timer timer_;
    on_change changed_;
    std::int64_t version_ = -1;
    std::string schema_;
    int failures_ = 0;
    bool stopped_ = false;
};

} // namespace forest::warehouse

#endif
