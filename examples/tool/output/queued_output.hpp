// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_EXAMPLES_TOOL_OUTPUT_QUEUED_OUTPUT_HPP
#define FOREST_EXAMPLES_TOOL_OUTPUT_QUEUED_OUTPUT_HPP

#include "line_queue.hpp"
#include "write_lines.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

// An output whose reader may pause, as a terminal does after Ctrl-S. Only a separate thread waits
// for the reader. With O_NONBLOCK no thread would be needed, but this flag would also apply to
// other processes that share the descriptor.

namespace forest::cli {

/// How long something waits for a reader.
struct reader_patience {
    /// For a reader that reads nothing meanwhile.
    std::chrono::milliseconds stalled_max{2000};

    /// For a reader that reads, but slowly.
    std::chrono::milliseconds total_max{30'000};
};

/// While this object lives, no signal is delivered to this thread, nor to threads that it starts.
class signals_held_back {
public:
    signals_held_back() {
        sigset_t all;
        sigfillset(&all);
        (void)::pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    signals_held_back(const signals_held_back&) = delete;
    signals_held_back& operator=(const signals_held_back&) = delete;
    ~signals_held_back() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

/// Writes lines to a descriptor on a thread of its own. Thread-safe.
class queued_output {
public:
    /// Returns the text to write for these lines, which may be empty. Called on the thread of the
    /// output, while nobody changes the queue.
    using frame = std::function<std::string(std::string lines)>;

    /// If more bytes wait, `wait_for_room` waits.
    static constexpr std::size_t room_bytes_max = 1024 * 1024;

    /// How many bytes of lines are taken from the queue at a time, and written with one frame.
    static constexpr std::size_t taken_bytes_max = 64 * 1024;

    /// `say` returns the line about the lines that were left out. `failed` is called once, on the
    /// thread of the output, when a write has failed. Throws std::system_error if the thread cannot
    /// begin.
    queued_output(int descriptor, line_queue::words say, std::function<void()> failed = {},
                  frame draw = {}, line_queue_bounds bounds = {})
        : state_{std::make_shared<state>(descriptor, std::move(say), bounds, std::move(failed),
                                         std::move(draw))} {
        const signals_held_back held;
        thread_ = std::thread{[shared = state_] { write_lines_of(*shared); }};
    }

    queued_output(const queued_output&) = delete;
    queued_output& operator=(const queued_output&) = delete;

    /// Does not wait for the reader: lines that were not written by now may be lost.
    ~queued_output() { leave(); }

    /// Calls `change(line_queue&)` while nobody else changes the queue. Lines are written at once,
    /// or with the next call of `write` if `at_once` is false. After a failure nothing is called.
    template <typename Change>
    void change(const Change& change, bool at_once = true) {
        const std::lock_guard lock{state_->mutex};
        if (state_->error)
            return;
        change(state_->lines);
        if (at_once)
            wake();
    }

    /// Makes the thread write the waiting lines and a new frame.
    void write() {
        const std::lock_guard lock{state_->mutex};
        wake();
    }

    /// Waits while too many bytes wait. Returns false if the reader has not read enough of them.
    /// During its whole life an output waits here for at most `reader_patience::total_max`. Do not
    /// call it before work that must not wait for the reader.
    [[nodiscard]] bool wait_for_room() {
        std::unique_lock lock{state_->mutex};
        const auto room = [this] { return state_->lines.bytes() <= room_bytes_max; };
        if (room() || state_->error)
            return true;
        if (stalled_since_ == state_->progress)
            return false; // An earlier call has waited in vain.
        wake();
        using std::chrono::milliseconds;
        const auto began = std::chrono::steady_clock::now();
        const reader_patience all;
        const bool now_there = wait_until(
            lock, room, {all.stalled_max, std::max(all.total_max - waited_, milliseconds{0})},
            [] { return false; });
        waited_ += std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - began);
        if (!now_there)
            stalled_since_ = state_->progress;
        return now_there;
    }

    /// Waits until all lines are written. Gives up if the reader reads nothing or too little, or
    /// when `hurried()`, which is called from time to time, returns true. Returns how many lines
    /// the reader has not read; 0 if a write has failed.
    template <typename Hurried>
    [[nodiscard]] std::size_t finish(const Hurried& hurried, reader_patience patience = {}) {
        std::unique_lock lock{state_->mutex};
        wake();
        const auto done = [this] {
            return state_->error || (!state_->busy && !state_->work && state_->lines.empty());
        };
        if (wait_until(lock, done, patience, hurried))
            return 0;
        return state_->lines.size() + 1;
    }

    [[nodiscard]] std::error_code error() const {
        const std::lock_guard lock{state_->mutex};
        return state_->error;
    }

private:
    // The thread may outlive the object in a write that does not return.
    struct state {
        state(int number, line_queue::words say, line_queue_bounds bounds,
              std::function<void()> on_failure, frame drawing)
            : descriptor{number},
              lines{std::move(say), bounds},
              failed{std::move(on_failure)},
              draw{std::move(drawing)} {}

        const int descriptor;
        std::mutex mutex;
        std::condition_variable woken;
        std::condition_variable moved;
        line_queue lines;
        std::function<void()> failed;
        frame draw;
        std::error_code error;
        bool work = false;
        bool busy = false;
        bool left = false;
        std::atomic<std::uint64_t> progress{0}; // how often the reader had room
    };

    void wake() {
        state_->work = true;
        state_->busy = true;
        state_->woken.notify_one();
    }

    template <typename Done, typename Hurried>
    bool wait_until(std::unique_lock<std::mutex>& lock, const Done& done, reader_patience patience,
                    const Hurried& hurried) {
        using clock = std::chrono::steady_clock;
        constexpr std::chrono::milliseconds look_again{20};
        const auto began = clock::now();
        auto moved_at = began;
        std::uint64_t before = state_->progress;
        while (!done()) {
            (void)state_->moved.wait_for(lock, look_again);
            const auto now = clock::now();
            if (before != state_->progress) {
                before = state_->progress;
                moved_at = now;
            }
            if (now - moved_at > patience.stalled_max || now - began > patience.total_max)
                return done();
            lock.unlock();
            const bool enough = hurried();
            lock.lock();
            if (enough)
                return done();
        }
        return true;
    }

    void leave() {
        {
            const std::lock_guard lock{state_->mutex};
            state_->left = true;
            state_->woken.notify_one();
            if (state_->busy) { // From now on the thread uses only its state.
                thread_.detach();
                return;
            }
        }
        thread_.join();
    }

    static void write_lines_of(state& shared) {
        std::unique_lock lock{shared.mutex};
        for (;;) {
            shared.busy = false;
            shared.moved.notify_all();
            shared.woken.wait(lock, [&] { return shared.work || shared.left; });
            shared.work = false;
            shared.busy = true;
            do {
                if (shared.left)
                    return;
                std::string text = shared.lines.take(taken_bytes_max);
                if (shared.draw)
                    text = shared.draw(std::move(text));
                lock.unlock();
                const std::error_code ec = write_all(shared, text);
                lock.lock();
                if (ec && !shared.error && !shared.left) { // Then there is no user to inform.
                    shared.error = ec;
                    (void)shared.lines.take(static_cast<std::size_t>(-1));
                    if (shared.failed)
                        shared.failed();
                }
                shared.moved.notify_all();
            } while (!shared.lines.empty());
        }
    }

    static std::error_code write_all(state& shared, std::string_view text) {
        while (!text.empty()) {
            const std::error_code ec = write_part(shared.descriptor, text);
            if (ec && ec != std::errc::interrupted)
                return ec;
            ++shared.progress;
        }
        return {};
    }

    std::shared_ptr<state> state_;
    std::thread thread_;
    std::chrono::milliseconds waited_{0};
    std::uint64_t stalled_since_ = static_cast<std::uint64_t>(-1); // of progress
};

} // namespace forest::cli

#endif
