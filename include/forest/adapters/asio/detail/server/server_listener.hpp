// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_LISTENER_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_LISTENER_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/server/server_connection.hpp>
#include <forest/adapters/asio/detail/server/server_eviction.hpp>
#include <forest/adapters/asio/detail/server/server_socket_file.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/error.hpp>
#include <forest/core/fields.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/error.hpp>
#include <asio/generic/stream_protocol.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/socket_base.hpp>
#include <asio/steady_timer.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// One address that a server listens on.

namespace forest::inline FOREST_FORM::detail {

class server_listener : public std::enable_shared_from_this<server_listener> {
public:
    using endpoint = asio::generic::stream_protocol::endpoint;

    explicit server_listener(std::shared_ptr<server_state> server,
                             std::shared_ptr<const tls_context> tls = {});

    // All members are called under the server's lock.

    // Binds to an address, but accepts nothing yet. Returns the error of the system, for example if
    // it does not have the address or its family. `shares_port` means that a listener of the other
    // family has the same port.
    std::error_code bind(const endpoint& address, bool shares_port);

    // Like `bind`, for a socket file with the permissions `mode`.
    std::error_code bind_unix(const std::string& path, unsigned mode);

    // Begins to accept.
    std::error_code listen();

    // Returns the address; the port is 0 for a unix socket.
    [[nodiscard]] asio::ip::tcp::endpoint tcp_endpoint() const;

    // Returns the beginning of a URL for this listener.
    [[nodiscard]] std::string url() const;

    static std::string tcp_url(const asio::ip::tcp::endpoint& address, bool tls);

    void close() noexcept;

private:
    // How long to wait before the next attempt if no connection can be closed.
    static constexpr std::chrono::milliseconds retry_delay{50};

    // How many connections are accepted in one turn.
    static constexpr int accept_batch_max = 64;

    // RFC 3986 recommends capital letters in escapes, so this function does not use the lower-case
    // digits of signatures.
    static std::string unix_url(std::string_view path);

    std::error_code open(const endpoint& address);

    template <typename Then>
    auto guarded(Then then) {
        return owned_handler{
            shared_from_this(), memory_, [then](server_listener& listener, std::error_code ec) {
                listener.server_->turns.run([self = listener.shared_from_this(), then, ec] {
                    server_lock lock{*self->server_};
                    if (self->acceptor_.is_open())
                        then(*self, lock, ec);
                });
            }};
    }

    void wait();

    void retry_at(std::chrono::steady_clock::time_point moment);

    // The listener can only wait; a connection that ends wakes it.
    void pause();

    [[nodiscard]] bool has_pending() noexcept;

    [[nodiscard]] bool is_full() const noexcept;

    // While new connections replace each other, the kernel holds back those that send nothing. It
    // needs no descriptor for that. So a distant client gets a place only when its request has
    // arrived.
    void keep_back_silent_ones() noexcept;

    void accept(std::unique_lock<std::mutex>& lock);

    // Returns whether to continue in this turn. If not, the next turn has been arranged, or a
    // handler has closed the listener.
    bool accept_one(std::unique_lock<std::mutex>& lock);

    // Closes a connection to make room for the next one. Returns false if that is not possible now;
    // then the next turn has been arranged.
    bool find_place(std::unique_lock<std::mutex>& lock);

    void take(int descriptor, std::unique_lock<std::mutex>& lock);

    std::shared_ptr<server_state> server_;
    handler_memory memory_;
    asio::basic_socket_acceptor<asio::generic::stream_protocol, asio::any_io_executor> acceptor_;
    asio::steady_timer timer_;
    std::shared_ptr<const tls_context> tls_;
    server_socket_file file_;
    std::string path_; // of a socket file that this listener made
    endpoint::protocol_type protocol_{AF_UNSPEC, 0};
    bool keeps_back_ = false;
    bool gave_back_ = false; // a descriptor was given back, and nothing was accepted since
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_listener.ipp>
#endif

#endif
