// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_POOLED_IO_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_POOLED_IO_IPP

#include <forest/adapters/asio/detail/get/pooled_io.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL bool pooled_io::take_kept(const url& target, clock::time_point now) noexcept {
    pooled_socket* const kept = pool_.take_kept(target, *this, now);
    if (kept == nullptr)
        return false;
    pool_.put_back(*std::exchange(socket_, kept));
    return true;
}

FOREST_DECL bool pooled_io::keep(const url& target, clock::time_point now) {
    pooled_socket& next = pool_.lend(*this);
    bool kept = false;
    try {
        kept = pool_.keep(*socket_, target, now);
    } catch (const std::bad_alloc&) {
    }
    if (kept)
        socket_ = &next;
    else
        pool_.put_back(next);
    return kept;
}

FOREST_DECL void pooled_io::drop() noexcept {
    ++wait;
    pool_.drop(*socket_);
}

FOREST_DECL void pooled_io::wake_later() {
    ++wait;
    pool_.wake_later(*this);
}

FOREST_DECL void pooled_io::stop_waiting() noexcept {
    ++wait;
    pool_.forget(*socket_);
    pool_.clear_deadline(*this);
}

FOREST_DECL void pooled_io::run(lock& held, serial_task& done) {
    held.unlock();
    done.perform();
}

FOREST_DECL void pooled_io::post(lock& held, serial_task& done) {
    held.unlock();
    pool_.post(done);
}

FOREST_DECL void pooled_io::wake() {
    resume([this](lock& held) { ready(held); });
}

FOREST_DECL void pooled_io::expire() {
    resume([this](lock& held) { expired(held); });
}

} // namespace forest::inline FOREST_FORM::detail

#endif
