// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_IMPL_CLIENT_HANDLE_IPP
#define FOREST_DETAIL_HEALTH_IMPL_CLIENT_HANDLE_IPP

#include <forest/detail/health/client_handle.hpp>
#include <forest/detail/health/health_control.hpp>

#include <memory>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL client_handle::client_handle(std::shared_ptr<health_control> loop) noexcept
    : loop_{std::move(loop)} {}

FOREST_DECL client_handle::client_handle(client_handle&& other) noexcept = default;

FOREST_DECL client_handle& client_handle::operator=(client_handle&& other) noexcept {
    client_handle old{std::move(other)};
    loop_.swap(old.loop_);
    return *this;
}

FOREST_DECL client_handle::~client_handle() {
    if (loop_ == nullptr)
        return;
    loop_->listeners().on_event({});
    loop_->stop();
}

FOREST_DECL void client_handle::on_server_down(unique_function<void(const outage&)>&& callback) {
    loop_->listeners().on_server_down(std::move(callback));
}

FOREST_DECL void client_handle::on_server_up(unique_function<void(const outage&)>&& callback) {
    loop_->listeners().on_server_up(std::move(callback));
}

FOREST_DECL void client_handle::on_event(unique_function<void(const event&)>&& callback) {
    loop_->listeners().on_event(std::move(callback));
}

FOREST_DECL void client_handle::on_unheard(unique_function<void(const event&)>&& callback) {
    loop_->listeners().on_unheard(std::move(callback));
}

FOREST_DECL void client_handle::start() {
    loop_->start();
}

FOREST_DECL void client_handle::stop() {
    loop_->stop();
}

FOREST_DECL bool client_handle::stopped() const {
    return loop_->stopped();
}

FOREST_DECL target_status client_handle::status() const noexcept {
    return loop_->status();
}

FOREST_DECL const url& client_handle::target() const noexcept {
    return loop_->target();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
