// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_IMPL_CURL_CONNECTIONS_IPP
#define FOREST_ADAPTERS_CURL_IMPL_CURL_CONNECTIONS_IPP

#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/detail/curl_context.hpp>

#include <memory>
#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD curl_connections::curl_connections(const asio_clock& clock,
                                                           const curl_options& options)
    : curl_connections{clock, asio_names{clock.get_executor()}, options} {}

FOREST_DECL FOREST_COLD
curl_connections::curl_connections(std::shared_ptr<detail::curl_context> context) noexcept
    : context_{std::move(context)} {}

} // namespace forest::inline FOREST_FORM

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD std::shared_ptr<curl_context>
make_curl_context(const asio_clock& clock, const curl_options& options,
                  const std::shared_ptr<name_directory>& names) {
    return std::make_shared<curl_context>(clock, options, names);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
