// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_IMPL_ROUTE_TABLE_IPP
#define FOREST_IMPL_ROUTE_TABLE_IPP

#include <forest/core/detail/http/authority.hpp>
#include <forest/core/detail/http/request_target.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/fields.hpp>
#include <forest/route_table.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM {

FOREST_DECL received_request::received_request(std::string_view method, std::string_view target,
                                               int version_minor)
    : target_{target},
      method_{read_http_method(method)},
      version_minor_{version_minor},
      received_{std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now())} {}

FOREST_DECL void received_request::add_field(std::string_view name, std::string_view value) {
    // A name with a blank, or a value with a line end, would be another field for who reads the
    // lines.
    if (!is_token(name) || !is_field_value(value)) {
        valid_ = false;
        return;
    }
    framing_.add(name, value);
    if (iequals(name, "Host"))
        valid_ = valid_ && ++hosts_ == 1 && detail::is_host_field(trim_blanks(value));
    lines_.append(name).append(": ").append(value).append("\r\n");
}

FOREST_DECL std::string_view received_request::path() const noexcept {
    return detail::path_of_target(target_);
}

FOREST_DECL bool received_request::malformed() const noexcept {
    constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();
    return !valid_ || (version_minor_ > 0 && hosts_ == 0) ||
           framing_.framing(version_minor_, any_size).fault == detail::framing_fault::malformed;
}

FOREST_DECL bool received_request::has_body() const noexcept {
    constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();
    const detail::body_framing framing = framing_.framing(version_minor_, any_size);
    return framing.kind == detail::body_kind::chunked || framing.size > 0;
}

struct route_responder::state {
    explicit state(send_function function) : send{std::move(function)} {}
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    ~state() {
        if (send)
            give({.status = 500, .body = R"({"error":"Internal Server Error"})", .fields = {}});
    }

    // Only one thread calls this: the one that has taken the function.
    static void call(send_function& function, const response& answer) noexcept {
        try {
            function(answer);
        } catch (...) {
            try {
                function({.status = 500, .body = {}, .fields = {}});
            } catch (...) { // NOLINT(bugprone-empty-catch)
            }
        }
    }

    void give(const response& answer) noexcept {
        send_function taken;
        {
            const std::lock_guard lock{mutex};
            taken = std::exchange(send, nullptr);
        }
        if (!taken)
            return;
        if (answer.status == detail::final_status(answer.status))
            return call(taken, answer);
        response final = answer;
        final.status = detail::final_status(answer.status);
        call(taken, final);
    }

    std::mutex mutex;
    send_function send;
};

FOREST_DECL route_responder::route_responder(send_function send)
    : state_{std::make_shared<state>(std::move(send))} {}

FOREST_DECL void route_responder::operator()(const response& answer) const noexcept {
    if (state_ != nullptr)
        state_->give(answer);
}

FOREST_DECL void send_error(const route_responder& respond, int status) {
    std::string storage;
    response answer{.status = status, .body = detail::error_body(storage, status), .fields = {}};
    constexpr int method_not_allowed = 405;
    if (status == method_not_allowed)
        (void)answer.fields.add("Allow", "GET, HEAD"); // It fits.
    respond(answer);
}

FOREST_DECL std::error_code route_table::add(std::string path, handler_type handler) {
    if (path.empty() || path.front() != '/' || detail::path_of_target(path) != path ||
        detail::skip_target(path, 0) != path.size())
        return errc::path_invalid;
    const std::lock_guard lock{mutex_};
    const bool added = handlers_.try_emplace(std::move(path), std::move(handler)).second;
    return added ? std::error_code{} : errc::path_invalid;
}

FOREST_DECL route_table::handler_type* route_table::find(std::string_view path) const {
    const std::lock_guard lock{mutex_};
    const auto found = handlers_.find(path);
    return found == handlers_.end() ? nullptr : &found->second;
}

FOREST_DECL bool route_table::has(std::string_view target) const {
    return find(detail::path_of_target(target)) != nullptr;
}

FOREST_DECL void route_table::serve(const received_request& request,
                                    route_responder respond) const {
    if (request.malformed())
        return send_error(respond, 400);
    handler_type* const handler = find(request.path());
    if (handler == nullptr)
        return send_error(respond, 404);
    if (request.method() == http_method::other)
        return send_error(respond, 405);
    try {
        (*handler)({.method = request.method(),
                    .path = request.path(),
                    .fields = field_view{request.lines_},
                    .received = request.received_},
                   std::move(respond));
    } catch (...) { // NOLINT(bugprone-empty-catch): the responder is gone, and has sent a 500
    }
}

} // namespace forest::inline FOREST_FORM

#endif
