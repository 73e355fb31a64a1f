// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_STATE_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_STATE_IPP

#include <forest/adapters/asio/detail/server/server_state.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL server_state::server_state(asio::any_io_executor executor, const server_limits& bounds)
    : turns{std::move(executor)},
      limits{bounds},
      memory{bounds.memory_bytes_max},
      scratch_bytes{bounds.message.head_bytes_max + read_bytes},
      scratch_{new char[scratch_bytes + read_bytes]},
      grace{turns.get_executor()} {}

FOREST_DECL void server_state::report_room() noexcept {
    for (asio::steady_timer* const each : paused)
        each->cancel();
    paused.clear();
}

FOREST_DECL route_handler* server_state::find_route(std::string_view path) {
    for (server_route& each : routes) {
        if (each.path == path)
            return &each.handler;
    }
    return nullptr;
}

FOREST_DECL void server_state::call(std::unique_lock<std::mutex>& lock, route_handler& handler,
                                    const server_request& request, server_responder respond) {
    inside = std::this_thread::get_id();
    lock.unlock();
    try {
        handler(request, std::move(respond));
    } catch (...) { // NOLINT(bugprone-empty-catch)
    }
    lock.lock();
    inside = {};
    left.notify_all();
}

FOREST_DECL bool server_state::wait_for_handler(std::unique_lock<std::mutex>& lock) {
    if (inside == std::this_thread::get_id())
        return false;
    left.wait(lock, [this] { return inside == std::thread::id{}; });
    return true;
}

FOREST_DECL server_lock::~server_lock() {
    std::list<std::shared_ptr<const void>> outside;
    outside.swap(server_.released);
    std::list<held_end> ended;
    ended.swap(server_.ended);
    unlock();
    for (held_end& each : ended) {
        if (each.why && each.call)
            each.call(*each.why);
    }
}

} // namespace forest::inline FOREST_FORM::detail

#endif
