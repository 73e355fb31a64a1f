// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_STANDALONE_IO_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_GET_IMPL_STANDALONE_IO_IPP

#include <forest/adapters/asio/detail/get/standalone_io.hpp>
#include <forest/core/detail/logic/get_steps.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD standalone_io::standalone_io(asio_serializer serializer,
                                                     const transport_options& options,
                                                     std::shared_ptr<name_directory> names)
    : serializer_{std::move(serializer)},
      names_{std::move(names)},
      tls_{options.tls},
      reuses_{options.reuse_connections},
      resets_{options.reset_after_answer.value_or(false)},
      connects_only_{options.connect_only},
      kept_age_max_{options.kept_age_max},
      mailbox_{executor()},
      timer_{executor()} {}

FOREST_DECL FOREST_COLD standalone_io::arguments standalone_io::made_from() const {
    return {.serializer = serializer_,
            .options = {.tls = tls_.options(),
                        .reuse_connections = reuses_,
                        .kept_age_max = kept_age_max_,
                        .reset_after_answer = resets_,
                        .connect_only = connects_only_},
            .names = names_};
}

FOREST_DECL standalone_io::~standalone_io() {
    drop_all();
}

FOREST_DECL void standalone_io::wait_end::take(const std::shared_ptr<void>&, std::uint64_t number,
                                               const std::error_code& ec) {
    owner_.resume([this, number, &ec](lock& held) {
        if (number == last)
            end(held, ec);
    });
}

FOREST_DECL void standalone_io::time_end::end(lock& held, const std::error_code& ec) {
    if (!ec)
        owner_.expired(held);
}

FOREST_DECL void standalone_io::connection::end(lock& held, const std::error_code&) {
    owner_.ready(held, number);
}

FOREST_DECL step_handler standalone_io::handler_of(wait_end& latest) {
    return {shared_from_this(), memory_, latest, ++latest.last};
}

FOREST_DECL client_socket& standalone_io::add(unsigned number) {
    for (const auto& each : connections_) {
        if (each->number == connection::unused) {
            each->number = number;
            return *each;
        }
    }
    connection& added = *connections_.emplace_back(std::make_unique<connection>(*this));
    added.number = number;
    return added;
}

FOREST_DECL standalone_io::connection& standalone_io::find(unsigned number) noexcept {
    auto each = connections_.begin();
    while ((*each)->number != number)
        ++each;
    return **each;
}

FOREST_DECL standalone_io::connection* standalone_io::find_kept() noexcept {
    for (const auto& each : connections_) {
        if (each->number == idle)
            return each.get();
    }
    return nullptr;
}

FOREST_DECL bool standalone_io::take_kept(const url& target, clock::time_point now) noexcept {
    connection* const kept = find_kept();
    if (kept == nullptr)
        return false;
    if (now - kept_at_ > kept_idle_max || !is_usable(*kept, now) ||
        !kept_for_.same_origin(target)) {
        end(*kept);
        return false;
    }
    kept->number = kept_connection;
    return true;
}

FOREST_DECL bool standalone_io::keep(unsigned number, const url& target, clock::time_point now) {
    connection& kept = find(number);
    if (!kept_for_.same_origin(target))
        kept_for_ = target;
    kept_at_ = now;
    ++kept.last;
    kept.number = idle;
    return true;
}

FOREST_DECL void standalone_io::drop(unsigned number) noexcept {
    end(find(number));
}

FOREST_DECL void standalone_io::end(connection& ended) noexcept {
    ++ended.last;
    end_tls(ended);
    if (ended.watch.is_open())
        ended.watch.release();
    ended.socket.close();
    ended.number = connection::unused;
}

FOREST_DECL void standalone_io::drop_all() noexcept {
    for (const auto& each : connections_) {
        if (each->number != connection::unused)
            end(*each);
    }
}

FOREST_DECL void standalone_io::call_later(serial_task& task) noexcept {
    if (auto self = weak_from_this().lock())
        (void)mailbox_.post(task, std::move(self));
}

FOREST_DECL void standalone_io::wake_later(unsigned number) {
    post_step(executor(), handler_of(find(number)));
}

FOREST_DECL void standalone_io::wait_until(clock::time_point end) {
    timer_.expires_at(end);
    timer_.async_wait(handler_of(deadline_));
}

FOREST_DECL void standalone_io::stop_waiting() {
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

FOREST_DECL void standalone_io::post_owned(lock& held, serial_task& done) {
    held.unlock();
    serializer_.post(done, shared_from_this());
}

FOREST_DECL void standalone_io::wait(connection& watched,
                                     asio::posix::stream_descriptor::wait_type readiness) {
    std::error_code ec;
    if (!watched.watch.is_open())
        watched.watch.assign(watched.socket.native_handle(), ec);
    if (ec) {
        watched.socket.close();
        return wake_later(watched.number);
    }
    watched.watch.async_wait(readiness, handler_of(watched));
}

} // namespace forest::inline FOREST_FORM::detail

#endif
