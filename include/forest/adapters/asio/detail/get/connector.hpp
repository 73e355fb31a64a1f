// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_CONNECTOR_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_CONNECTOR_HPP

#include <forest/adapters/asio/detail/io/error.hpp>
#include <forest/adapters/asio/detail/io/literal_endpoint.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/stream_socket.hpp>
#include <forest/adapters/posix/address_of.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>

#include <asio/error.hpp>
#include <asio/local/stream_protocol.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// Makes a connected socket from a URL. It finds the addresses of the name, and tries each of them
// within its share of the remaining time. If no address from memory accepts a connection, the name
// is looked up again before the GET fails (B19: names).

namespace forest::inline FOREST_FORM::detail {

/// The result of a step of a GET: what has to follow.
enum class step_result : std::uint8_t {
    go_on, ///< the next step
    wait,  ///< nothing, until the requested event comes
    done,  ///< nothing: the handler has been called, and the lock is released
};

/// Connects to a server by its URL. All members are called with the lock of the I/O backend held.
template <typename Io>
class connector : public Io {
protected:
    using Io::give_way;
    using Io::names;
    using Io::socket;
    using Io::wait_writable;
    using Io::wake_later;
    using typename Io::clock;
    using typename Io::lock;

    using Io::Io;

    ~connector() { forget_name(); } // NOLINT(modernize-use-override): virtual only in some Ios

    // The socket is connected, and `sent` bytes of `first` were sent. The deadline is that of the
    // whole GET. This function begins a wait, and never ends the GET itself.
    virtual void connected(lock& held, std::size_t sent) = 0;
    // The wait for the connected socket has ended. Begins another wait or ends the GET.
    virtual step_result proceed(lock& held) = 0;
    // The deadline has passed, or no address has accepted a connection. Ends the GET.
    virtual void failed(lock& held, errc why) = 0;
    // Closes the socket, and everything that belongs to it.
    virtual void close() noexcept = 0;

    // A GET begins.
    void start(duration timeout) {
        timings_ = {};
        connections_opened_ = 0;
        starved_ = false;
        failure_ = errc::unreachable;
        waits_until_ = {};
        started_ = clock::now();
        deadline_ = started_ + std::clamp(timeout, duration::zero(), options::duration_max);
    }

    // `first` is sent as soon as the socket takes it. `target` and `first` must stay valid until
    // `connected` or `failed` is called. Never calls `failed` during this call.
    void dial(lock& held, const url& target, std::string_view first) {
        target_ = &target;
        first_ = first;
        addresses_.clear();
        from_memory_ = false;
        if (target.scheme() == url_scheme::http_unix)
            addresses_.emplace_back(asio::local::stream_protocol::endpoint{target.socket_path()});
        else if (target.is_ip_literal())
            addresses_.push_back(literal_endpoint(target));
        try_all(held, started_);
    }

    // Continues with the current connection, which is a kept one.
    void take_up() noexcept { stage_ = stage::connected; }

    void wait_until(clock::time_point end) {
        waits_until_ = end;
        Io::wait_until(end);
    }

    void fail_later(errc why) {
        failure_ = why;
        stage_ = stage::failing;
        wake_later();
    }

    // No pending operation completes after this.
    void stop_waiting() {
        Io::stop_waiting();
        forget_name();
    }

    phase_timings timings_;
    clock::time_point started_, deadline_;
    clock::time_point connected_at_;
    unsigned connections_opened_ = 0; // or tried
    const url* target_ = nullptr;     // the target of the latest connection

private:
    // The event that the GET waits for.
    enum class stage : std::uint8_t {
        resolving,
        resolving_again, // no known address has accepted a connection
        connecting,
        starving, // waiting for resources of this machine
        failing,
        connected,
    };

    using endpoint = stream_socket::endpoint;

    // Asks for a name, is woken on any thread, and continues on a thread of the executor.
    class question final : public name_waiter, public serial_task {
    public:
        explicit question(connector& owner) noexcept : owner_{owner} {}

        void answered() noexcept override {
            answered_ = number;
            owner_.call_later(*this);
        }

        void perform() override {
            owner_.resume([this](lock& held) {
                if (owner_.asking_ && answered_ == number)
                    owner_.resolved(held);
            });
        }

        void abandon() noexcept override {}

        std::uint64_t number = 0; // the number of the latest question; earlier ones are void

    private:
        connector& owner_;
        std::atomic<std::uint64_t> answered_ = 0; // the last answered question
    };

    void ready(lock& held) final { (void)advance(held); }

    step_result advance(lock& held) {
        switch (stage_) {
        case stage::resolving:
        case stage::resolving_again:
        case stage::starving: break;
        case stage::connecting: begin_again(held); break;
        case stage::failing: failed(held, failure_); return step_result::done;
        case stage::connected: return proceed(held);
        }
        return step_result::wait;
    }

    // The deadline of the GET, of one of several addresses or of a pause has passed. An answer that
    // arrived earlier still counts, because this thread may be late.
    void expired(lock& held) final {
        if (advance(held) == step_result::done)
            return;
        const auto now = clock::now();
        if (now < waits_until_)
            return; // The GET continues, with a later deadline.
        if (now >= deadline_)
            return failed(held, late_error());
        switch (stage_) {
        case stage::starving: return try_all(held, now);
        case stage::resolving: // Uses the last good answer.
            asking_ = false;
            names().lose_patience(question_);
            if (question_.addresses.empty()) // The answer came at this moment.
                return failed(held, question_error());
            return use_answer(held, now, true);
        case stage::resolving_again: // Uses the known failure.
            forget_name();
            return resolved(held); // The answer may have come at this moment.
        case stage::connecting:
            // If an address does not answer, the name may have other addresses now.
            if (next_address_ == addresses_.size() && std::exchange(from_memory_, false)) {
                wait_until(deadline_);
                (void)ask(true);
                return;
            }
            break;
        default: break;
        }
        failure_ = more_specific(failure_, errc::timed_out);
        connect(held, now);
    }

    // Returns the error of a GET that did not end in time.
    [[nodiscard]] errc late_error() const noexcept {
        if (starved_)
            return errc::local_resources_exhausted;
        if (stage_ == stage::resolving)
            return errc::resolver_unavailable;
        if (stage_ == stage::resolving_again)
            return failure_;
        return more_specific(failure_, errc::timed_out);
    }

    void try_all(lock& held, clock::time_point now) {
        next_address_ = 0;
        failure_ = errc::unreachable;
        if (!addresses_.empty())
            return connect(held, now);
        asked_at_ = now;
        stage_ = stage::resolving;
        switch (ask(false)) {
        case name_state::known:
        case name_state::last_good: return use_answer(held, now, true);
        case name_state::failed: return lacks_means() ? starve(now) : fail_later(question_error());
        case name_state::waiting: return wait_until(deadline_);
        case name_state::refreshing: break;
        }
        be_patient(now);
    }

    // -- Names --

    // Waits for a look-up at most half of the remaining time, because the GET can do without it.
    void be_patient(clock::time_point now) {
        wait_until(now + std::min<duration>(names().limits().patience, (deadline_ - now) / 2));
    }

    name_state ask(bool after_failed_connect) noexcept {
        name_state state = name_state::failed;
        ++question_.number;
        try {
            state = names().ask(target_->host(), after_failed_connect, question_);
        } catch (const std::bad_alloc&) {
            question_.error = errc::local_resources_exhausted;
        }
        asking_ = state == name_state::waiting || state == name_state::refreshing;
        return state;
    }

    void forget_name() noexcept {
        if (std::exchange(asking_, false))
            names().leave(question_);
    }

    [[nodiscard]] errc question_error() const noexcept { return errc{question_.error.value()}; }

    // Returns whether a look-up has failed because this machine lacks resources. A look-up needs
    // descriptors, too, and not every resolver reports that there are none.
    [[nodiscard]] bool lacks_means() const noexcept {
        return question_.error == errc::local_resources_exhausted || lacks_descriptor();
    }

    // The awaited look-up has ended.
    void resolved(lock& held) {
        asking_ = false;
        const auto now = clock::now();
        const bool fails = bool{question_.error};
        if (stage_ == stage::resolving) {
            timings_.resolve = now - asked_at_;
            if (fails && lacks_means()) {
                (void)give_way();
                return starve(now);
            }
            if (fails && question_.addresses.empty())
                return failed(held, question_error());
            return use_answer(held, now, false);
        }
        const bool connecting = stage_ == stage::connecting;
        if (!connecting && stage_ != stage::resolving_again)
            return;
        if (!fails && add_addresses()) {
            if (connecting)
                failure_ = more_specific(failure_, errc::timed_out);
            return connect(held, now);
        }
        // Only "no such name" says more than the failure that is known already.
        if (!connecting)
            failed(held, question_.error == errc::resolve_failed ? errc::resolve_failed : failure_);
    }

    // Connects to the addresses that were found. Addresses from memory may be out of date.
    void use_answer(lock& held, clock::time_point now, bool from_memory) {
        from_memory_ = from_memory;
        next_address_ = 0;
        if (add_addresses())
            return connect(held, now);
        fail_later(errc::local_resources_exhausted); // There was no memory for the addresses.
    }

    // Adds the addresses that were not tried yet. Returns whether there are any.
    bool add_addresses() noexcept {
        const std::size_t before = addresses_.size();
        try {
            for (const ip_address& each : question_.addresses.all()) {
                const endpoint found = endpoint_of(each, target_->port());
                if (std::find(addresses_.begin(), addresses_.end(), found) == addresses_.end())
                    addresses_.push_back(found);
            }
        } catch (const std::bad_alloc&) { // The addresses that were added are tried.
        }
        return addresses_.size() > before;
    }

    // Tries the next address. If it fails at once, tries the one after it, and so on. An address
    // that does not answer must leave time for the others.
    void connect(lock& held, clock::time_point now) {
        for (;;) {
            close();
            const endpoint& address = addresses_[next_address_++];
            const auto left = static_cast<clock::rep>(addresses_.size() - next_address_ + 1);
            connecting_ = now;
            std::error_code ec = open(address);
            if (!ec && begin(held, ec)) {
                // If all addresses from memory fail, a look-up may find another one.
                const auto shares = left + (from_memory_ ? 1 : 0);
                if (stage_ == stage::connecting)
                    wait_until(shares == 1 ? deadline_ : now + (deadline_ - now) / shares);
                return;
            }
            failure_ = more_specific(failure_, connect_error(ec));
            now = clock::now();
            if (next_address_ == addresses_.size())
                return give_up(now);
        }
    }

    // If no descriptor is left, a kept connection is closed to free one.
    std::error_code open(const endpoint& address) {
        std::error_code ec = socket().socket.connect(address);
        if (ec && lacks_room(ec) && give_way())
            ec = socket().socket.connect(address);
        if (!ec || connect_error(ec) != errc::local_resources_exhausted)
            ++connections_opened_;
        return ec;
    }

    // Sends without waiting, which shows whether the connection is made. Over loopback it is made
    // at once, so no wake-up is needed. Returns false, and the reason, if the connection failed.
    bool begin(lock& held, std::error_code& ec) {
        const transfer first = socket().socket.send(first_);
        if (first.would_block()) {
            stage_ = stage::connecting;
            wait_writable();
            return true;
        }
        // A peer that has already closed the connection may have sent the reason.
        if (first.ec && first.ec != asio::error::broken_pipe &&
            first.ec != asio::error::connection_reset) {
            ec = first.ec;
            return false;
        }
        connected_at_ = clock::now();
        timings_.connect = connected_at_ - connecting_;
        failure_ = errc::unreachable; // Failures of other addresses do not explain a later timeout.
        stage_ = stage::connected;
        forget_name();
        if (waits_until_ != deadline_)
            wait_until(deadline_);
        connected(held, first.bytes);
        return true;
    }

    void begin_again(lock& held) {
        std::error_code ec;
        if (begin(held, ec))
            return;
        failure_ = more_specific(failure_, connect_error(ec));
        const auto now = clock::now();
        if (next_address_ == addresses_.size())
            return give_up(now);
        connect(held, now);
    }

    void give_up(clock::time_point now) {
        if (failure_ == errc::local_resources_exhausted)
            return starve(now);
        if (!asking_) {
            if (!std::exchange(from_memory_, false))
                return fail_later(failure_);
            asked_at_ = now;
            if (ask(true) != name_state::waiting)
                return fail_later(question_.error == errc::resolve_failed ? errc::resolve_failed
                                                                          : failure_);
        }
        stage_ = stage::resolving_again;
        be_patient(now);
    }

    // Waits for resources of this machine. All GETs that wait for resources are woken at the same
    // moments.
    void starve(clock::time_point now) {
        close();
        starved_ = true;
        stage_ = stage::starving;
        const typename clock::time_point next{(now.time_since_epoch() / pause + 1) * pause};
        wait_until(std::min(next, deadline_));
    }

    // The pause is so long that a thousand waiting GETs do not use a whole core, and it is short
    // compared with any timeout.
    static constexpr std::chrono::milliseconds pause{50};

    question question_{*this};
    bool asking_ = false; // the question waits for a look-up
    clock::time_point asked_at_;
    bool from_memory_ = false; // the addresses are from an answer that is older than this GET
    std::vector<endpoint> addresses_;
    std::size_t next_address_ = 0;
    std::string_view first_;
    errc failure_ = errc::unreachable; // the most specific one of all addresses so far
    clock::time_point connecting_;
    clock::time_point waits_until_;
    bool starved_ = false; // this GET has waited for resources, and so had less time
    stage stage_ = stage::connected;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
