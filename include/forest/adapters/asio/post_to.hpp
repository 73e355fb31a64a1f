// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_POST_TO_HPP
#define FOREST_ADAPTERS_ASIO_POST_TO_HPP

#include <forest/adapters/asio/executor_source.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>

// The pool of a check that blocks (B28: the route's own checks).

namespace forest::inline FOREST_FORM {

/// Calls functions later on an executor, for example on that of an `asio::thread_pool`. May be
/// copied, and used by several threads at once. The context must outlive the route and its server.
/// A call throws what the executor throws, such as std::bad_alloc.
class post_to {
public:
    explicit post_to(const executor_source& source) : executor_{source.get()} {}

    void operator()(detail::unique_function<void()> function) const;

private:
    asio::any_io_executor executor_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/post_to.ipp>
#endif

#endif
