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
                   server_setup setup, std::uint64_t seed = 0)
        : host_{queue, seed},
          name_{std::move(name)},
          accept_{std::move(accept)},
          hash_{std::move(hash)},
          setup_{std::move(setup)} {
        mount();
    }

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

    /// Ends the process at once, and resets all connections. Returns the number of the life that
    /// has ended, for `recover`. Each `restart` begins a new life.
    std::uint64_t crash() {
        if (crashed_++ == 0)
            end();
        return life_;
    }

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
    void restart() {
        if (crashed_ == 0)
            end();
        crashed_ = 0;
        ++life_;
        mount();
    }

    /// Announces a stop.
    void drain() {
        if (draining_++ == 0 && crashed_ == 0 && health_)
            health_->drain();
    }

    /// Undoes one announcement. When all are undone, the routes are as after a start.
    void resume() {
        if (draining_ > 0 && --draining_ == 0 && crashed_ == 0)
            mount();
    }

    /// Replaces the schema from now on, or from the next start if the process is down. Throws
    /// std::system_error for a text that is no schema; then the old schema stays.
    void change_schema(std::string text) {
        // While the process is down there is no route that could check the text.
        if (const std::error_code ec = crashed_ > 0 ? refusal_of(text) : schema_->replace(text))
            throw std::system_error(ec);
        setup_.schema = std::move(text);
    }

    /// Adds or removes the health route from now on, or from the next start if the process is down.
    /// Released agents have no health route. Drops requests that have no answer yet.
    void have_health_route(bool present) {
        if (std::exchange(setup_.health_route, present) != present && crashed_ == 0)
            mount();
    }

    [[nodiscard]] bool crashed() const noexcept { return crashed_ > 0; }

    /// Whether a signed check that arrives now has a healthy answer, at once.
    [[nodiscard]] bool sound() const noexcept {
        return crashed_ + frozen + slow + wrong_secret + wrong_body + one_connection + draining_ ==
                   0 &&
               host_.running();
    }

    // For transports.

    /// Returns whether the process accepts a connection. If it does, the caller has to release the
    /// connection.
    [[nodiscard]] bool accept(peer& connecting) {
        if (crashed_ > 0 || (one_connection > 0 && !peers_.empty()))
            return false;
        connecting.place_ = peers_.size();
        peers_.push_back(&connecting);
        return true;
    }

    /// Closes a connection that was accepted.
    void release(peer& accepted) {
        peers_.back()->place_ = accepted.place_;
        peers_[accepted.place_] = peers_.back();
        peers_.pop_back();
    }

    /// Takes the bytes of a request. Calls `receiver` with the bytes of the answer, at once or
    /// later. If the process is frozen or ends before, `receiver` is never called.
    void serve(std::span<char> request,
               forest::detail::unique_function<void(std::string_view)> receiver) {
        if (frozen > 0)
            return;
        if (wrong_body > 0)
            return receiver("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}");
        http_->serve(request, std::move(receiver));
    }

private:
    void end() {
        for (peer* const each : std::exchange(peers_, {}))
            each->reset();
        http_.reset();
    }

    std::error_code refusal_of(std::string_view text) const {
        memory_server unused{virtual_clock{host_.queue()}};
        return basic_schema_route<memory_server>{unused, accept_, hash_, setup_.schema}.replace(
            text);
    }

    void mount() {
        health_.reset();
        schema_.reset();
        http_ = std::make_unique<memory_server>(virtual_clock{host_});
        const auto allowed = [this](const server_request& request) {
            return wrong_secret == 0 && accept_(request);
        };
        if (setup_.health_route)
            health_.emplace(*http_, allowed, route_options{.version = setup_.version});
        schema_.emplace(*http_, allowed, hash_, setup_.schema);
        if (draining_ > 0 && health_)
            health_->drain();
    }

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

#endif
