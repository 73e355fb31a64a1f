// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_CONNECTION_POOL_HPP
#define FOREST_ADAPTERS_ASIO_CONNECTION_POOL_HPP

#include <forest/adapters/asio/deadline_grid.hpp>
#include <forest/adapters/asio/handler_memory.hpp>
#include <forest/adapters/asio/link.hpp>
#include <forest/adapters/asio/link_watch.hpp>
#include <forest/adapters/asio/pooled_link.hpp>
#include <forest/adapters/asio/transport_options.hpp>
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <sys/epoll.h>

#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

// What many connections on one thread share, so that none of them needs it for itself: the wait for
// sockets, the timer, the turns, the kept connections, and TLS.

namespace forest::detail {

/// Not thread-safe. Nothing of Asio's is pending while no user waits for anything.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
public:
    using clock = deadline_grid::clock;

    connection_pool(asio::any_io_executor executor, const transport_options& chosen, duration tick)
        : executor_{std::move(executor)}, reuses_{chosen.reuse_connections},
          resets_{chosen.reset_after_answer.value_or(true)}, tls_{chosen.tls},
          deadlines_{tick}, watched_{executor_}, timer_{executor_} {
        assert(tick > duration::zero());
        watched_.assign(watch_.native_handle());
    }

    connection_pool(const connection_pool&) = delete;
    connection_pool& operator=(const connection_pool&) = delete;

    virtual ~connection_pool() {
        watched_.release();
        for (const auto& each : links_)
            end_tls(*each);
    }

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept { return executor_; }
    [[nodiscard]] bool reuses() const noexcept { return reuses_; }
    [[nodiscard]] bool resets() const noexcept { return resets_; }
    [[nodiscard]] tls_client& tls() noexcept { return tls_; }

    /// A handler of Asio that calls `then(*this, …)` and keeps the pool alive until then.
    template <typename Then>
    [[nodiscard]] auto owning(Then then) {
        return owned_handler{shared_from_this(), memory_, then};
    }

    /// A link without a socket.
    [[nodiscard]] pooled_link& lend(pool_user& to) {
        if (spare_ == nullptr)
            put_back(*links_.emplace_back(
                std::make_unique<pooled_link>(static_cast<std::uint32_t>(links_.size()))));
        pooled_link& lent = *std::exchange(spare_, spare_->next);
        lent.next = nullptr;
        lent.user = &to;
        return lent;
    }

    void put_back(pooled_link& lent) noexcept {
        drop(lent);
        lent.user = nullptr;
        lent.next = std::exchange(spare_, &lent);
    }

    /// Closes the socket. Nothing that was told of it counts any more.
    void drop(pooled_link& of) noexcept {
        if (!of.socket.is_open())
            return;
        forget(of);
        of.socket.close();
        of.watched = 0;
        of.pending = 0;
        ++of.life;
    }

    /// The link that was kept last for the origin of `target`, or null.
    [[nodiscard]] pooled_link* take_kept(const url& target, pool_user& to) noexcept {
        pooled_link* const kept = kept_.take(target);
        if (kept != nullptr)
            kept->user = &to;
        return kept;
    }

    /// Keeps a link until it is taken or its peer ends it, unless it has, or there are too many.
    [[nodiscard]] bool keep(pooled_link& idle, const url& target) {
        if (kept_.size() >= kept_max || (idle.pending & EPOLLRDHUP) != 0)
            return false;
        kept_.add(idle, target);
        idle.user = nullptr;
        return true;
    }

    /// Wakes the user once when `what`, EPOLLIN or EPOLLOUT, holds of the socket.
    void await(pooled_link& of, std::uint32_t what) {
        // A socket that cannot be watched is of no use: what is tried on it next fails.
        if ((of.pending & what) != 0 || !watch_.watch(of, what)) {
            if ((std::exchange(of.pending, of.pending & ~what) & what) == 0)
                drop(of);
            return give_turn(*of.user);
        }
        of.wanted = what;
        ++waiting_;
        arm();
    }

    void forget(pooled_link& of) noexcept {
        if (std::exchange(of.wanted, 0) == 0)
            return;
        if (--waiting_ == 0)
            disarm();
    }

    /// Wakes the user once, but not from inside.
    void give_turn(pool_user& to) {
        turns_.push_back({&to, to.wait});
        post_turns();
    }

    void set_deadline(pool_user& of, clock::time_point at) {
        if (const auto end = deadlines_.set(of, at); end < alarm_)
            set_alarm(end);
    }

    void clear_deadline(pool_user& of) noexcept {
        deadlines_.clear(of);
        if (!deadlines_.empty() || alarm_ == clock::time_point::max())
            return;
        alarm_ = clock::time_point::max();
        timer_.cancel();
    }

private:
    /// More than a process has descriptors, mostly; beyond it connections are not kept.
    static constexpr std::size_t kept_max = 1'000'000;

    struct turn {
        pool_user* of;
        std::uint64_t wait;
    };

    void arm() {
        if (armed_ || waiting_ == 0)
            return;
        armed_ = true;
        watched_.async_wait(asio::posix::stream_descriptor::wait_read,
                            owning([number = ++arms_](connection_pool& self, std::error_code) {
                                if (number == self.arms_)
                                    self.wake();
                            }));
    }

    void disarm() noexcept {
        if (!std::exchange(armed_, false))
            return;
        ++arms_;
        std::error_code ignored;
        watched_.cancel(ignored);
    }

    void wake() {
        armed_ = false;
        watch_.poll();
        serve_all();
    }

    // What a user throws passes through, and what has not been served is served later.
    void serve_all() {
        try {
            while (watch_.has_more())
                serve(watch_.take());
        } catch (...) {
            asio::post(executor_, owning([](connection_pool& self) { self.serve_all(); }));
            throw;
        }
        arm();
    }

    void serve(const link_watch::event& told) {
        pooled_link& of = *links_[told.place];
        if (of.life != told.life)
            return;
        if (of.user == nullptr) { // It was kept, and is over, or said what nobody asked for.
            kept_.remove(of);
            end_tls(of);
            return put_back(of);
        }
        constexpr std::uint32_t broken = EPOLLERR | EPOLLHUP;
        const std::uint32_t wanted = of.wanted;
        of.pending |= told.what & ~wanted & of.watched;
        if (wanted == 0 || (told.what & (wanted | broken)) == 0)
            return;
        of.wanted = 0;
        --waiting_;
        of.user->wake();
    }

    void post_turns() {
        if (turns_posted_)
            return;
        asio::post(executor_, owning([](connection_pool& self) { self.run_turns(); }));
        turns_posted_ = true;
    }

    // Those that are given meanwhile come behind whatever else the executor has to do.
    void run_turns() {
        turns_posted_ = false;
        if (turns_taken_ == running_.size()) {
            running_.clear();
            running_.swap(turns_);
            turns_taken_ = 0;
        }
        try {
            while (turns_taken_ < running_.size()) {
                const turn next = running_[turns_taken_++];
                if (next.wait == next.of->wait)
                    next.of->wake();
            }
        } catch (...) {
            post_turns();
            throw;
        }
        if (!turns_.empty())
            post_turns();
    }

    void set_alarm(clock::time_point at) {
        alarm_ = at;
        timer_.expires_at(at);
        timer_.async_wait(owning([at](connection_pool& self, std::error_code ec) {
            if (!ec && at == self.alarm_)
                self.ring();
        }));
    }

    void ring() {
        alarm_ = clock::time_point::max();
        const auto now = clock::now();
        try {
            while (pool_user* const late = deadlines_.take(now))
                late->expire();
        } catch (...) {
            set_next_alarm();
            throw;
        }
        set_next_alarm();
    }

    void set_next_alarm() {
        if (const auto first = deadlines_.first(); first && *first < alarm_)
            set_alarm(*first);
    }

    asio::any_io_executor executor_;
    bool reuses_;
    bool resets_;
    tls_client tls_;
    handler_memory memory_;
    std::vector<std::unique_ptr<pooled_link>> links_;
    pooled_link* spare_ = nullptr;
    kept_links kept_;
    link_watch watch_;
    deadline_grid deadlines_;
    asio::posix::stream_descriptor watched_; // the descriptor that `watch_` owns
    asio::steady_timer timer_;
    clock::time_point alarm_ = clock::time_point::max(); // when the timer ends, if it runs
    std::size_t waiting_ = 0;                            // links that somebody waits for
    bool armed_ = false;                                 // Asio waits for `watched_`
    std::uint64_t arms_ = 0;
    std::vector<turn> turns_;
    std::vector<turn> running_;
    std::size_t turns_taken_ = 0; // of those that are running
    bool turns_posted_ = false;
};

} // namespace forest::detail

#endif
