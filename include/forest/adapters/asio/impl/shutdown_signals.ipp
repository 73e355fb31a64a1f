// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_SHUTDOWN_SIGNALS_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_SHUTDOWN_SIGNALS_IPP

#include <forest/adapters/asio/shutdown_signals.hpp>
#include <forest/core/detail/logic/callback_gate.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/signal_set.hpp>

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

// Ends process 1, like the default action in any other process. Shells report this status for a
// process that a signal has ended.
extern "C" FOREST_DECL void forest_end_by_signal(int number) {
    ::_exit(128 + number);
}

// The program of a container is process 1. The kernel does not deliver a signal with the default
// disposition to process 1.
FOREST_DECL bool default_is_ignored() noexcept {
    return ::getpid() == 1;
}

// Takes over one signal of this process while at least one `shutdown_signals` waits for it. The
// first one stores the earlier disposition here, and the last one restores it, because Asio itself
// resets a signal to its default. Every access is under the lock of `shutdown_takeovers`.
class signal_takeover {
public:
    explicit constexpr signal_takeover(int signal) noexcept : number{signal} {}

    // Returns false for an ignored signal, and does not change it.
    bool take(asio::signal_set& set);

    // Returns whether the signal has to be sent again: it was received by this or by another
    // waiting object, and the application's handler has been restored.
    bool release(asio::signal_set& set, bool received) noexcept;

    // For process 1, unless the signal is ignored or handled.
    void have_default_end_process() const noexcept;

    const int number;

private:
    // sigaction cannot fail, because the signal exists and may be caught. Handlers are compared by
    // `sa_handler`, with any `sa_flags`, because it shares its storage with `sa_sigaction`.
    [[nodiscard]] struct sigaction disposition() const noexcept;

    void end_process_by_signal() const noexcept;

    void dispose(const struct sigaction& wanted) const noexcept {
        ::sigaction(number, &wanted, nullptr);
    }

    int holders_ = 0;
    bool owed_ = false;
    struct sigaction taken_{};
    std::optional<struct sigaction> displaced_;
};

// The only state of the library that belongs to the process, like the dispositions.
struct shutdown_takeovers {
    static shutdown_takeovers& of_this_process() noexcept;

    std::mutex mutex;
    std::array<signal_takeover, 2> signals{signal_takeover{SIGINT}, signal_takeover{SIGTERM}};
};

// Blocks both signals on this thread. Signals that arrive during this time are delivered later, to
// the handler that is installed then.
class shutdown_signals_blocked {
public:
    shutdown_signals_blocked() noexcept;

    shutdown_signals_blocked(const shutdown_signals_blocked&) = delete;
    shutdown_signals_blocked& operator=(const shutdown_signals_blocked&) = delete;
    ~shutdown_signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

// Only the waiting operation owns this object. So a context that ends early restores everything
// while Asio's service still exists.
class shutdown_wait : public std::enable_shared_from_this<shutdown_wait> {
public:
    shutdown_wait(const asio::any_io_executor& executor, unique_function<void(int)> callback);

    shutdown_wait(const shutdown_wait&) = delete;
    shutdown_wait& operator=(const shutdown_wait&) = delete;
    ~shutdown_wait() { release(); }

    void start();

    void cancel();

private:
    // It runs within the gate, so that cancel() waits for it, too. It also runs if the callback
    // throws.
    struct passing_on {
        shutdown_wait& wait;
        int signal;
        ~passing_on() { wait.release(signal); }
    };

    // Only the first call counts. `received` is the signal that the callback received, 0 if none.
    void release(int received = 0) noexcept;

    callback_gate gate_;
    shared_callback<int> callback_;
    // Guarded by the lock of `shutdown_takeovers`.
    std::optional<asio::signal_set> set_;
    std::array<bool, 2> taken_{};
};

FOREST_DECL bool signal_takeover::take(asio::signal_set& set) {
    const struct sigaction before = disposition();
    if (before.sa_handler == SIG_IGN)
        return false;
    std::error_code ec;
    set.add(number, ec);
    if (ec)
        throw std::system_error{ec, "signal " + std::to_string(number)};
    if (holders_++ == 0) {
        taken_ = disposition();
        // If the application has its own set, Asio's handler was there before, and nothing is
        // displaced.
        displaced_.reset();
        if (before.sa_handler != taken_.sa_handler)
            displaced_ = before;
    }
    return true;
}

FOREST_DECL bool signal_takeover::release(asio::signal_set& set, bool received) noexcept {
    owed_ = owed_ || received;
    const struct sigaction before = disposition();
    std::error_code cannot_fail;
    set.remove(number, cannot_fail);
    if (--holders_ > 0)
        return false;
    const bool owed = std::exchange(owed_, false);
    // Either a set of the application still waits, or the disposition is the default already.
    if (disposition().sa_handler == before.sa_handler)
        return false;
    // The application has replaced Asio's handler since then. Its handler is kept.
    if (before.sa_handler != taken_.sa_handler) {
        dispose(before);
        return false;
    }
    if (!displaced_)
        return false;
    const bool is_default = displaced_->sa_handler == SIG_DFL;
    if (is_default && default_is_ignored())
        end_process_by_signal();
    else
        dispose(*displaced_);
    return owed && !is_default && displaced_->sa_handler != &forest_end_by_signal;
}

FOREST_DECL void signal_takeover::have_default_end_process() const noexcept {
    if (disposition().sa_handler == SIG_DFL)
        end_process_by_signal();
}

FOREST_DECL struct sigaction signal_takeover::disposition() const noexcept {
    struct sigaction found{};
    ::sigaction(number, nullptr, &found);
    return found;
}

FOREST_DECL void signal_takeover::end_process_by_signal() const noexcept {
    struct sigaction ending{};
    ending.sa_handler = &forest_end_by_signal;
    ::sigemptyset(&ending.sa_mask);
    dispose(ending);
}

FOREST_DECL shutdown_takeovers& shutdown_takeovers::of_this_process() noexcept {
    static shutdown_takeovers all;
    return all;
}

FOREST_DECL shutdown_signals_blocked::shutdown_signals_blocked() noexcept {
    sigset_t both;
    ::sigemptyset(&both);
    ::sigaddset(&both, SIGINT);
    ::sigaddset(&both, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &both, &before_);
}

FOREST_DECL shutdown_wait::shutdown_wait(const asio::any_io_executor& executor,
                                         unique_function<void(int)> callback)
    : set_{std::in_place, executor} {
    gate_.set<int>(callback_, [this, callback = std::move(callback)](const int& signal) mutable {
        const passing_on afterwards{*this, signal};
        if (callback)
            callback(signal);
    });
}

FOREST_DECL void shutdown_wait::start() {
    auto& process = shutdown_takeovers::of_this_process();
    // The lock is held until the wait has begun, because it may end on another thread at once.
    const std::lock_guard lock{process.mutex};
    for (std::size_t index = 0; index < taken_.size(); ++index)
        taken_[index] = process.signals[index].take(*set_);
    if (!taken_[0] && !taken_[1])
        return;
    set_->async_wait([self = shared_from_this()](std::error_code ec, int signal) {
        if (!ec)
            self->gate_.call(self->callback_, signal);
    });
}

FOREST_DECL void shutdown_wait::cancel() {
    gate_.close([this] { release(); });
    gate_.set<int>(callback_, {});
}

FOREST_DECL void shutdown_wait::release(int received) noexcept {
    std::array<bool, 2> owed{};
    auto& process = shutdown_takeovers::of_this_process();
    {
        const shutdown_signals_blocked blocked;
        const std::lock_guard lock{process.mutex};
        if (!set_)
            return;
        for (std::size_t index = 0; index < taken_.size(); ++index) {
            signal_takeover& each = process.signals[index];
            owed[index] = taken_[index] && each.release(*set_, each.number == received);
        }
        set_.reset();
    }
    // Sends the signal to the process, as the first time. raise() would send it to this thread,
    // which may block the signal for ever.
    for (std::size_t index = 0; index < owed.size(); ++index) {
        if (owed[index])
            ::kill(::getpid(), process.signals[index].number);
    }
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL void let_signals_end_first_process() noexcept {
    if (!detail::default_is_ignored())
        return;
    auto& process = detail::shutdown_takeovers::of_this_process();
    const std::lock_guard lock{process.mutex};
    for (const detail::signal_takeover& each : process.signals)
        each.have_default_end_process();
}

FOREST_DECL shutdown_signals::shutdown_signals(const executor_source& source,
                                               detail::unique_function<void(int signal)> callback) {
    const auto wait = std::make_shared<detail::shutdown_wait>(source.get(), std::move(callback));
    wait_ = wait;
    wait->start();
}

FOREST_DECL void shutdown_signals::cancel() {
    if (const auto waiting = wait_.lock())
        waiting->cancel();
}

} // namespace forest::inline FOREST_FORM

#endif
