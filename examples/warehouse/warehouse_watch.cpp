// SPDX-License-Identifier: BSL-1.0
#include "warehouse_watch.hpp"

#include "warehouse_schema.hpp"

#include <cli/terminal.hpp>

#include <SQLiteCpp/Exception.h>

#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <utility>

namespace forest::warehouse {

namespace {

constexpr std::chrono::milliseconds look_interval{200};

// A writer locks the others out while it commits, which is no news. What lasts longer is.
constexpr int failures_until_told = 5;

} // namespace

schema_watch::schema_watch(asio::io_context& io, SQLite::Database database)
    : database_{std::move(database)}, timer_{io} {
    (void)read();
    // The event loop waits for no lock; the next look comes soon.
    database_.setBusyTimeout(0);
}

void schema_watch::start(on_change changed) {
    changed_ = std::move(changed);
    wait();
}

void schema_watch::stop() {
    stopped_ = true;
    timer_.cancel();
}

void schema_watch::wait() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this](std::error_code) {
        if (stopped_) // Also when the time was up just before.
            return;
        look();
        wait();
    });
}

void schema_watch::look() {
    try {
        if (read())
            changed_(schema_);
        failures_ = 0;
    } catch (const SQLite::Exception& failed) {
        if (++failures_ == failures_until_told)
            cli::log(fmt::format("the database cannot be read ({}); the schema stays as it was",
                                 failed.what()));
    }
}

// Whether the schema has changed. SQLite counts every change of a table, an index, a view or a
// trigger; the version is read first, so that a change in between is found at the next look.
bool schema_watch::read() {
    const std::int64_t version = database_.execAndGet("PRAGMA schema_version").getInt64();
    if (version == version_)
        return false;
    std::string text = schema_text(database_);
    version_ = version;
    if (text == schema_)
        return false;
    schema_ = std::move(text);
    return true;
}

} // namespace forest::warehouse
