// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_TRANSPORT_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_TRANSPORT_IPP

#include <forest/adapters/asio/asio_names.hpp>
#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/asio/detail/get/get_operation.hpp>
#include <forest/adapters/asio/detail/get/standalone_io.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace forest::inline FOREST_FORM {

static_assert(hedging_transport<asio_transport>);

} // namespace forest::inline FOREST_FORM

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD asio_get::asio_get(const asio_clock& clock,
                                           const transport_options& options,
                                           const std::shared_ptr<name_directory>& names)
    : get_{std::make_shared<get_operation<standalone_io>>(clock.serializer(), options, names)} {}

FOREST_DECL FOREST_COLD asio_get::asio_get(const asio_clock& clock,
                                           const transport_options& options)
    : asio_get{clock, options, asio_names{clock.get_executor()}.directory()} {}

FOREST_DECL FOREST_COLD asio_get::asio_get(std::nullptr_t) noexcept {}

FOREST_DECL FOREST_COLD
asio_get::asio_get(std::shared_ptr<get_operation<standalone_io>> get) noexcept
    : get_{std::move(get)} {}

FOREST_DECL FOREST_COLD asio_get asio_get::another() const {
    const standalone_io::arguments same = get_->made_from();
    return asio_get{
        std::make_shared<get_operation<standalone_io>>(same.serializer, same.options, same.names)};
}

FOREST_DECL FOREST_COLD asio_get::asio_get(asio_get&&) noexcept = default;

FOREST_DECL FOREST_COLD asio_get::~asio_get() {
    if (get_ != nullptr)
        get_->cancel();
}

FOREST_DECL void asio_get::begin(const request& http_request, duration timeout,
                                 unique_function<void(const reply&)>&& handler) {
    get_->get(http_request, timeout, std::move(handler));
}

FOREST_DECL FOREST_COLD bool asio_get::waits_on_kept_connection() const noexcept {
    return get_->waits_on_kept_connection();
}

FOREST_DECL FOREST_COLD void asio_get::cancel() noexcept {
    get_->cancel();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
