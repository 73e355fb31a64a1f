// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_IMPL_MEMORY_SERVER_IPP
#define FOREST_SIM_NETWORK_IMPL_MEMORY_SERVER_IPP

#include <forest/sim/network/memory_server.hpp>

namespace forest::inline FOREST_FORM::sim {

FOREST_DECL void memory_server::answer_writer::write(const response& answer, wall_time received,
                                                     bool head, bool close, receiver& deliver) {
    // The string is moved out, because the receiver may make another server request.
    std::string bytes = std::move(spare_);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(received);
    const forest::detail::answer_frame frame{
        .date = date_.at(seconds), .head = head, .close = close};
    forest::detail::write_head(bytes, answer, frame);
    bytes.append(forest::detail::body_to_send(answer, frame));
    deliver(bytes);
    spare_ = std::move(bytes);
}

FOREST_DECL memory_server::responder::call::call(std::shared_ptr<answer_writer> owner,
                                                 answer_writer::receiver&& receiver, wall_time now,
                                                 bool without_body, bool last)
    : writer{std::move(owner)},
      deliver{std::move(receiver)},
      received{now},
      head{without_body},
      close{last} {}

FOREST_DECL void memory_server::responder::call::answer(const response& response) {
    on_end.reset();
    if (auto receiver = std::move(deliver))
        std::exchange(writer, {})->write(response, received, head, close, receiver);
}

FOREST_DECL void memory_server::responder::call::fail(int status) {
    std::string body;
    answer({.status = status, .body = forest::detail::error_body(body, status)});
}

FOREST_DECL bool
memory_server::responder::call::hold(forest::detail::unique_function<void(hold_end)>&& told) {
    if (!deliver)
        return false;
    on_end = std::move(told);
    return true;
}

FOREST_DECL void memory_server::responder::call::client_gone() {
    deliver.reset();
    end_hold(hold_end::client_gone);
}

FOREST_DECL void memory_server::responder::call::end_hold(hold_end why) {
    if (auto told = std::move(on_end))
        told(why);
}

FOREST_DECL memory_server::pending
memory_server::serve(std::span<char> bytes,
                     forest::detail::unique_function<void(std::string_view)>&& receiver, bool keeps,
                     const std::optional<ip_address>& peer) {
    forest::detail::request_parser parser;
    const std::size_t kept = parser.parse(bytes);
    const std::span<const char> data{bytes.data(), kept};
    const wall_time now = clock_.now();
    const bool head = parser.done() && !parser.error() && parser.method() == http_method::head;
    const bool close = !keeps || !parser.done() || !parser.keep_alive();
    auto call = std::make_shared<responder::call>(writer_, std::move(receiver), now, head, close);
    if (!parser.done() || parser.error()) {
        call->fail(parser.done() ? parser.error_status() : 400);
        return {};
    }
    const std::string_view path = parser.path(data);
    const auto found = handlers_.find(path);
    if (found == handlers_.end()) {
        call->fail(404);
        return {};
    }
    if (parser.method() == http_method::other) {
        std::string body;
        response refused{.status = 405, .body = forest::detail::error_body(body, 405)};
        (void)refused.fields.add("Allow", "GET, HEAD");
        call->answer(refused);
        return {};
    }
    const pending waiting{call};
    found->second({parser.method(), path, parser.fields(data), now, peer},
                  responder{std::move(call)});
    return waiting;
}

} // namespace forest::inline FOREST_FORM::sim

#endif
