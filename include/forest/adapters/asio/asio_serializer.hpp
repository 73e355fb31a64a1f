// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_SERIALIZER_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_SERIALIZER_HPP

#include <forest/core/unique_function.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <utility>

// What makes handlers run one at a time on however many threads the io_context runs. A strand does
// the same, but a strand on an any_io_executor allocates whenever a handler runs, and a steady
// check must not (B18).

namespace forest {

/// Runs functions one at a time. Copies share the turn. May be called from any thread; the
/// execution context must outlive it.
class asio_serializer {
public:
    explicit asio_serializer(asio::any_io_executor executor)
        : state_{std::make_shared<state>(std::move(executor))} {}

    [[nodiscard]] const asio::any_io_executor& get_executor() const noexcept {
        return state_->executor;
    }

    /// Calls `function` at once or, while another one runs, later on the executor. To be called on
    /// a thread of the executor. What it throws passes through.
    template <typename Function>
    void run(Function&& function) const {
        {
            const std::lock_guard lock{state_->mutex};
            if (std::exchange(state_->busy, true)) {
                state_->waiting.emplace_back(std::forward<Function>(function));
                return;
            }
        }
        const turn mine{state_};
        function();
    }

    /// Calls `function` later on the executor, never from inside.
    template <typename Function>
    void post(Function&& function) const {
        asio::post(state_->executor,
                   [*this, function = std::forward<Function>(function)]() mutable {
                       run(std::move(function));
                   });
    }

private:
    struct state {
        explicit state(asio::any_io_executor on) : executor{std::move(on)} {}

        const asio::any_io_executor executor;
        std::mutex mutex;
        bool busy = false;
        std::deque<unique_function<void()>> waiting;
    };

    // Whoever holds it may run. At its end, also when the executor drops what it holds, the turn
    // passes on, so that what waits never keeps itself alive.
    class turn {
    public:
        explicit turn(std::shared_ptr<state> of) noexcept : state_{std::move(of)} {}
        turn(turn&&) noexcept = default;
        turn& operator=(turn&&) = delete;

        ~turn() {
            if (state_ == nullptr)
                return;
            unique_function<void()> next;
            {
                const std::lock_guard lock{state_->mutex};
                state_->busy = !state_->waiting.empty();
                if (!state_->busy)
                    return;
                next = std::move(state_->waiting.front());
                state_->waiting.pop_front();
            }
            const asio::any_io_executor executor = state_->executor;
            asio::post(executor, [mine = turn{std::move(state_)},
                                  function = std::move(next)]() mutable { function(); });
        }

    private:
        std::shared_ptr<state> state_;
    };

    std::shared_ptr<state> state_;
};

} // namespace forest

#endif
