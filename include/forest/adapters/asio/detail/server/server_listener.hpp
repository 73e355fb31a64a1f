// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_LISTENER_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_LISTENER_HPP

#include <forest/adapters/asio/detail/server/server_address.hpp>
#include <forest/adapters/asio/detail/server/server_party.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/posix/server_socket_file.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/form.hpp>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

// One address that a server listens on.

namespace forest::inline FOREST_FORM::detail {

class server_listener final : public server_party {
public:
    explicit server_listener(std::shared_ptr<server_state> server,
                             std::shared_ptr<const tls_context> tls = {});

    // All members are called under the server's lock.

    // Binds to an address, but accepts nothing yet. Returns the error of the system, for example if
    // it does not have the address or its family. `shares_port` means that a listener of the other
    // family has the same port.
    std::error_code bind(const server_address& address, bool shares_port);

    // Like `bind`, for a socket file with the permissions `mode`.
    std::error_code bind_unix(const std::string& path, unsigned mode);

    // Begins to accept.
    std::error_code listen();

    // Returns the address; the port is 0 for a unix socket.
    [[nodiscard]] server_address tcp_address();

    // Returns the beginning of a URL for this listener.
    [[nodiscard]] std::string url();

    static std::string tcp_url(const server_address& address, bool tls);

    void close() noexcept;

    [[nodiscard]] bool closed() const noexcept override { return !socket_.is_open(); }

private:
    // How long to wait before the next attempt if no connection can be closed.
    static constexpr std::chrono::milliseconds retry_delay{50};

    // How many connections are accepted in one turn.
    static constexpr int accept_batch_max = 64;

    // RFC 3986 recommends capital letters in escapes, so this function does not use the lower-case
    // digits of signatures.
    static std::string unix_url(std::string_view path);

    // Makes a socket of this family.
    std::error_code open(int family, int protocol);

    std::error_code bind_to(const sockaddr* address, socklen_t size);

    static std::error_code last_error() noexcept;

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

    void on_readable(lock_type& lock, std::error_code, std::uint64_t) { accept(lock); }

    void accept(lock_type& lock);

    // Returns whether to continue in this turn. If not, the next turn has been arranged, or a
    // handler has closed the listener.
    bool accept_one(lock_type& lock);

    // Closes a connection to make room for the next one. Returns false if that is not possible now;
    // then the next turn has been arranged.
    bool find_place(lock_type& lock);

    void take(int descriptor, const std::optional<ip_address>& peer, lock_type& lock);

    // The system is called directly, so this is only used for waits. The client uses the same type.
    asio::posix::stream_descriptor socket_;
    asio::steady_timer timer_;
    std::shared_ptr<const tls_context> tls_;
    server_socket_file file_;
    std::string path_; // of a socket file that this listener made
    bool keeps_back_ = false;
    bool gave_back_ = false; // a descriptor was given back, and nothing was accepted since
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_listener.ipp>
#endif

#endif
