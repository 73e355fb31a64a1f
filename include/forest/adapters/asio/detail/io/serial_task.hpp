// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_SERIAL_TASK_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_SERIAL_TASK_HPP

#include <forest/form.hpp>

#include <memory>
#include <utility>

// Work that waits in memory which its owner has allocated before. So the end of an operation needs
// no memory.

namespace forest::inline FOREST_FORM::detail {

/// A task is in at most one queue at a time.
class serial_task {
public:
    serial_task() = default;
    serial_task(const serial_task&) = delete;
    serial_task& operator=(const serial_task&) = delete;

    /// Called when the turn of the task has come. May destroy the task.
    virtual void perform() = 0;

    /// Called if the executor ends before the turn of the task comes. May destroy the task.
    virtual void abandon() noexcept = 0;

protected:
    virtual ~serial_task() = default;

private:
    friend class task_queue;

    std::shared_ptr<void> owner_; // while it waits
    serial_task* next_ = nullptr;
    bool queued_ = false;
};

/// A queue of tasks. Allocates nothing. Not thread-safe.
class task_queue {
public:
    struct entry {
        serial_task* task = nullptr;
        std::shared_ptr<void> owner{};
    };

    [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

    /// Adds a task, unless it waits already. Keeps its owner until the task is taken out; the owner
    /// may be null.
    void push(serial_task& last, std::shared_ptr<void> owner) noexcept;

    /// Removes and returns the first task; there must be one.
    [[nodiscard]] entry pop() noexcept;

private:
    serial_task* first_ = nullptr;
    serial_task* last_ = nullptr;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/serial_task.ipp>
#endif

#endif
