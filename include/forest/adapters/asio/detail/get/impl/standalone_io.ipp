// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_STANDALONE_IO_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_STANDALONE_IO_IPP

#include <forest/adapters/asio/detail/get/standalone_io.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD standalone_io::standalone_io(asio_serializer serializer,
                                                     const transport_options& options,
                                                     std::shared_ptr<name_directory> names)
    : serializer_{std::move(serializer)},
      names_{std::move(names)},
      tls_{options.tls},
      reuses_{options.reuse_connections},
      resets_{options.reset_after_answer.value_or(false)},
      mailbox_{executor()},
      watch_{executor()},
      timer_{executor()} {}

FOREST_DECL void standalone_io::wait_end::take(const std::shared_ptr<void>&, std::uint64_t number,
                                               const std::error_code& ec) {
    owner_.resume([this, number, &ec](lock& held) {
        if (number != last)
            return;
        if (this == &owner_.wait_)
            owner_.ready(held);
        else if (!ec)
            owner_.expired(held);
    });
}

FOREST_DECL step_handler standalone_io::handler_of(wait_end& latest) {
    return {shared_from_this(), memory_, latest, ++latest.last};
}

FOREST_DECL bool standalone_io::take_kept(const url& target, clock::time_point now) noexcept {
    return socket_.socket.is_open() && now - kept_at_ <= kept_idle_max &&
           kept_for_.same_origin(target);
}

FOREST_DECL bool standalone_io::keep(const url& target, clock::time_point now) {
    if (!kept_for_.same_origin(target))
        kept_for_ = target;
    kept_at_ = now;
    return true;
}

FOREST_DECL void standalone_io::drop() noexcept {
    ++wait_.last;
    if (watch_.is_open())
        watch_.release();
    socket_.socket.close();
}

FOREST_DECL void standalone_io::call_later(serial_task& task) noexcept {
    if (auto self = weak_from_this().lock())
        (void)mailbox_.post(task, std::move(self));
}

FOREST_DECL void standalone_io::wait_until(clock::time_point deadline) {
    timer_.expires_at(deadline);
    timer_.async_wait(handler_of(deadline_));
}

FOREST_DECL void standalone_io::stop_waiting() {
    ++wait_.last;
    ++deadline_.last;
    timer_.cancel();
}

FOREST_DECL void standalone_io::run(lock& held, serial_task& done) {
    held.unlock();
    serializer_.run(done, shared_from_this());
}

FOREST_DECL void standalone_io::post(lock& held, serial_task& done) {
    held.unlock();
    serializer_.post(done, nullptr);
}

FOREST_DECL void standalone_io::wait(asio::posix::stream_descriptor::wait_type readiness) {
    std::error_code ec;
    if (!watch_.is_open())
        watch_.assign(socket_.socket.native_handle(), ec);
    if (ec) {
        socket_.socket.close();
        return wake_later();
    }
    watch_.async_wait(readiness, handler_of(wait_));
}

} // namespace forest::inline FOREST_FORM::detail

#endif
