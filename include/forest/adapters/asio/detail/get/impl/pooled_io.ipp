// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_POOLED_IO_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_POOLED_IO_IPP

#include <forest/adapters/asio/detail/get/pooled_io.hpp>
#include <forest/core/detail/logic/get_steps.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL client_socket& pooled_io::add(unsigned number) {
    pooled_socket& added = pool_.lend(*this);
    added.number = static_cast<std::uint8_t>(number);
    added.next = std::exchange(first_, &added);
    return added;
}

FOREST_DECL pooled_socket& pooled_io::find(unsigned number) noexcept {
    pooled_socket* each = first_;
    while (each->number != number)
        each = each->next;
    return *each;
}

FOREST_DECL pooled_socket& pooled_io::take_out(unsigned number) noexcept {
    pooled_socket** link = &first_;
    while ((*link)->number != number)
        link = &(*link)->next;
    pooled_socket& found = **link;
    *link = std::exchange(found.next, nullptr);
    return found;
}

FOREST_DECL bool pooled_io::take_kept(const url& target, clock::time_point now) noexcept {
    pooled_socket* const kept = pool_.take_kept(target, *this, now);
    if (kept == nullptr)
        return false;
    kept->number = kept_connection;
    kept->next = std::exchange(first_, kept);
    return true;
}

FOREST_DECL bool pooled_io::keep(unsigned number, const url& target, clock::time_point now) {
    pooled_socket& kept = find(number);
    pool_.forget(kept);
    if (!pool_.may_keep(kept))
        return false;
    (void)take_out(number);
    try {
        pool_.keep(kept, target, now);
    } catch (const std::bad_alloc&) {
        kept.next = std::exchange(first_, &kept);
        return false;
    }
    return true;
}

FOREST_DECL void pooled_io::drop(unsigned number) noexcept {
    pooled_socket& dropped = take_out(number);
    end_tls(dropped);
    pool_.put_back(dropped);
}

FOREST_DECL void pooled_io::drop_all() noexcept {
    while (first_ != nullptr)
        drop(first_->number);
}

FOREST_DECL void pooled_io::stop_waiting() noexcept {
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

FOREST_DECL void pooled_io::wake(pooled_socket& socket) {
    resume([this, &socket](lock& held) { ready(held, socket.number); });
}

FOREST_DECL void pooled_io::expire() {
    resume([this](lock& held) { expired(held); });
}

} // namespace forest::inline FOREST_FORM::detail

#endif
