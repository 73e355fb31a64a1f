// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SERVER_STATE_HPP
#define FOREST_ADAPTERS_ASIO_SERVER_STATE_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/server_answer.hpp>
#include <forest/adapters/asio/server_limits.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/core/unique_function.hpp>
#include <forest/policy/server.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

// What the connections and listeners of one server share. One mutex guards all of it and all their
// sockets, so that a server can be stopped from any thread, whether or not the executor still runs;
// it is never held while a handler of the application runs.

namespace forest::detail {

using route_handler = unique_function<void(const server_request&, server_responder)>;
using connection_list = std::list<std::shared_ptr<server_connection>>;

struct server_state {
    server_state(asio::any_io_executor executor, const server_limits& chosen)
        : turns{std::move(executor)}, limits{chosen}, grace{turns.get_executor()} {}

    [[nodiscard]] std::size_t connections() const noexcept { return waiting.size() + busy.size(); }

    [[nodiscard]] route_handler* find_route(std::string_view path) {
        const auto found = routes.find(path);
        return found == routes.end() ? nullptr : &found->second;
    }

    // Calls a handler outside the lock. What it throws is dropped: its responder went with it, and
    // that is a 500.
    void call(std::unique_lock<std::mutex>& lock, route_handler& handler,
              const server_request& asked, server_responder respond) {
        inside = std::this_thread::get_id();
        lock.unlock();
        try {
            handler(asked, std::move(respond));
        } catch (...) { // NOLINT(bugprone-empty-catch)
        }
        lock.lock();
        inside = {};
        left.notify_all();
    }

    // Waits for the handler that is running; false, at once, if this is called by it.
    bool wait_for_handler(std::unique_lock<std::mutex>& lock) {
        if (inside == std::this_thread::get_id())
            return false;
        left.wait(lock, [this] { return inside == std::thread::id{}; });
        return true;
    }

    const std::shared_ptr<std::mutex> mutex = std::make_shared<std::mutex>();
    const asio_serializer turns; // of connections and listeners, and so of the handlers
    const server_limits limits;

    // Nodes of the map are never removed while a connection lives, so a handler may be called
    // without the lock.
    std::map<std::string, route_handler, std::less<>> routes;
    date_field date;

    // Connections without a complete request, the one that has waited the longest first; and those
    // whose request is being answered.
    connection_list waiting;
    connection_list busy;

    bool stopping = false;
    asio::steady_timer grace; // until what is still being answered is cut off

    std::thread::id inside; // the thread in a handler; none by default
    std::condition_variable left;
};

} // namespace forest::detail

#endif
