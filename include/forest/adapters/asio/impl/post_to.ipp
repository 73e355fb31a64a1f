// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_POST_TO_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_POST_TO_IPP

#include <forest/adapters/asio/post_to.hpp>

#include <asio/post.hpp>

#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL void post_to::operator()(detail::unique_function<void()> function) const {
    asio::post(executor_, std::move(function));
}

} // namespace forest::inline FOREST_FORM

#endif
