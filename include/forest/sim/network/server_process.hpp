// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_SERVER_PROCESS_HPP
#define FOREST_SIM_NETWORK_SERVER_PROCESS_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/time.hpp>
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

// A server as a process on a host of its own: the real routes, and all that processes do wrong.

namespace forest::sim {

/// Someone whose connection a process has accepted.
class peer {
public:
    /// The process is gone, and with it the connection.
    virtual void reset() = 0;

protected:
    virtual ~peer() = default;

private:
    friend class server_process;

    std::size_t place_ = 0; // among those whose connection it has
};

/// How a server process is made.
struct server_setup {
    std::string schema = R"({"collections":[]})"; ///< what its schema route serves
    std::string version = "1.0";
    bool health_route = true; ///< without it, health checks are answered 404
};

/// One server process. What is wrong with it is counted, so that two faults of one kind end when
/// the later one does. Not copyable, not thread-safe.
class server_process {
public:
    /// `accept` decides about signatures; `hash` makes the etags; `seed` is that of the host.
    /// Throws as the routes do.
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

    /// The host that it runs on.
    [[nodiscard]] sim::host& host() noexcept { return host_; }

    // What can be wrong, beside what the host does.
    int frozen = 0;         ///< accepts connections and answers nothing
    int slow = 0;           ///< takes `slowness` for each answer
    duration slowness{};    ///< the time that it takes
    int wrong_secret = 0;   ///< refuses all signatures
    int wrong_body = 0;     ///< answers 200 without saying that it is well
    int one_connection = 0; ///< refuses a connection while it has one

    /// Ends at once, and resets all connections. Answers which life has ended: it is another after
    /// each `restart`.
    std::uint64_t crash() {
        if (crashed_++ == 0)
            end();
        return life_;
    }

    /// Undoes one crash of this life; the last one starts the process anew.
    void recover() {
        if (crashed_ > 0 && --crashed_ == 0)
            mount();
    }

    /// Undoes one crash of that life: nothing, if the process was restarted since.
    void recover(std::uint64_t life) {
        if (life == life_)
            recover();
    }

    /// Ends, if it runs, and starts anew.
    void restart() {
        if (crashed_ == 0)
            end();
        crashed_ = 0;
        ++life_;
        mount();
    }

    /// Announces its end.
    void drain() {
        if (draining_++ == 0 && crashed_ == 0 && health_)
            health_->drain();
    }

    /// Undoes one announcement; with the last one it is as if it had been started anew.
    void resume() {
        if (draining_ > 0 && --draining_ == 0 && crashed_ == 0)
            mount();
    }

    /// Changes what the schema route serves, from now on or, while it is down, from the next start.
    /// Throws std::system_error for what is no schema; then it stays as it was.
    void change_schema(std::string to) {
        // While it is down it has no route that could be asked.
        if (const std::error_code ec = crashed_ > 0 ? refusal_of(to) : schema_->replace(to))
            throw std::system_error(ec);
        setup_.schema = std::move(to);
    }

    /// Whether it has a health route, from now on or, while it is down, from the next start:
    /// released agents have none. What is being answered is dropped.
    void have_health_route(bool present) {
        if (std::exchange(setup_.health_route, present) != present && crashed_ == 0)
            mount();
    }

    [[nodiscard]] bool crashed() const noexcept { return crashed_ > 0; }

    /// Whether a signed check that arrives now is answered well, and at once.
    [[nodiscard]] bool sound() const noexcept {
        return crashed_ + frozen + slow + wrong_secret + wrong_body + one_connection + draining_ ==
                   0 &&
               host_.running();
    }

    // What a transport does.

    /// Whether a connection is accepted; it is then to be released.
    [[nodiscard]] bool accept(peer& from) {
        if (crashed_ > 0 || (one_connection > 0 && !peers_.empty()))
            return false;
        from.place_ = peers_.size();
        peers_.push_back(&from);
        return true;
    }

    /// The connection of `of`, which was accepted, is closed.
    void release(peer& of) {
        peers_.back()->place_ = of.place_;
        peers_[of.place_] = peers_.back();
        peers_.pop_back();
    }

    /// Answers a request, in its own time or never. `answer` is called with the bytes of the answer
    /// unless the process ends before.
    void serve(std::span<char> request,
               forest::detail::unique_function<void(std::string_view)> answer) {
        if (frozen > 0)
            return;
        if (wrong_body > 0)
            return answer("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"OK\"}");
        http_->serve(request, std::move(answer));
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
        const auto allowed = [this](const server_request& asked) {
            return wrong_secret == 0 && accept_(asked);
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

} // namespace forest::sim

#endif
