// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_HANDLER_MEMORY_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_HANDLER_MEMORY_HPP

#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <thread>
#include <typeinfo>
#include <utility>

// The memory for the pending operations of a connection or a clock. With it, the start of an
// operation allocates nothing (B18). Asio's own cache holds two blocks for each thread, but a check
// needs three.

namespace forest::inline FOREST_FORM::detail {

/// A few blocks inside their owner. May be used from any thread.
class handler_memory {
public:
    handler_memory() = default;
    handler_memory(const handler_memory&) = delete;
    handler_memory& operator=(const handler_memory&) = delete;

    /// Uses the heap if no block is free or none is large enough.
    void* allocate(std::size_t bytes);

    void deallocate(void* memory) noexcept;

private:
    // One timer and one socket operation are pending at a time, and there may be as many cancelled
    // operations.
    static constexpr std::size_t block_count = 4;
    static constexpr std::size_t block_bytes = 256;

    struct block {
        alignas(std::max_align_t) std::byte bytes[block_bytes];
        std::atomic<bool> used = false;
    };

    std::array<block, block_count> blocks_;
};

/// The allocator that Asio uses.
template <typename T>
class handler_allocator {
public:
    using value_type = T;

    explicit handler_allocator(handler_memory& memory) noexcept : memory_{&memory} {}

    template <typename Other>
    handler_allocator(const handler_allocator<Other>& other) noexcept : memory_{other.memory_} {}

    T* allocate(std::size_t count) { return static_cast<T*>(memory_->allocate(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t) noexcept { memory_->deallocate(memory); }

    friend bool operator==(const handler_allocator&, const handler_allocator&) = default;

private:
    template <typename>
    friend class handler_allocator;

    handler_memory* memory_;
};

/// A handler that keeps its owner alive. The owner has the memory for the handler.
template <typename Owner, typename Function>
class owned_handler {
public:
    using allocator_type = handler_allocator<void>;

    owned_handler(std::shared_ptr<Owner> owner, handler_memory& memory, Function function)
        : owner_{std::move(owner)}, memory_{&memory}, function_{std::move(function)} {}

    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{*memory_}; }

    template <typename... Results>
    void operator()(const Results&... results) const {
        function_(*owner_, results...);
    }

private:
    std::shared_ptr<Owner> owner_;
    handler_memory* memory_;
    Function function_;
};

/// Returns the executor in an any_io_executor, or null if it is of another type. Asio 1.22 does not
/// check the type.
template <typename Executor>
[[nodiscard]] const Executor* target_of(const asio::any_io_executor& executor) noexcept {
    return executor.target_type() == typeid(Executor) ? executor.template target<Executor>()
                                                      : nullptr;
}

/// Posts a handler that has its own memory. It uses no heap if the executor is one of an io_context
/// or a thread_pool. With an any_io_executor, `asio::post` would copy each handler to the heap,
/// twice.
template <typename Handler>
void post_owned(const asio::any_io_executor& executor, Handler handler) {
    if (const auto* const direct = target_of<asio::io_context::executor_type>(executor))
        asio::post(*direct, std::move(handler));
    else if (const auto* const pool = target_of<asio::thread_pool::executor_type>(executor))
        asio::post(*pool, std::move(handler));
    else
        asio::post(executor, std::move(handler));
}

/// How long a thread pauses before it requests the memory of a timer again: so long that it does
/// not use a whole core, and short compared with any interval.
inline constexpr std::chrono::milliseconds memory_pause{1};

/// Waits until memory may be available again. Blocks the thread, because a timer or a post would
/// need the missing memory. Uses real time, also in a simulation, because memory belongs to this
/// machine.
inline void pause_for_memory() {
    std::this_thread::sleep_for(memory_pause);
}

/// Calls a function again and again until it does not throw std::bad_alloc. A call that throws must
/// have changed nothing. This function ends when memory is available again. No lock is held during
/// the pauses.
template <typename Function>
void until_there_is_memory(const Function& function) {
    for (;;) {
        try {
            return function();
        } catch (const std::bad_alloc&) {
            pause_for_memory();
        }
    }
}

/// How many pauses an operation waits for memory if it must not wait for ever.
inline constexpr int memory_pauses_max = 100;

/// Calls a function until it returns true, which means that it has found memory. Returns false if
/// the function still returns false after `memory_pauses_max` pauses.
template <typename Function>
[[nodiscard]] bool finds_memory(const Function& function) {
    for (int pauses = 0; !function(); ++pauses) {
        if (pauses == memory_pauses_max)
            return false;
        pause_for_memory();
    }
    return true;
}

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/handler_memory.ipp>
#endif

#endif
