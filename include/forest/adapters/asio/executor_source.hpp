// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_EXECUTOR_SOURCE_HPP
#define FOREST_ADAPTERS_ASIO_EXECUTOR_SOURCE_HPP

#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

// Asio's own functions take an executor, or the context that has one. The functions of this library
// do the same.

namespace forest::inline FOREST_FORM {

/// An executor. It is made from an executor, or from a context that has one: an io_context, a
/// thread_pool, a `background`. The context must outlive this object.
class executor_source {
public:
    template <typename Executor>
        requires(std::convertible_to<Executor, asio::any_io_executor> &&
                 !std::same_as<std::remove_cvref_t<Executor>, executor_source>)
    executor_source(Executor&& executor) : executor_{std::forward<Executor>(executor)} {}

    template <typename Context>
        requires(!std::convertible_to<Context&, asio::any_io_executor> &&
                 requires(Context& context) {
                     { context.get_executor() } -> std::convertible_to<asio::any_io_executor>;
                 })
    executor_source(Context& context) : executor_{context.get_executor()} {}

    [[nodiscard]] const asio::any_io_executor& get() const noexcept { return executor_; }

private:
    asio::any_io_executor executor_;
};

} // namespace forest::inline FOREST_FORM

#endif
