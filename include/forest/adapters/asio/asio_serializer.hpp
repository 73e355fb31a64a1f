// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_ASIO_SERIALIZER_HPP
#define FOREST_ADAPTERS_ASIO_ASIO_SERIALIZER_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/step_handler.hpp>
#include <forest/core/detail/container/owner.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

// Makes handlers run one at a time, on any number of threads of the io_context. A strand does the
// same, but a strand on an any_io_executor allocates whenever a handler runs, and a steady check
// must not allocate (B18).

namespace forest::inline FOREST_FORM {

/// Runs functions one at a time, also those of copies. Several threads may use it at once. The
/// execution context must outlive it.
class asio_serializer {
public:
    explicit asio_serializer(asio::any_io_executor executor)
        : state_{std::make_shared<state>(std::move(executor))} {}

    [[nodiscard]] const asio::any_io_executor& get_executor() const noexcept {
        return state_->executor;
    }

    /// Calls `function` at once; if another function is running, on the executor later. Call `run`
    /// only on a thread of the executor. Exceptions of `function` are passed on. If there is no
    /// memory to queue `function`, this thread waits until there is memory or the other function
    /// has ended.
    template <typename Function>
    void run(Function&& function) const {
        for (;;) {
            {
                const std::lock_guard lock{state_->mutex};
                if (!std::exchange(state_->busy, true))
                    break;
                try {
                    return state_->waiting.push(*new_task(std::forward<Function>(function)),
                                                nullptr);
                } catch (const std::bad_alloc&) { // `function` was not moved.
                }
            }
            detail::pause_for_memory();
        }
        const turn mine{state_};
        function();
    }

    /// Calls `function` on the executor later, and never during this call.
    template <typename Function>
    void post(Function&& function) const {
        post(*new_task(std::forward<Function>(function)), nullptr);
    }

    /// Like `run(function)`, for a task. Keeps the owner until the task has been performed.
    /// Allocates nothing on the executor of an io_context or a thread_pool.
    void run(detail::serial_task& task, std::shared_ptr<void> owner) const;

    /// Like `post(function)`, for a task and its owner. If an executor that is not one of Asio has
    /// no memory for the task during `memory_pauses_max` pauses, the task is dropped.
    void post(detail::serial_task& task, std::shared_ptr<void> owner) const;

private:
    struct state final : detail::next_step {
        explicit state(asio::any_io_executor context) : executor{std::move(context)} {}

        // Returns the next task, which then has the turn. If there is none, the turn is free.
        [[nodiscard]] detail::task_queue::entry next() noexcept;

        // The turn has come to the executor.
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override;

        // The executor has refused or destroyed the turn.
        void drop(const std::shared_ptr<void>& owner) noexcept override;

        // Passes the turn from the caller to the executor. Returns false if the executor refuses
        // because it lacks memory; then the caller still has the turn. If the executor has ended,
        // no task waits any more. `owner` owns this state.
        [[nodiscard]] bool give(const std::shared_ptr<void>& owner) noexcept;

        void pass_on(const std::shared_ptr<void>& owner) noexcept;

        // The turn is never given again. Waiting tasks would keep their owners alive, and an owner
        // may own this serializer.
        void abandon_all() noexcept;

        const asio::any_io_executor executor;
        std::mutex mutex;
        bool busy = false;
        detail::task_queue waiting;
        detail::handler_memory memory;         // for the turn in the executor
        std::atomic<std::thread::id> giver{};  // the thread that is handing over the turn now
        std::atomic<std::thread::id> denied{}; // the last giver whose turn was destroyed meanwhile
    };

    // The task that holds the turn may run. When it ends, or the executor destroys it, the turn
    // passes to the next task. So waiting tasks never keep themselves alive.
    class turn {
    public:
        explicit turn(const std::shared_ptr<state>& shared) noexcept : state_{shared} {}
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() { state_->pass_on(state_); }

    private:
        const std::shared_ptr<state> state_;
    };

    template <typename Function>
    class function_task final : public detail::serial_task {
    public:
        explicit function_task(Function&& function) : function_{std::move(function)} {}
        explicit function_task(const Function& function) : function_{function} {}

        void perform() override {
            detail::owner<function_task> self{this};
            Function function{std::move(function_)};
            self.reset();
            function();
        }
        void abandon() noexcept override { delete this; }

    private:
        Function function_;
    };

    template <typename Function>
    static detail::serial_task* new_task(Function&& function) {
        return new function_task<std::decay_t<Function>>{std::forward<Function>(function)};
    }

    std::shared_ptr<state> state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/asio_serializer.ipp>
#endif

#endif
