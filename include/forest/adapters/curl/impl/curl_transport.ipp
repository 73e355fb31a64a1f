// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_IMPL_CURL_TRANSPORT_IPP
#define FOREST_ADAPTERS_CURL_IMPL_CURL_TRANSPORT_IPP

#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/adapters/curl/detail/curl_get.hpp>

#include <memory>
#include <utility>

namespace forest::inline FOREST_FORM {

static_assert(hedging_transport<curl_transport>);

FOREST_DECL FOREST_COLD curl_transport::curl_transport(const curl_connections& connections)
    : get_{std::make_shared<detail::curl_get>(connections.context_)} {}

FOREST_DECL FOREST_COLD curl_transport::curl_transport(const asio_clock& clock,
                                                       const curl_options& options)
    : curl_transport{curl_connections{clock, options}} {}

FOREST_DECL FOREST_COLD curl_transport::curl_transport(curl_transport&&) noexcept = default;

FOREST_DECL FOREST_COLD curl_transport::~curl_transport() {
    if (get_ != nullptr)
        get_->cancel();
}

// A GET that was cancelled may still have to call its handler. Then it keeps its handle.
FOREST_DECL void curl_transport::begin(const request& http_request, duration timeout,
                                       detail::unique_function<void(const reply&)> handler) {
    if (get_->busy())
        get_ = std::make_shared<detail::curl_get>(get_->context());
    get_->begin(http_request, timeout, std::move(handler));
}

FOREST_DECL FOREST_COLD bool curl_transport::waits_on_kept_connection() const noexcept {
    return get_->waits_on_kept_connection();
}

FOREST_DECL FOREST_COLD curl_transport curl_transport::another() const {
    return curl_transport{curl_connections{get_->context()}};
}

FOREST_DECL FOREST_COLD void curl_transport::cancel() noexcept {
    get_->cancel();
}

} // namespace forest::inline FOREST_FORM

#endif
