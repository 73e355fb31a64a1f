// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_IO_IO_HANDLER_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_IO_IO_HANDLER_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/form.hpp>

#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

// One type for the handlers of many waits. For each type of handler, Asio instantiates some hundred
// functions.

namespace forest::inline FOREST_FORM::detail {

/// A handler that keeps its owner alive, and calls a function with it. The owner has the memory for
/// the handler.
class io_handler {
public:
    using allocator_type = handler_allocator<void>;
    using function = void (*)(const std::shared_ptr<void>& owner, std::uint64_t number,
                              std::error_code ec);

    /// The function is called with `owner` and `number`.
    io_handler(std::shared_ptr<void> owner, handler_memory& memory, function then,
               std::uint64_t number = 0) noexcept
        : owner_{std::move(owner)}, memory_{&memory}, then_{then}, number_{number} {}

    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{*memory_}; }

    void operator()(std::error_code ec) const { then_(owner_, number_, ec); }

private:
    std::shared_ptr<void> owner_;
    handler_memory* memory_;
    function then_;
    std::uint64_t number_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
