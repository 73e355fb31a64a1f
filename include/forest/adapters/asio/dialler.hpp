// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DIALLER_HPP
#define FOREST_ADAPTERS_ASIO_DIALLER_HPP

#include <forest/adapters/asio/error.hpp>
#include <forest/adapters/asio/literal_endpoint.hpp>
#include <forest/adapters/asio/stream_socket.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>

#include <asio/error.hpp>
#include <asio/ip/resolver_base.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// From a URL to a connected socket: resolve, then try every address, each with its share of the
// time left.

namespace forest::detail {

/// What a step of a GET leaves to be done.
enum class outcome : std::uint8_t {
    go_on, ///< the next step
    wait,  ///< nothing, until what has been asked for comes
    done,  ///< nothing: the handler has been called, and the lock is given up
};

/// What a connection is built on. All members are called with the lock of the footing held.
template <typename Footing>
class dialler : public Footing {
protected:
    using typename Footing::clock;
    using typename Footing::lock;

    using Footing::Footing;

    // The socket is connected and took that much of the first bytes; the deadline is the one of the
    // whole GET. Waits, and never ends the GET from inside.
    virtual void connected(lock& held, std::size_t sent) = 0;
    // What the connected socket was waited for has come. Waits or ends the GET.
    virtual outcome proceed(lock& held) = 0;
    // The deadline has passed, or no address could be connected to. Ends the GET.
    virtual void failed(lock& held, errc why) = 0;
    // Drops the socket and what belongs to it.
    virtual void close() noexcept = 0;

    // A GET begins.
    void start(duration timeout) {
        timings_ = {};
        connections_opened_ = 0;
        starved_ = false;
        failure_ = errc::unreachable;
        started_ = clock::now();
        deadline_ = started_ + std::clamp(timeout, duration::zero(), options::duration_max);
    }

    // `first` goes out as soon as the socket takes it. Both stay valid until `connected` or
    // `failed`. Never calls `failed` from inside.
    void dial(lock& held, const url& target, std::string_view first) {
        target_ = &target;
        first_ = first;
        addresses_.clear();
        if (target.scheme() == url_scheme::http_unix)
            addresses_.emplace_back(asio::local::stream_protocol::endpoint{target.socket_path()});
        else if (target.is_ip_literal())
            addresses_.push_back(literal_endpoint(target));
        try_all(held, started_);
    }

    // The current connection is a kept one.
    void take_up() noexcept { stage_ = stage::connected; }

    void wait_until(clock::time_point end) {
        waits_until_ = end;
        Footing::wait_until(end);
    }

    void fail_later(errc why) {
        failure_ = why;
        stage_ = stage::failing;
        this->wait_turn();
    }

    // Nothing that is pending completes any more.
    void stop_waiting() {
        Footing::stop_waiting();
        // Asio allocates even when there is nothing to cancel.
        if (std::exchange(resolving_, false))
            resolver_.cancel();
    }

    phase_timings timings_;
    clock::time_point started_, deadline_;
    clock::time_point connected_at_;
    unsigned connections_opened_ = 0; // or tried
    const url* target_ = nullptr;     // of what was dialled last

private:
    // What is waited for.
    enum class stage : std::uint8_t {
        resolving,
        connecting,
        starving, // for what this machine has too little of
        failing,
        connected,
    };

    using resolver = asio::ip::tcp::resolver;
    using endpoint = stream_socket::endpoint;

    void ready(lock& held) final { (void)advance(held); }

    outcome advance(lock& held) {
        switch (stage_) {
        case stage::resolving:
        case stage::starving: break;
        case stage::connecting: begin_again(held); break;
        case stage::failing: failed(held, failure_); return outcome::done;
        case stage::connected: return proceed(held);
        }
        return outcome::wait;
    }

    // The deadline of the GET, of one address among several, or of a pause. What has come by now
    // counts: this thread may be later than the answer.
    void expired(lock& held) final {
        if (advance(held) == outcome::done)
            return;
        const auto now = clock::now();
        if (now < waits_until_)
            return; // It has gone on, with a later deadline.
        if (now >= deadline_)
            return failed(held, starved_ ? errc::local_resources_exhausted
                                         : more_telling(failure_, errc::timed_out));
        if (stage_ == stage::starving)
            return try_all(held, now);
        failure_ = more_telling(failure_, errc::timed_out);
        connect(held, now);
    }

    void try_all(lock& held, clock::time_point now) {
        next_address_ = 0;
        failure_ = errc::unreachable;
        if (!addresses_.empty())
            return connect(held, now);
        wait_until(deadline_);
        stage_ = stage::resolving;
        resolving_ = true;
        resolver_.async_resolve(
            target_->host(), std::to_string(target_->port()),
            asio::ip::resolver_base::numeric_service,
            this->continuing([](Footing& footing, lock& resumed, const std::error_code& ec,
                                const resolver::results_type& found) {
                static_cast<dialler&>(footing).resolved(resumed, ec, found);
            }));
    }

    void resolved(lock& held, const std::error_code& ec, const resolver::results_type& found) {
        resolving_ = false;
        const auto now = clock::now();
        timings_.resolve = now - started_;
        for (const auto& each : found)
            addresses_.emplace_back(each.endpoint());
        if (!addresses_.empty())
            return connect(held, now);
        // The resolver needs descriptors, too, and does not tell when there are none.
        if (!ec || !stream_socket::shortage())
            return failed(held, errc::resolve_failed);
        (void)this->give_way();
        starve(now);
    }

    // Tries the next address, and those behind it while that fails at once. One that does not
    // answer must leave time for them.
    void connect(lock& held, clock::time_point now) {
        for (;;) {
            close();
            const endpoint& to = addresses_[next_address_++];
            const auto left = static_cast<clock::rep>(addresses_.size() - next_address_ + 1);
            connecting_ = now;
            wait_until(left == 1 ? deadline_ : now + (deadline_ - now) / left);
            std::error_code ec = open(to);
            if (!ec && begin(held, ec))
                return;
            failure_ = more_telling(failure_, connect_error(ec));
            now = clock::now();
            if (next_address_ == addresses_.size())
                return give_up(now);
        }
    }

    // When there is no descriptor left, one that is kept for later is better used now.
    std::error_code open(const endpoint& to) {
        std::error_code ec = this->line().socket.connect(to);
        if (ec && lacks_room(ec) && this->give_way())
            ec = this->line().socket.connect(to);
        if (!ec || connect_error(ec) != errc::local_resources_exhausted)
            ++connections_opened_;
        return ec;
    }

    // Sends without waiting, which tells whether the connection is there: over loopback it is as
    // soon as it was asked for, and a wake-up is saved. False with the reason if it failed.
    bool begin(lock& held, std::error_code& ec) {
        const transfer first = this->line().socket.send(first_);
        if (first.would_block()) {
            stage_ = stage::connecting;
            this->wait_writable();
            return true;
        }
        // A peer that has closed already may have said why.
        if (first.ec && first.ec != asio::error::broken_pipe &&
            first.ec != asio::error::connection_reset) {
            ec = first.ec;
            return false;
        }
        connected_at_ = clock::now();
        timings_.connect = connected_at_ - connecting_;
        failure_ = errc::unreachable; // What other addresses did explains no later timeout.
        stage_ = stage::connected;
        if (addresses_.size() > 1)
            wait_until(deadline_);
        connected(held, first.bytes);
        return true;
    }

    void begin_again(lock& held) {
        std::error_code ec;
        if (begin(held, ec))
            return;
        failure_ = more_telling(failure_, connect_error(ec));
        const auto now = clock::now();
        if (next_address_ == addresses_.size())
            return give_up(now);
        connect(held, now);
    }

    void give_up(clock::time_point now) {
        if (failure_ == errc::local_resources_exhausted)
            return starve(now);
        fail_later(failure_);
    }

    // Waits for what this machine lacks. All wait for the same moments, and are woken together.
    void starve(clock::time_point now) {
        close();
        starved_ = true;
        stage_ = stage::starving;
        const typename clock::time_point next{(now.time_since_epoch() / pause + 1) * pause};
        wait_until(std::min(next, deadline_));
    }

    // Long enough for a thousand that starve not to burn a core, short beside any timeout.
    static constexpr std::chrono::milliseconds pause{50};

    resolver resolver_{this->executor()};
    bool resolving_ = false;
    std::vector<endpoint> addresses_;
    std::size_t next_address_ = 0;
    std::string_view first_;
    errc failure_ = errc::unreachable; // the most telling one since the dialling began
    clock::time_point connecting_;
    clock::time_point waits_until_;
    bool starved_ = false; // in this GET, which has had less time for that
    stage stage_ = stage::connected;
};

} // namespace forest::detail

#endif
