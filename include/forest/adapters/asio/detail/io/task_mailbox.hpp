// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_TASK_MAILBOX_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_TASK_MAILBOX_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/serial_task.hpp>
#include <forest/adapters/asio/detail/io/step_handler.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

// Passes tasks from one thread to another without allocating memory.

namespace forest::inline FOREST_FORM::detail {

/// A queue of tasks for the threads of an executor. May be used from any thread. Needs no memory on
/// the executor of an io_context or a thread_pool.
class task_mailbox final : next_step {
public:
    explicit task_mailbox(asio::any_io_executor executor) : executor_{std::move(executor)} {}
    task_mailbox(const task_mailbox&) = delete;
    task_mailbox& operator=(const task_mailbox&) = delete;

    /// Performs a task later, never during this call. Does nothing if the task waits already.
    /// `owner` keeps this mailbox and the task alive; it is null if both outlive the executor.
    /// Returns false and does nothing if the executor is of another kind and has no memory.
    bool post(serial_task& task, std::shared_ptr<void> owner) noexcept;

private:
    // A visit performs one task. If the executor accepts a visit and destroys it without a call,
    // all tasks are abandoned. If the executor refuses it, no task is.
    void take(const std::shared_ptr<void>& owner, std::uint64_t number,
              const std::error_code& ec) override;
    void drop(const std::shared_ptr<void>& owner) noexcept override;

    bool abandon_next() noexcept;

    // Under the lock.
    bool visit_later(std::shared_ptr<void> owner) noexcept;

    const asio::any_io_executor executor_;
    handler_memory memory_;
    std::mutex mutex_;
    task_queue tasks_;
    bool posted_ = false;                  // a visit is posted
    bool refused_ = false;                 // the executor has destroyed the visit in the post
    std::atomic<std::thread::id> giver_{}; // the thread that is posting a visit
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/task_mailbox.ipp>
#endif

#endif
