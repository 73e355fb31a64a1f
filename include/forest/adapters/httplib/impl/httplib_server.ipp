// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_IMPL_HTTPLIB_SERVER_IPP
#define FOREST_ADAPTERS_HTTPLIB_IMPL_HTTPLIB_SERVER_IPP

#include <forest/adapters/httplib/httplib_server.hpp>
#include <forest/core/detail/http/http_date.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>

#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view httplib_category_type::identifier(int value) const noexcept {
    return httplib_errc{value} == httplib_errc::invalid_answer_timeout ? "invalid_answer_timeout"
                                                                       : "";
}

FOREST_DECL std::string httplib_category_type::message(int value) const {
    return httplib_errc{value} == httplib_errc::invalid_answer_timeout
               ? "httplib_server_options.answer_timeout must be greater than 0 and at most 366 days"
               : "unknown error";
}

// cpp-httplib sends the answer when its handler returns. So the handler waits here for the answer,
// which may come on another thread.
struct httplib_answer {
    std::mutex mutex;
    std::condition_variable came;
    httplib::Response* response = nullptr; // null when nothing may be written any more

    static void write(const forest::response& answer, httplib::Response& out) {
        const bool has_body = status_has_body(answer.status);
        out.body = has_body ? answer.body : std::string_view{};
        if (has_body && !answer.content_type.empty() && is_field_value(answer.content_type))
            out.headers.emplace("Content-Type", answer.content_type);
        field_view{answer.fields.text()}.for_each(
            [&](std::string_view name, std::string_view value) {
                out.headers.emplace(name, value);
            });
        if (!out.has_header("Date")) {
            const auto date = format_http_date(
                std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
            out.headers.emplace("Date", std::string_view{date.data(), date.size()});
        }
        out.status = answer.status;
    }

    void give(const forest::response& answer) {
        const std::lock_guard lock{mutex};
        if (response == nullptr)
            return;
        write(answer, *response);
        response = nullptr;
        came.notify_all();
    }

    // Returns whether the answer has come.
    bool wait(duration longest) {
        std::unique_lock lock{mutex};
        const bool has_come = came.wait_for(lock, longest, [this] { return response == nullptr; });
        response = nullptr;
        return has_come;
    }
};

// What the thread of a server has reached.
struct httplib_progress {
    std::atomic<int> bound = 0; // the port, or an error of the system below 0
    std::atomic<bool> ended = false;
};

// A pattern for the path alone, with each byte taken literally, behind an optional `http://host`.
// Longer names than those of DNS are not matched, because std::regex needs the stack for each byte.
FOREST_DECL std::string httplib_pattern(std::string_view path) {
    std::string pattern = "(?:[Hh][Tt][Tt][Pp][Ss]?://[^/?]{1,255})?";
    for (const char byte : path) {
        if (std::string_view{"^$\\.*+?()[]{}|"}.find(byte) != std::string_view::npos)
            pattern += '\\';
        pattern += byte;
    }
    return pattern;
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code make_error_code(httplib_errc code) noexcept {
    return {static_cast<int>(code), detail::httplib_category_object.get()};
}

FOREST_DECL std::error_code httplib_server_options::validate() const noexcept {
    return duration::zero() < answer_timeout && answer_timeout <= std::chrono::days{366}
               ? std::error_code{}
               : httplib_errc::invalid_answer_timeout;
}

FOREST_DECL httplib_server::httplib_server(httplib::Server& server,
                                           const httplib_server_options& options)
    : server_{server}, shared_{std::make_shared<mounted>()} {
    if (const std::error_code ec = options.validate())
        throw std::system_error(ec);
    shared_->answer_timeout = options.answer_timeout;
}

FOREST_DECL httplib_server::~httplib_server() {
    stop();
}

FOREST_DECL void httplib_server::mount(const std::string& path) {
    const httplib::Server::Handler handler =
        [shared = shared_, path](const httplib::Request& request, httplib::Response& answer) {
            serve(*shared, path, request, answer);
        };
    const std::string pattern = detail::httplib_pattern(path);
    server_.Get(pattern, handler);
    server_.Post(pattern, handler);
    server_.Put(pattern, handler);
    server_.Patch(pattern, handler);
    server_.Delete(pattern, handler);
    server_.Options(pattern, handler);
}

FOREST_DECL void httplib_server::serve(const mounted& shared, const std::string& path,
                                       const httplib::Request& request, httplib::Response& answer) {
    // The range of the client would be cut out of the body whatever the status is. The object is
    // the server's own variable and not const there.
    const_cast<httplib::Request&>(request).ranges.clear();
    received_request received{request.method, request.target,
                              request.version == "HTTP/1.0" ? 0 : 1};
    for (const auto& [name, value] : request.headers) {
        // Releases up to 0.20 add four fields of their own, which the client has not sent.
        const bool added =
            (name == "REMOTE_ADDR" && value == request.remote_addr) ||
            (name == "LOCAL_ADDR" && value == request.local_addr) ||
            (name == "REMOTE_PORT" && value == std::to_string(request.remote_port)) ||
            (name == "LOCAL_PORT" && value == std::to_string(request.local_port));
        if (!added)
            received.add_field(name, value);
    }
    const auto waiting = std::make_shared<detail::httplib_answer>();
    waiting->response = &answer;
    route_responder respond{[waiting](const forest::response& given) { waiting->give(given); }};
    // cpp-httplib has decoded the path before it compared it, and `%66orest` is not `forest`.
    if (received.path() != path)
        send_error(respond, 404);
    else
        shared.table.serve(received, std::move(respond));
    if (!waiting->wait(shared.answer_timeout)) {
        std::string storage;
        detail::httplib_answer::write(
            {.status = 503, .body = detail::error_body(storage, 503), .fields = {}}, answer);
    }
}

FOREST_DECL std::error_code httplib_server::listen(const std::string& host, std::uint16_t port) {
    return run(host, port);
}

FOREST_DECL std::error_code httplib_server::listen_unix(const std::string& path) {
    if (!server_socket_file::is_name(path))
        return errc::path_invalid;
    if (server_.is_running() || thread_.joinable())
        return errc::listen_failed;
    if (const std::error_code ec = file_.claim(path))
        return ec;
    server_.set_address_family(AF_UNIX);
    // A port means nothing here, but cpp-httplib takes the socket for one of TCP if it is 0.
    const std::error_code ec = run(path, 1);
    port_ = 0;
    if (ec || !file_.bound(0))
        file_.release();
    return ec;
}

FOREST_DECL std::error_code httplib_server::run(const std::string& host, int port) {
    if (server_.is_running() || thread_.joinable())
        return errc::listen_failed;
    if (!server_.is_valid())
        return errc::tls_configuration_invalid;
    const auto progress = std::make_shared<detail::httplib_progress>();
    try {
        // Binds on the thread: if there is no thread, nothing stays bound.
        thread_ = std::thread{[this, host, port, progress] {
            errno = 0;
            const int found = port == 0 ? server_.bind_to_any_port(host)
                                        : (server_.bind_to_port(host, port) ? port : -1);
            progress->bound = found > 0 ? found : -(errno == 0 ? EINVAL : errno);
            if (found > 0)
                server_.listen_after_bind();
            progress->ended = true;
        }};
    } catch (const std::system_error& error) {
        return error.code();
    }
    // A server that does not run yet cannot be stopped.
    while (!server_.is_running() && !progress->ended)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    if (const int found = progress->bound; found < 0) {
        thread_.join();
        return found == -EADDRINUSE ? errc::address_in_use : errc::listen_failed;
    }
    port_ = static_cast<std::uint16_t>(progress->bound);
    return {};
}

FOREST_DECL void httplib_server::stop() noexcept {
    if (!thread_.joinable())
        return;
    server_.stop();
    thread_.join();
    file_.release();
}

} // namespace forest::inline FOREST_FORM

#endif
