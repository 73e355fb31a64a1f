// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DIALLER_HPP
#define FOREST_ADAPTERS_ASIO_DIALLER_HPP

#include <forest/adapters/asio/error.hpp>
#include <forest/adapters/asio/handler_memory.hpp>
#include <forest/core/error.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/resolver_base.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// From a URL to a connected socket: resolve, then try every address, each with its share of the
// time left. Every step runs under a mutex, so that the socket can be closed from any thread,
// whether or not the executor still runs, and that any thread of the executor may take a step.

namespace forest::detail {

/// What a connection is built on. All members are called with the mutex held.
class dialler : public std::enable_shared_from_this<dialler> {
protected:
    using clock = std::chrono::steady_clock;
    using unique_lock = std::unique_lock<std::mutex>;

    explicit dialler(asio::any_io_executor executor)
        : executor_{std::move(executor)}, socket_{executor_}, resolver_{executor_},
          timer_{executor_} {}

    dialler(const dialler&) = delete;
    dialler& operator=(const dialler&) = delete;
    virtual ~dialler() = default;

    // The socket is connected; the timer runs until the deadline.
    virtual void connected() = 0;
    // The deadline has passed, or no address could be connected to.
    virtual void failed(unique_lock& lock, errc why) = 0;
    // Drops the socket and what belongs to it.
    virtual void close() noexcept = 0;

    // A handler that continues under the lock, unless its step has been overtaken.
    template <typename Self, typename Continue>
    auto guarded(Continue then) {
        const auto on_result = [step = step_, then](dialler& self, const auto&... results) {
            unique_lock lock{self.mutex_};
            if (step == self.step_)
                then(static_cast<Self&>(self), lock, results...);
        };
        return owned_handler{shared_from_this(), memory_, on_result};
    }

    // Ends in `connected` or `failed`, never from inside. `target` stays valid until then.
    void dial(const url& target) {
        next_step();
        addresses_.clear();
        next_address_ = 0;
        failure_ = errc::unreachable;
        if (target.scheme() == url_scheme::http_unix) {
            addresses_.emplace_back(asio::local::stream_protocol::endpoint{target.socket_path()});
            return connect();
        }
        if (target.is_ip_literal()) {
            std::error_code ec;
            const auto address = asio::ip::make_address(target.host(), ec);
            if (!ec) {
                addresses_.emplace_back(asio::ip::tcp::endpoint{address, target.port()});
                return connect();
            }
        }
        set_timer(deadline_);
        resolving_ = true;
        resolver_.async_resolve(
            target.host(), std::to_string(target.port()), asio::ip::resolver_base::numeric_service,
            guarded<dialler>([](dialler& self, unique_lock& lock, std::error_code ec,
                                const resolver::results_type& found) {
                self.resolving_ = false;
                self.timings_.resolve = clock::now() - self.started_;
                if (ec || found.empty())
                    return self.failed(lock, errc::resolve_failed);
                for (const auto& each : found)
                    self.addresses_.emplace_back(each.endpoint());
                self.connect();
            }));
    }

    // Completions of earlier steps carry an older number and are ignored.
    void next_step() noexcept { ++step_; }

    void set_timer(clock::time_point at) {
        timer_.expires_at(at);
        timer_.async_wait(
            guarded<dialler>([](dialler& self, unique_lock& lock, std::error_code ec) {
                if (!ec)
                    self.time_out(lock);
            }));
    }

    // Nothing that is pending completes any more.
    void stop_waiting() {
        next_step();
        timer_.cancel();
        if (std::exchange(resolving_,
                          false)) // Asio allocates even when there is nothing to cancel.
            resolver_.cancel();
    }

    std::mutex mutex_;
    asio::any_io_executor executor_;
    asio::generic::stream_protocol::socket socket_;
    phase_timings timings_;
    clock::time_point started_, deadline_;

private:
    using resolver = asio::ip::tcp::resolver;
    using endpoint = asio::generic::stream_protocol::endpoint;

    // The deadline of the check, or of one address among several.
    void time_out(unique_lock& lock) {
        failure_ = more_telling(failure_, errc::timed_out);
        if (clock::now() >= deadline_ || next_address_ >= addresses_.size())
            return failed(lock, failure_);
        connect();
    }

    // Tries the next address. One that does not answer must leave time for those behind it.
    void connect() {
        close();
        next_step();
        const endpoint& to = addresses_[next_address_++];
        const auto left = static_cast<clock::rep>(addresses_.size() - next_address_ + 1);
        connecting_ = clock::now();
        set_timer(left == 1 ? deadline_ : connecting_ + (deadline_ - connecting_) / left);
        const auto tried =
            guarded<dialler>([](dialler& self, unique_lock& lock, std::error_code ec) {
                if (!ec)
                    return self.finish_dialling();
                self.failure_ = more_telling(self.failure_, connect_error(ec));
                if (self.next_address_ < self.addresses_.size())
                    return self.connect();
                self.failed(lock, self.failure_);
            });
        std::error_code ec;
        socket_.open(to.protocol(), ec);
        if (ec) // This machine does not speak the protocol of the address, or has no descriptor
                // left.
            asio::post(executor_, [tried, ec] { tried(ec); });
        else
            socket_.async_connect(to, tried);
    }

    void finish_dialling() {
        timings_.connect = clock::now() - connecting_;
        failure_ = errc::unreachable; // What other addresses did explains no later timeout.
        if (timer_.expiry() != deadline_) {
            next_step();
            set_timer(deadline_);
        }
        connected();
    }

    handler_memory memory_;
    resolver resolver_;
    bool resolving_ = false;
    asio::steady_timer timer_;
    std::vector<endpoint> addresses_;
    std::size_t next_address_ = 0;
    errc failure_ = errc::unreachable; // the most telling one since the dialling began
    clock::time_point connecting_;
    std::uint64_t step_ = 0;
};

} // namespace forest::detail

#endif
