// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DIALLER_HPP
#define FOREST_ADAPTERS_ASIO_DIALLER_HPP

#include <forest/adapters/asio/error.hpp>
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

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
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

/// What a connection is built on. All members are called with the lock of the footing held, and
/// each step ends in a wait or in one of `connected` and `failed`.
template <typename Footing>
class dialler : public Footing {
protected:
    using typename Footing::clock;
    using typename Footing::lock;
    using step = void (dialler::*)(lock& held);

    using Footing::Footing;

    // The socket is connected and took that much of the first bytes; the deadline is the one of the
    // whole GET.
    virtual void connected(lock& held, std::size_t sent) = 0;
    // The deadline has passed, or no address could be connected to.
    virtual void failed(lock& held, errc why) = 0;
    // Drops the socket and what belongs to it.
    virtual void close() noexcept = 0;

    // A GET begins.
    void start(duration timeout) {
        timings_ = {};
        failure_ = errc::unreachable;
        started_ = clock::now();
        deadline_ = started_ + std::clamp(timeout, duration::zero(), options::duration_max);
    }

    // `first` goes out as soon as the socket takes it. Both stay valid until `connected` or
    // `failed`. Never calls `failed` from inside.
    void dial(lock& held, const url& target, std::string_view first) {
        first_ = first;
        addresses_.clear();
        next_address_ = 0;
        failure_ = errc::unreachable;
        if (target.scheme() == url_scheme::http_unix) {
            addresses_.emplace_back(asio::local::stream_protocol::endpoint{target.socket_path()});
            return connect(held, started_);
        }
        if (target.is_ip_literal()) {
            addresses_.push_back(literal(target));
            return connect(held, started_);
        }
        this->wait_until(deadline_);
        resolving_ = true;
        resolver_.async_resolve(
            target.host(), std::to_string(target.port()), asio::ip::resolver_base::numeric_service,
            this->continuing([](Footing& footing, lock& resumed, const std::error_code& ec,
                                const resolver::results_type& found) {
                static_cast<dialler&>(footing).resolved(resumed, ec, found);
            }));
    }

    // How one of several waits goes on; the others are `connect` and the deadline.
    void wait_readable(step then) {
        then_ = then;
        Footing::wait_readable();
    }

    void wait_writable(step then) {
        then_ = then;
        Footing::wait_writable();
    }

    void fail_later(errc why) {
        failure_ = why;
        then_ = &dialler::fail_now;
        Footing::wait_turn();
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

private:
    using resolver = asio::ip::tcp::resolver;
    using endpoint = stream_socket::endpoint;

    static endpoint literal(const url& target) noexcept {
        const std::string_view host = target.host();
        if (host.find(':') != std::string_view::npos) {
            std::array<char, INET6_ADDRSTRLEN> text{}; // any literal fits, and has a zero behind it
            host.copy(text.data(), text.size() - 1);
            sockaddr_in6 six{};
            six.sin6_family = AF_INET6;
            six.sin6_port = htons(target.port());
            ::inet_pton(AF_INET6, text.data(), &six.sin6_addr);
            return endpoint{&six, sizeof six};
        }
        // The URL has verified it; inet_pton would do so for a sixth of what a whole check takes.
        std::uint32_t address = 0;
        std::uint32_t part = 0;
        for (const char byte : host) {
            if (byte == '.')
                address = address << 8 | std::exchange(part, 0);
            else
                part = part * 10 + static_cast<std::uint32_t>(byte - '0');
        }
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_port = htons(target.port());
        four.sin_addr.s_addr = htonl(address << 8 | part);
        return endpoint{&four, sizeof four};
    }

    void ready(lock& held) final { (this->*then_)(held); }

    // The deadline of the GET, or of one address among several.
    void expired(lock& held) final {
        failure_ = more_telling(failure_, errc::timed_out);
        const auto now = clock::now();
        if (now >= deadline_ || next_address_ >= addresses_.size())
            return failed(held, failure_);
        connect(held, now);
    }

    void resolved(lock& held, const std::error_code& ec, const resolver::results_type& found) {
        resolving_ = false;
        const auto now = clock::now();
        timings_.resolve = now - started_;
        if (ec || found.empty())
            return failed(held, errc::resolve_failed);
        for (const auto& each : found)
            addresses_.emplace_back(each.endpoint());
        connect(held, now);
    }

    // Tries the next address, and those behind it while that fails at once. One that does not
    // answer must leave time for them.
    void connect(lock& held, clock::time_point now) {
        for (;;) {
            close();
            const endpoint& to = addresses_[next_address_++];
            const auto left = static_cast<clock::rep>(addresses_.size() - next_address_ + 1);
            connecting_ = now;
            this->wait_until(left == 1 ? deadline_ : now + (deadline_ - now) / left);
            std::error_code ec = this->line().socket.connect(to);
            if (!ec && begin(held, ec))
                return;
            failure_ = more_telling(failure_, connect_error(ec));
            if (next_address_ == addresses_.size())
                return fail_later(failure_);
            now = clock::now();
        }
    }

    // Sends without waiting, which tells whether the connection is there: over loopback it is as
    // soon as it was asked for, and a wake-up is saved. False with the reason if it failed.
    bool begin(lock& held, std::error_code& ec) {
        const transfer first = this->line().socket.send(first_);
        if (first.would_block()) {
            wait_writable(&dialler::begin_again);
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
        if (addresses_.size() > 1)
            this->wait_until(deadline_);
        connected(held, first.bytes);
        return true;
    }

    void begin_again(lock& held) {
        std::error_code ec;
        if (begin(held, ec))
            return;
        failure_ = more_telling(failure_, connect_error(ec));
        if (next_address_ == addresses_.size())
            return failed(held, failure_);
        connect(held, clock::now());
    }

    void fail_now(lock& held) { failed(held, failure_); }

    resolver resolver_{this->executor()};
    bool resolving_ = false;
    std::vector<endpoint> addresses_;
    std::size_t next_address_ = 0;
    std::string_view first_;
    errc failure_ = errc::unreachable; // the most telling one since the dialling began
    clock::time_point connecting_;
    step then_ = nullptr;
};

} // namespace forest::detail

#endif
