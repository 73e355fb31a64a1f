// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_STATE_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_STATE_HPP

#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/step_handler.hpp>
#include <forest/adapters/asio/detail/server/server_memory.hpp>
#include <forest/adapters/asio/detail/server/spare_descriptor.hpp>
#include <forest/adapters/asio/server_limits.hpp>
#include <forest/adapters/asio/server_responder.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

// The state that the connections and listeners of one server share. One mutex guards this state and
// all sockets. So a server can be stopped from any thread, even when the executor does not run any
// more. The mutex is never held while a handler of the application runs.

namespace forest::inline FOREST_FORM::detail {

using route_handler = unique_function<void(const server_request&, server_responder)>;

struct server_route {
    std::string path;
    route_handler handler;
};

// What is called at the end of a hold. Without a reason the answer was given, and nothing is
// called.
struct held_end {
    unique_function<void(hold_end)> call;
    std::optional<hold_end> why{};
};

class server_connection;
class server_listener;

using connection_list = std::list<std::shared_ptr<server_connection>>;

struct server_state {
    server_state(asio::any_io_executor executor, const server_limits& bounds);

    [[nodiscard]] std::size_t connections() const noexcept {
        return strangers.size() + idle.size() + busy.size();
    }

    // Returns the space into which a connection reads during its turn. Nothing stays there after
    // the turn. Behind the largest allowed head there is room for `read_bytes` more.
    [[nodiscard]] std::span<char> scratch() const noexcept {
        return {scratch_.get(), scratch_bytes};
    }

    // The space into which a TLS connection reads encrypted bytes.
    [[nodiscard]] std::span<char> encrypted_scratch() const noexcept {
        return {scratch_.get() + scratch_bytes, read_bytes};
    }

    // Wakes the listeners that wait for a connection to end.
    void report_room() noexcept;

    [[nodiscard]] route_handler* find_route(std::string_view path);

    // Calls a handler outside the lock. Its exceptions are dropped: the responder is then destroyed
    // without a call, and the answer is 500.
    void call(std::unique_lock<std::mutex>& lock, route_handler& handler,
              const server_request& request, server_responder respond);

    // Waits for the running handler. If that handler calls this function, returns false at once.
    bool wait_for_handler(std::unique_lock<std::mutex>& lock);

    const std::shared_ptr<std::mutex> mutex = std::make_shared<std::mutex>();
    const asio_serializer turns; // the turns of connections and listeners, and so of the handlers
    const server_limits limits;

    // Nodes of the list are never removed while a connection lives, so a handler may be called
    // without the lock.
    std::list<server_route> routes;
    date_field date;
    server_memory memory;

    // The connections, in three lists. `strangers`: no handler has accepted a request of these yet
    // (see `server_limits::connections_max`); the oldest is first. `idle`: these wait for a further
    // request; the one that has waited longest is first. `busy`: a request of these is being
    // answered; the one whose answer began first is first.
    connection_list strangers;
    connection_list idle;
    connection_list busy;

    // The listeners own this state, until asio_server removes them.
    std::vector<std::shared_ptr<server_listener>> listeners;
    std::vector<std::string> skipped; // see `asio_server::skipped_endpoints`
    spare_descriptor spare;

    // Owners of bodies that are not needed any more; see `server_lock`.
    std::list<std::shared_ptr<const void>> released;

    // Holds that have ended; see `server_lock`.
    std::list<held_end> ended;

    // The timers of the listeners that could not accept; there is room for all of them.
    std::vector<asio::steady_timer*> paused;
    std::chrono::steady_clock::time_point pressed_until; // silent clients are held back until then

    static constexpr std::size_t read_bytes = std::size_t{16} * 1024; // at a time
    const std::size_t scratch_bytes;
    const std::unique_ptr<char[]> scratch_;

    bool stopping = false;
    struct grace_end final : next_step {
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override;
    };

    handler_memory grace_memory;
    grace_end after_grace;
    asio::steady_timer grace; // until the remaining connections are closed
    bool grace_given = false;

    std::thread::id inside; // the thread in a handler; none by default
    std::condition_variable left;
};

/// The lock of a server for code that closes connections or ends holds. The owners of bodies have
/// deleters of the application. The deleters, and what is called at the end of holds, run after the
/// lock was released.
class server_lock : public std::unique_lock<std::mutex> {
public:
    explicit server_lock(server_state& server) : unique_lock{*server.mutex}, server_{server} {}
    server_lock(const server_lock&) = delete;
    server_lock& operator=(const server_lock&) = delete;

    ~server_lock();

private:
    server_state& server_;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_state.ipp>
#endif

#endif
