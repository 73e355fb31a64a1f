// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_SERVER_PROCESS_HPP
#define FOREST_SIM_NETWORK_SERVER_PROCESS_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>
#include <forest/signed_route.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// A server as a process on a host of its own: the real routes, and the faults of processes.

namespace forest::inline FOREST_FORM::sim {

/// The client of an accepted connection.
class peer {
public:
    /// Called when the process has ended: the connection has ended, too.
    virtual void reset() = 0;

protected:
    virtual ~peer() = default;

private:
    friend class server_process;

    std::size_t place_ = 0; // the index among the connections of the process
};

/// The settings of a server process.
struct server_setup {
    std::string schema = R"({"collections":[]})"; ///< the answer of its schema route
    std::string version = "1.0";
    bool health_route = true; ///< without it, the answer to a health check is 404
    duration hold_max{};      ///< of both routes; see `route_options::hold_max`
};

/// Simulates one server process with the real routes, on a host of its own.
///
/// From examples/tutorial/13_test_your_failover.cpp:
///     world_of_test world;
///     auto& warehouse = world.add_server("warehouse");
///     auto& client = world.add_client(warehouse, {.interval = 30s});
///     int arrived = 0;
///     int lost = 0;
///     order_desk desk{[&](int orders) {
///         const bool away = warehouse.crashed() || !client.link().sound();
///         (away ? lost : arrived) += orders;
///     }};
///
/// Each fault is a counter, and is active while the counter is above 0. So if two faults of one
/// kind overlap, both end with the later one.
///
/// **Thread safety:** none.
///
/// **Lifetime:** not copyable. The queue must outlive it, and it must outlive the transports that
/// talk to it. A world owns its server processes.
///
/// **Errors:** the constructor throws like those of the routes: std::system_error for a schema that
/// is not valid. `change_schema` throws std::system_error for a text that is no schema; then the
/// old schema stays.
class server_process {
public:
    /// `accept` checks signatures, `hash` makes etags, and `seed` is that of the host. Throws like
    /// the constructors of the routes.
    server_process(event_queue& queue, std::string name, request_verifier accept, schema_hash hash,
                   server_setup setup, std::uint64_t seed = 0);

    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// The host on which the process runs.
    [[nodiscard]] sim::host& host() noexcept { return host_; }

    // Faults, besides those of the host.
    int frozen = 0;         ///< accepts connections and does not answer
    int slow = 0;           ///< takes `slowness` for each answer
    duration slowness{};    ///< see `slow`
    int wrong_secret = 0;   ///< refuses all signatures
    int wrong_body = 0;     ///< answers 200 with a body that does not say `ok`
    int one_connection = 0; ///< refuses further connections while it has one
    int closing_idle = 0;   ///< closes a connection that was idle for `idle_time`
    duration idle_time{};   ///< see `closing_idle`

    /// Ends the process at once, and resets all connections. Returns the number of the life that
    /// has ended, for `recover`. Each `restart` begins a new life.
    std::uint64_t crash();

    /// Undoes one crash of the current life; after the last one the process starts.
    void recover() {
        if (crashed_ > 0 && --crashed_ == 0)
            mount();
    }

    /// Undoes one crash of that life. Does nothing if the process was restarted after the crash.
    void recover(std::uint64_t life) {
        if (life == life_)
            recover();
    }

    /// Ends the process if it runs, and starts it again. All crashes so far are undone.
    void restart();

    /// Announces a stop.
    void drain();

    /// Undoes one announcement. When all are undone, the routes are as after a start.
    void resume() {
        if (draining_ > 0 && --draining_ == 0 && crashed_ == 0)
            mount();
    }

    /// Replaces the schema from now on, or from the next start if the process is down. Throws
    /// std::system_error for a text that is no schema; then the old schema stays.
    void change_schema(std::string text);

    /// Adds or removes the health route from now on, or from the next start if the process is down.
    /// Released agents have no health route. Drops requests that have no answer yet.
    void have_health_route(bool present);

    [[nodiscard]] bool crashed() const noexcept { return crashed_ > 0; }

    /// Whether a signed check that arrives now has a healthy answer, at once.
    [[nodiscard]] bool sound() const noexcept;

    /// Returns how many answers both routes hold now; 0 while the process is down.
    [[nodiscard]] std::size_t held() const noexcept {
        return crashed_ > 0 ? 0 : (health_ ? health_->held() : 0) + schema_->held();
    }

    /// The health route of this life of the process, to add checks or to set its health; null while
    /// the process is down or has no health route. A restart makes a new route, without the checks.
    [[nodiscard]] basic_health_route<memory_server>* health_route() noexcept {
        return crashed_ == 0 && health_ ? &*health_ : nullptr;
    }

    // For transports.

    /// Returns whether the process accepts a connection. If it does, the caller has to release the
    /// connection.
    [[nodiscard]] bool accept(peer& connecting);

    /// Closes a connection that was accepted.
    void release(peer& accepted);

    /// Takes the bytes of a request. Calls `receiver` with the bytes of the answer, at once or
    /// later. If the process is frozen or ends before, `receiver` is never called. With `keeps`,
    /// the connection may stay open after the answer. Through the result the caller says that the
    /// client has gone.
    memory_server::pending serve(std::span<char> request,
                                 forest::detail::unique_function<void(std::string_view)> receiver,
                                 bool keeps = false);

private:
    void end();

    std::error_code refusal_of(std::string_view text) const;

    void mount();

    sim::host host_;
    std::string name_;
    request_verifier accept_;
    schema_hash hash_;
    server_setup setup_;
    int crashed_ = 0;
    std::uint64_t life_ = 0;
    int draining_ = 0;
    std::unique_ptr<memory_server> http_;
    std::optional<basic_health_route<memory_server>> health_;
    std::optional<basic_schema_route<memory_server>> schema_;
    std::vector<peer*> peers_;
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/server_process.ipp>
#endif

#endif
