// SPDX-License-Identifier: BSL-1.0
#include "warehouse_watch.hpp"

#include <SQLiteCpp/Exception.h>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace forest::warehouse {

namespace {

constexpr std::chrono::milliseconds look_interval{200};

// A writer locks the database while it commits, and copying a file takes a moment. Only a longer
// failure is reported.
constexpr int failures_until_told = 5;

} // namespace

schema_watch::schema_watch(asio::io_context& io, std::string file, SQLite::Database database,
                           schema_form form)
    : file_{std::move(file)},
      form_{form},
      database_{std::move(database)},
      timer_{io},
      seen_{state_of(file_)} {
    read();
    // The event loop waits for no lock; the next look comes soon.
    database_->setBusyTimeout(0);
}

void schema_watch::start(schema_watch_listener listener) {
    listener_ = std::move(listener);
    wait();
}

void schema_watch::stop() {
    stopped_ = true;
    timer_.cancel();
}

void schema_watch::wait() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this](std::error_code) {
        if (stopped_) // even if the timer had already ended
            return;
        look();
        wait();
    });
}

// An open connection continues with a deleted file, and with cached pages of an overwritten file.
// So a change of the file is examined with a new connection.
void schema_watch::look() {
    try {
        const file_state now = state_of(file_);
        if (!database_ || !(now == seen_)) {
            database_.reset();
            database_.emplace(reopen_database(file_));
            version_ = -1;
        }
        read();
        seen_ = now;
    } catch (const SQLite::Exception& thrown) {
        if (thrown.getErrorCode() != SQLITE_BUSY)
            database_.reset();
        return failed(thrown.what());
    } catch (const std::exception& thrown) { // The file is gone, or there is no memory.
        database_.reset();
        return failed(thrown.what());
    }
    if (std::exchange(failures_, 0) >= failures_until_told)
        listener_.found();
}

void schema_watch::failed(const std::string& why) {
    failures_ = std::min(failures_ + 1, failures_until_told + 1);
    if (failures_ == failures_until_told)
        listener_.lost(why);
}

// SQLite counts every change of a table, an index, a view or a trigger. The count is read first, so
// that a change after that is found at the next look.
void schema_watch::read() {
    const std::int64_t version = database_->execAndGet("PRAGMA schema_version").getInt64();
    if (version == version_)
        return;
    std::string text = schema_text(*database_, form_);
    if (text != schema_ && listener_.changed)
        listener_.changed(text);
    schema_ = std::move(text);
    version_ = version;
}

} // namespace forest::warehouse
