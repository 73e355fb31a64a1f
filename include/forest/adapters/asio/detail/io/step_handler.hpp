// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_STEP_HANDLER_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_STEP_HANDLER_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

// One type of handler for all operations of a client and of a server. Asio instantiates some 60
// functions for each type of handler that is posted or that waits for a timer or a socket, and
// every file that includes the client compiles them.

namespace forest::inline FOREST_FORM::detail {

/// What comes after an operation. It is a part of the object that begins the operation.
class next_step {
public:
    /// The operation has ended. `owner` and `number` are those of the handler.
    virtual void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                      const std::error_code& ec) = 0;

    /// The handler was destroyed without a call.
    virtual void drop(const std::shared_ptr<void>& owner) noexcept;

protected:
    ~next_step() = default;
};

/// A handler that keeps the owner of its step alive; the owner may be null. Move-only.
class step_handler {
public:
    using allocator_type = handler_allocator<void>;

    step_handler(std::shared_ptr<void> owner, handler_memory& memory, next_step& step,
                 std::uint64_t number = 0) noexcept;
    step_handler(step_handler&& other) noexcept;
    step_handler& operator=(step_handler&&) = delete;
    ~step_handler();

    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{*memory_}; }

    void operator()() { operator()(std::error_code{}); }
    void operator()(const std::error_code& ec);

private:
    std::shared_ptr<void> owner_;
    handler_memory* memory_;
    next_step* step_; // null after the call
    std::uint64_t number_;
};

/// The same as `post_owned`.
FOREST_DECL void post_step(const asio::any_io_executor& executor, step_handler handler);

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/io/impl/step_handler.ipp>
#endif

#endif
