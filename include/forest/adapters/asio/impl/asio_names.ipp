// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_ASIO_NAMES_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_ASIO_NAMES_IPP

#include <forest/adapters/asio/asio_names.hpp>
#include <forest/core/detail/container/owner.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD names_service_base::names_service_base(asio::execution_context& context)
    : asio::execution_context::service{context} {}

FOREST_DECL FOREST_COLD names_service_base::~names_service_base() {
    while (own_ != nullptr) {
        const owner<known> last{own_};
        own_ = last->next;
    }
}

FOREST_DECL FOREST_COLD void names_service_base::add(const std::shared_ptr<name_directory>& own) {
    const std::lock_guard lock{mutex_};
    for (known** each = &own_; *each != nullptr;) {
        if ((*each)->directory.expired()) {
            const owner<known> ended{*each};
            *each = ended->next;
        } else {
            each = &(*each)->next;
        }
    }
    own_ = new known{own, own_};
}

FOREST_DECL FOREST_COLD void names_service_base::shutdown() noexcept {
    if (shared_ != nullptr)
        shared_->close();
    for (const known* each = own_; each != nullptr; each = each->next)
        if (const auto alive = each->directory.lock())
            alive->close();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
