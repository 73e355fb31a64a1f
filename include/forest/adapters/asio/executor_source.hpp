// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_EXECUTOR_SOURCE_HPP
#define FOREST_ADAPTERS_ASIO_EXECUTOR_SOURCE_HPP

#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>

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
    // The usual executor. A conversion to any_io_executor takes half a second to compile, so this
    // one is compiled once.
    executor_source(const asio::io_context::executor_type& executor);
    executor_source(asio::io_context& context);

    // The cheap conditions come first: a compiler then does not check the others.
    template <typename Executor>
        requires(!std::same_as<std::remove_cvref_t<Executor>, executor_source> &&
                 !std::same_as<std::remove_cvref_t<Executor>, asio::io_context::executor_type> &&
                 !requires { typename std::remove_cvref_t<Executor>::executor_type; } &&
                 std::convertible_to<Executor, asio::any_io_executor>)
    executor_source(Executor&& executor) : executor_{std::forward<Executor>(executor)} {}

    template <typename Context>
        requires(!std::same_as<Context, asio::io_context> &&
                 requires(Context& context) {
                     typename Context::executor_type;
                     { context.get_executor() } -> std::convertible_to<asio::any_io_executor>;
                 })
    executor_source(Context& context) : executor_source{context.get_executor()} {}

    executor_source(const executor_source& other);
    executor_source& operator=(const executor_source& other);
    ~executor_source();

    [[nodiscard]] const asio::any_io_executor& get() const noexcept { return executor_; }

private:
    asio::any_io_executor executor_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/executor_source.ipp>
#endif

#endif
