// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_MICROHTTPD_IMPL_MICROHTTPD_SERVER_IPP
#define FOREST_ADAPTERS_MICROHTTPD_IMPL_MICROHTTPD_SERVER_IPP

#include <forest/adapters/microhttpd/microhttpd_server.hpp>
#include <forest/adapters/posix/server_socket_file.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::detail {

// One request, until the daemon has completed it. Its responder shares it.
struct microhttpd_request {
    microhttpd_request() = default;
    microhttpd_request(const microhttpd_request&) = delete;
    microhttpd_request& operator=(const microhttpd_request&) = delete;
    ~microhttpd_request() { destroy(answer); }

    // These two belong to the thread of the daemon.
    std::size_t body_bytes = 0;
    bool handled = false; // the handler was called

    std::mutex mutex;
    std::condition_variable came;         // the answer, for a thread that waits for it
    MHD_Connection* connection = nullptr; // null when the request is completed
    bool suspended = false;
    MHD_Response* answer = nullptr; // until it is queued
    unsigned status = 0;

    static void destroy(MHD_Response* response) noexcept {
        if (response != nullptr)
            MHD_destroy_response(response);
    }

    static void add(MHD_Response* response, std::string_view name, std::string_view value) {
        // A field without a value is refused, and left out.
        (void)MHD_add_response_header(response, std::string{name}.c_str(),
                                      std::string{value}.c_str());
    }

    // Throws std::bad_alloc.
    static MHD_Response* make(const response& given) {
        const bool has_body = status_has_body(given.status);
        const std::string_view body = has_body ? given.body : std::string_view{};
        // The library takes a body that it may change, and does not change it.
        void* const bytes = const_cast<char*>(body.data());
        MHD_Response* made = nullptr;
        if (given.body_owner != nullptr && !body.empty()) {
            using owner = std::shared_ptr<const void>;
            auto kept = std::make_unique<owner>(given.body_owner);
            made = MHD_create_response_from_buffer_with_free_callback_cls(
                body.size(), bytes, [](void* held) { delete static_cast<owner*>(held); },
                kept.get());
            if (made != nullptr)
                (void)kept.release(); // NOLINT(bugprone-unused-return-value): the library has it
        } else {
            made = MHD_create_response_from_buffer(body.size(), bytes, MHD_RESPMEM_MUST_COPY);
        }
        if (made == nullptr)
            throw std::bad_alloc{};
        try {
            if (has_body && !given.content_type.empty() && is_field_value(given.content_type))
                add(made, "Content-Type", given.content_type);
            field_view{given.fields.text()}.for_each(
                [&](std::string_view name, std::string_view value) { add(made, name, value); });
        } catch (...) {
            MHD_destroy_response(made);
            throw;
        }
        return made;
    }

    // Keeps the answer for the daemon, and wakes it if it has suspended the request.
    void give(const response& given) {
        MHD_Response* made = make(given);
        const std::lock_guard lock{mutex};
        if (connection == nullptr || status != 0)
            return destroy(made);
        answer = made;
        status = static_cast<unsigned>(given.status);
        wake();
    }

    void give_error(int error) noexcept {
        try {
            std::string storage;
            give({.status = error, .body = error_body(storage, error), .fields = {}});
        } catch (...) { // There is no memory for an answer, so the connection is closed.
            const std::lock_guard lock{mutex};
            if (status == 0)
                status = static_cast<unsigned>(error);
            if (connection != nullptr)
                wake();
        }
    }

    // Lets the daemon go on with the request. Called under the lock.
    void wake() noexcept {
        came.notify_all();
        if (std::exchange(suspended, false))
            MHD_resume_connection(connection);
    }

    // Sends the answer if there is one. Returns nothing otherwise.
    std::optional<MHD_Result> queue(bool last) noexcept {
        if (answer == nullptr)
            return {};
        if (last)
            (void)MHD_add_response_header(answer, "Connection", "close");
        const MHD_Result result = MHD_queue_response(connection, status, answer);
        MHD_destroy_response(std::exchange(answer, nullptr));
        return result;
    }
};

// Answers 503 to the requests that are suspended for too long. All have the same time, so they end
// in the order in which they came.
class microhttpd_deadlines {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // Throws std::system_error without a thread, and std::bad_alloc.
    void add(const std::shared_ptr<microhttpd_request>& request, duration longest) {
        const std::lock_guard lock{mutex_};
        while (!waiting_.empty() && waiting_.front().request.expired())
            waiting_.pop_front();
        if (!thread_.joinable())
            thread_ = std::jthread{[this](const std::stop_token& stopped) { run(stopped); }};
        waiting_.push_back({std::chrono::steady_clock::now() + longest, request});
        changed_.notify_one();
    }

private:
    struct deadline {
        time_point at;
        std::weak_ptr<microhttpd_request> request;
    };

    void run(const std::stop_token& stopped) {
        std::unique_lock lock{mutex_};
        while (!stopped.stop_requested()) {
            if (waiting_.empty()) {
                changed_.wait(lock, stopped, [this] { return !waiting_.empty(); });
                continue;
            }
            const time_point next = waiting_.front().at;
            // Whether or not something changed: only the time counts.
            changed_.wait_until(lock, stopped, next, [] { return false; });
            if (stopped.stop_requested() || std::chrono::steady_clock::now() < next)
                continue;
            const std::shared_ptr<microhttpd_request> late = waiting_.front().request.lock();
            waiting_.pop_front();
            lock.unlock();
            if (late != nullptr)
                late->give_error(503);
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<deadline> waiting_;
    std::jthread thread_;
};

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

struct microhttpd_server::state {
    using request_ptr = std::shared_ptr<detail::microhttpd_request>;

    explicit state(const microhttpd_options& chosen) : options{chosen} {}

    const microhttpd_options options;
    route_table table;

    std::mutex mutex;
    std::map<const void*, request_ptr> requests; // not completed yet
    std::condition_variable none_left;
    bool stopping = false;

    MHD_Daemon* daemon = nullptr; // the one of `listen`
    int socket = -1;
    std::uint16_t port = 0;
    server_socket_file file;
    detail::microhttpd_deadlines deadlines;

    [[nodiscard]] request_ptr find(const void* key) {
        const std::lock_guard lock{mutex};
        const auto found = requests.find(key);
        return found == requests.end() ? nullptr : found->second;
    }

    // Returns the request with the smallest key above `key`.
    [[nodiscard]] request_ptr after(const void* key) {
        const std::lock_guard lock{mutex};
        const auto found = requests.upper_bound(key);
        return found == requests.end() ? nullptr : found->second;
    }

    // Begins a request, or returns an answer to it.
    MHD_Result begin(MHD_Connection* connection, void** request_state) {
        const auto made = std::make_shared<detail::microhttpd_request>();
        made->connection = connection;
        {
            const std::lock_guard lock{mutex};
            requests.emplace(made.get(), made);
        }
        *request_state = made.get();
        detail::framing_fields framing;
        each_field(connection, [&](std::string_view name, std::string_view value) {
            framing.add(name, value);
        });
        // Now, since an answer cannot be queued while the body arrives.
        if (framing.framing(1, options.body_bytes_max).fault !=
            detail::framing_fault::body_too_large)
            return MHD_YES;
        made->handled = true;
        made->give_error(413);
        return made->queue(true).value_or(MHD_NO);
    }

    MHD_Result go_on(const request_ptr& request, const char* url, const char* method,
                     const char* http_version, std::size_t* upload_data_size) {
        if (*upload_data_size != 0) {
            request->body_bytes += std::exchange(*upload_data_size, 0);
            return request->body_bytes <= options.body_bytes_max ? MHD_YES : MHD_NO;
        }
        if (!std::exchange(request->handled, true)) {
            received_request received{
                method, url, std::string_view{http_version} == MHD_HTTP_VERSION_1_0 ? 0 : 1};
            each_field(request->connection, [&](std::string_view name, std::string_view value) {
                received.add_field(name, value);
            });
            table.serve(received, route_responder{
                                      [request](const response& given) { request->give(given); }});
        }
        std::unique_lock lock{mutex}; // so that `stop` sees each request that waits
        std::unique_lock own_lock{request->mutex};
        if (request->status == 0 && !stopping) {
            switch (way_to_wait(request->connection)) {
            case waiting_way::suspended:
                deadlines.add(request, options.answer_timeout);
                MHD_suspend_connection(request->connection);
                request->suspended = true;
                return MHD_YES;
            case waiting_way::blocked:
                lock.unlock();
                request->came.wait_for(own_lock, options.answer_timeout,
                                       [&] { return request->status != 0; });
                own_lock.unlock(); // locked in the same order each time
                lock.lock();
                own_lock.lock();
                break;
            case waiting_way::none: break;
            }
        }
        // A request that was suspended and resumed comes here with its answer.
        if (request->status == 0) {
            own_lock.unlock();
            request->give_error(way_to_wait(request->connection) == waiting_way::none ? 500 : 503);
            own_lock.lock();
        }
        return request->queue(stopping).value_or(MHD_NO);
    }

    // Calls `on_field(name, value)` in the order of the lines.
    template <typename Callable>
    static void each_field(MHD_Connection* connection, Callable on_field) {
        struct call_data {
            Callable& on_field;
            bool out_of_memory;
        };
        call_data data{on_field, false};
        (void)MHD_get_connection_values_n(
            connection, MHD_HEADER_KIND,
            [](void* given, MHD_ValueKind, const char* name, std::size_t name_size,
               const char* value, std::size_t value_size) -> MHD_Result {
                auto& call = *static_cast<call_data*>(given);
                try {
                    call.on_field(std::string_view{name, name_size},
                                  value == nullptr ? std::string_view{}
                                                   : std::string_view{value, value_size});
                    return MHD_YES;
                } catch (...) { // must not leave through the C library
                    call.out_of_memory = true;
                    return MHD_NO;
                }
            },
            &data);
        if (data.out_of_memory)
            throw std::bad_alloc{};
    }

    // What becomes of a request whose answer comes later.
    enum class waiting_way {
        suspended,
        blocked, // on the thread of its connection
        none,    // the thread serves other connections, and the daemon suspends none
    };

    static waiting_way way_to_wait(MHD_Connection* connection) noexcept {
        const auto* const found = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON);
        if (found == nullptr || found->daemon == nullptr)
            return waiting_way::none;
        const auto* const info = MHD_get_daemon_info(found->daemon, MHD_DAEMON_INFO_FLAGS);
        const unsigned flags = info == nullptr ? 0U : static_cast<unsigned>(info->flags);
        // In this mode libmicrohttpd 0.9.75 misses some ends of a suspension.
        if ((flags & MHD_USE_THREAD_PER_CONNECTION) != 0)
            return waiting_way::blocked;
        constexpr unsigned needed = MHD_ALLOW_SUSPEND_RESUME;
        return (flags & needed) == needed ? waiting_way::suspended : waiting_way::none;
    }

    std::error_code start(int listener) {
        constexpr auto second = std::chrono::seconds{1};
        const auto idle = static_cast<unsigned>(
            std::chrono::ceil<std::chrono::seconds>(options.idle_timeout) / second);
        std::vector<MHD_OptionItem> further;
        if (options.threads > 1)
            further.push_back({MHD_OPTION_THREAD_POOL_SIZE,
                               static_cast<std::intptr_t>(options.threads), nullptr});
        further.push_back({MHD_OPTION_END, 0, nullptr});
        daemon = MHD_start_daemon(
            MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr,
            &on_request, this, MHD_OPTION_NOTIFY_COMPLETED, &on_completed, this,
            MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_UNESCAPE_CALLBACK, &leave_escapes, this,
            MHD_OPTION_CONNECTION_LIMIT, options.connections_max,
            MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.head_bytes_max,
            MHD_OPTION_CONNECTION_TIMEOUT, idle, MHD_OPTION_ARRAY, further.data(), MHD_OPTION_END);
        if (daemon == nullptr)
            return errc::listen_failed;
        socket = listener;
        return {};
    }

    // The callbacks of the daemon that `listen` makes. All its paths are ours, so it answers 404
    // itself.
    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                                 const char* method, const char* http_version, const char*,
                                 std::size_t* upload_data_size, void** request_state) {
        auto& own = *static_cast<state*>(self);
        try {
            const request_ptr known = own.find(*request_state);
            return known == nullptr ? own.begin(connection, request_state)
                                    : own.go_on(known, url, method, http_version, upload_data_size);
        } catch (...) {
            return MHD_NO;
        }
    }

    static void on_completed(void* self, MHD_Connection*, void** request_state,
                             MHD_RequestTerminationCode) {
        static_cast<state*>(self)->complete(request_state);
    }

    // The routes compare the target as it was sent.
    static std::size_t leave_escapes(void*, MHD_Connection*, char* text) {
        return std::strlen(text);
    }

    bool complete(void** request_state) noexcept {
        request_ptr ended;
        {
            const std::lock_guard lock{mutex};
            const auto found = requests.find(*request_state);
            if (found == requests.end())
                return false;
            ended = std::move(found->second);
            requests.erase(found);
            if (requests.empty())
                none_left.notify_all();
        }
        const std::lock_guard lock{ended->mutex};
        ended->connection = nullptr;
        *request_state = nullptr;
        return true;
    }

    std::error_code bind_tcp(const addrinfo& address, int& listener) {
        listener = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        if (listener >= 0 &&
            ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
            ::bind(listener, address.ai_addr, address.ai_addrlen) == 0 &&
            ::listen(listener, SOMAXCONN) == 0) {
            sockaddr_storage bound{};
            socklen_t size = sizeof bound;
            if (::getsockname(listener, reinterpret_cast<sockaddr*>(&bound), &size) == 0)
                port = ntohs(bound.ss_family == AF_INET6
                                 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                 : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
            return {};
        }
        return fail(listener);
    }

    static std::error_code fail(int& listener) noexcept {
        const bool in_use = errno == EADDRINUSE;
        if (listener >= 0)
            ::close(std::exchange(listener, -1));
        return in_use ? errc::address_in_use : errc::listen_failed;
    }
};

FOREST_DECL microhttpd_server::microhttpd_server(const microhttpd_options& options) {
    if (const std::error_code ec = options.validate())
        throw std::system_error(ec);
    state_ = std::make_unique<state>(options);
}

FOREST_DECL microhttpd_server::~microhttpd_server() {
    stop();
}

FOREST_DECL route_table& microhttpd_server::table() noexcept {
    return state_->table;
}

FOREST_DECL std::optional<MHD_Result> microhttpd_server::handle(MHD_Connection* connection,
                                                                const char* url, const char* method,
                                                                const char* http_version,
                                                                std::size_t* upload_data_size,
                                                                void** request_state) noexcept {
    try {
        if (*request_state == nullptr && !state_->table.has(url))
            return {};
        if (*request_state != nullptr && state_->find(*request_state) == nullptr)
            return {};
    } catch (...) {
        return MHD_NO;
    }
    return state::on_request(state_.get(), connection, url, method, http_version, nullptr,
                             upload_data_size, request_state);
}

FOREST_DECL bool microhttpd_server::completed(void** request_state) noexcept {
    return state_->complete(request_state);
}

FOREST_DECL std::uint16_t microhttpd_server::port() const noexcept {
    return state_->port;
}

FOREST_DECL std::error_code microhttpd_server::listen(const std::string& host, std::uint16_t port) {
    if (state_->daemon != nullptr || state_->stopping)
        return errc::listen_failed;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
        return errc::resolve_failed;
    int listener = -1;
    std::error_code ec = errc::listen_failed;
    for (const addrinfo* each = found; each != nullptr && ec; each = each->ai_next)
        ec = state_->bind_tcp(*each, listener);
    ::freeaddrinfo(found);
    if (!ec) {
        ec = state_->start(listener);
        if (ec)
            ::close(listener);
    }
    if (ec)
        state_->port = 0;
    return ec;
}

FOREST_DECL std::error_code microhttpd_server::listen_unix(const std::string& path) {
    if (!server_socket_file::is_name(path))
        return errc::path_invalid;
    if (state_->daemon != nullptr || state_->stopping)
        return errc::listen_failed;
    if (const std::error_code ec = state_->file.claim(path))
        return ec;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    std::error_code ec;
    if (listener < 0 ||
        ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        !state_->file.bound(0) || ::listen(listener, SOMAXCONN) != 0) {
        ec = state::fail(listener);
    } else {
        ec = state_->start(listener);
        if (ec)
            ::close(listener);
    }
    if (ec)
        state_->file.release();
    return ec;
}

FOREST_DECL void microhttpd_server::stop(duration grace) noexcept {
    if (state_->daemon != nullptr)
        (void)MHD_quiesce_daemon(state_->daemon);
    {
        std::unique_lock lock{state_->mutex};
        if (grace > duration::zero())
            state_->none_left.wait_for(lock, std::min<duration>(grace, std::chrono::days{366}),
                                       [this] { return state_->requests.empty(); });
        state_->stopping = true;
    }
    // A daemon must not be stopped while it has suspended requests.
    for (const void* key = nullptr; const auto next = state_->after(key);) {
        next->give_error(503);
        key = next.get();
    }
    if (state_->daemon == nullptr)
        return;
    MHD_stop_daemon(std::exchange(state_->daemon, nullptr));
    ::close(std::exchange(state_->socket, -1));
    state_->file.release();
}

} // namespace forest::inline FOREST_FORM

#endif
