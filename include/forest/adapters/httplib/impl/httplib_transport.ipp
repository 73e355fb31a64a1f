// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_IMPL_HTTPLIB_TRANSPORT_IPP
#define FOREST_ADAPTERS_HTTPLIB_IMPL_HTTPLIB_TRANSPORT_IPP

#include <forest/adapters/httplib/detail/httplib_get.hpp>
#include <forest/adapters/httplib/httplib_transport.hpp>

#include <memory>
#include <utility>

namespace forest::inline FOREST_FORM {

static_assert(transport<httplib_transport>);

FOREST_DECL FOREST_COLD httplib_transport::httplib_transport(const asio_clock& clock,
                                                             const executor_source& threads,
                                                             const httplib_options& options)
    : httplib_transport{clock, threads, asio_names{clock.get_executor()}, options} {}

FOREST_DECL FOREST_COLD httplib_transport::httplib_transport(httplib_transport&&) noexcept =
    default;

FOREST_DECL FOREST_COLD httplib_transport::~httplib_transport() {
    if (get_ != nullptr)
        get_->cancel();
}

// A GET that was cancelled may still have to call its handler.
FOREST_DECL void httplib_transport::begin(const request& http_request, duration timeout,
                                          detail::unique_function<void(const reply&)> handler) {
    if (get_->busy())
        get_ = get_->another();
    get_->begin(http_request, timeout, std::move(handler));
}

FOREST_DECL FOREST_COLD void httplib_transport::cancel() noexcept {
    get_->cancel();
}

} // namespace forest::inline FOREST_FORM

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD std::shared_ptr<httplib_get>
make_httplib_get(const asio_clock& clock, const executor_source& threads,
                 const httplib_options& options, const std::shared_ptr<name_directory>& names) {
    return std::make_shared<httplib_get>(
        httplib_get::arguments{clock.serializer(), threads.get(), options, names});
}

} // namespace forest::inline FOREST_FORM::detail

#endif
