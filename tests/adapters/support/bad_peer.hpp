// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_BAD_PEER_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_BAD_PEER_HPP

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

// A server that does exactly what a test says, right or wrong, with blocking sockets on a thread of
// its own, so that nothing of what is tested is also what tests it.

namespace forest::test {

/// One accepted connection, as a script sees it. Calls end when the client leaves or the server is
/// destroyed.
class peer_connection {
public:
    explicit peer_connection(int descriptor) noexcept : descriptor_{descriptor} {
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    peer_connection(const peer_connection&) = delete;
    peer_connection& operator=(const peer_connection&) = delete;
    ~peer_connection() { close(); }

    [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

    /// Reads one header section. Empty when the client has left before its end.
    std::string read_request() {
        std::string text;
        std::array<char, 4096> bytes;
        while (text.find("\r\n\r\n") == std::string::npos) {
            const auto count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
            if (count <= 0)
                return {};
            text.append(bytes.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

    /// False when the client has left.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    /// Sends each byte in a segment of its own, `apart` from the one before.
    bool drip(std::string_view bytes, std::chrono::microseconds apart) {
        for (const char& byte : bytes) {
            if (!send({&byte, 1}))
                return false;
            if (apart.count() > 0)
                std::this_thread::sleep_for(apart);
        }
        return true;
    }

    /// Sends `bytes` again and again until the client leaves.
    void send_for_ever(std::string_view bytes) {
        while (send(bytes))
            ;
    }

    /// Returns when the client has closed the connection, whatever it said before.
    void wait_for_close() {
        std::array<char, 4096> bytes;
        while (::recv(descriptor_, bytes.data(), bytes.size(), 0) > 0)
            ;
    }

    /// No more will be sent; the client may still talk.
    void finish_sending() noexcept { ::shutdown(descriptor_, SHUT_WR); }

    void close() noexcept {
        const std::lock_guard lock{mutex_};
        if (const int descriptor = std::exchange(descriptor_, -1); descriptor >= 0)
            ::close(descriptor);
    }

    /// Ends what the script waits for; from any thread.
    void interrupt() noexcept {
        const std::lock_guard lock{mutex_};
        if (descriptor_ >= 0)
            ::shutdown(descriptor_, SHUT_RDWR);
    }

    /// Closes with RST instead of FIN.
    void reset() noexcept {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

private:
    std::mutex mutex_; // between `close` on the thread of the script and `interrupt`
    int descriptor_;
};

/// Listens on a port of its own and runs the script on each connection, one after the other.
class bad_peer {
public:
    using script = std::function<void(peer_connection&)>;

    /// On 127.0.0.1, or on ::1.
    explicit bad_peer(script plan, int family = AF_INET)
        : plan_{std::move(plan)}, listener_{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        if (family == AF_INET6) {
            sockaddr_in6 address{};
            address.sin6_family = AF_INET6;
            address.sin6_addr = in6addr_loopback;
            listen_on(address);
            port_ = ntohs(address.sin6_port);
        } else {
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            listen_on(address);
            port_ = ntohs(address.sin_port);
        }
        thread_ = std::thread{[this] { serve(); }};
    }

    /// On an IPv4 address and a port.
    bad_peer(script plan, const char* host, std::uint16_t port)
        : plan_{std::move(plan)}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, host, &address.sin_addr);
        listen_on(address);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }

    /// On a unix socket, which must not exist yet.
    bad_peer(script plan, const std::string& socket_path)
        : plan_{std::move(plan)}, listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
        listen_on(address);
        thread_ = std::thread{[this] { serve(); }};
    }

    bad_peer(const bad_peer&) = delete;
    bad_peer& operator=(const bad_peer&) = delete;

    /// Interrupts the script that runs.
    ~bad_peer() {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
            ::shutdown(listener_, SHUT_RDWR);
            if (current_ != nullptr)
                current_->interrupt();
        }
        thread_.join();
        ::close(listener_);
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// How many connections there have been.
    [[nodiscard]] int accepted() const noexcept { return accepted_; }

    [[nodiscard]] std::string url(std::string_view scheme = "http",
                                  std::string_view host = "127.0.0.1") const {
        return std::string{scheme} + "://" + std::string{host} + ":" + std::to_string(port_) +
               "/forest/health";
    }

private:
    template <typename Address>
    void listen_on(Address& address) {
        auto* const plain = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        if (listener_ < 0 || ::bind(listener_, plain, size) != 0 ||
            ::listen(listener_, SOMAXCONN) != 0 || ::getsockname(listener_, plain, &size) != 0) {
            const int error = errno;
            ::close(listener_);
            throw std::system_error{error, std::system_category(), "no listening socket"};
        }
    }

    void serve() {
        for (;;) {
            const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (descriptor < 0)
                return;
            ++accepted_;
            peer_connection connection{descriptor};
            if (!hold(&connection))
                return;
            plan_(connection);
            if (!hold(nullptr))
                return;
        }
    }

    bool hold(peer_connection* connection) {
        const std::lock_guard lock{mutex_};
        current_ = connection;
        return !stopping_;
    }

    script plan_;
    int listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> accepted_ = 0;
    std::mutex mutex_;
    peer_connection* current_ = nullptr;
    bool stopping_ = false;
    std::thread thread_;
};

/// A port on which nothing listens: it was free a moment ago.
[[nodiscard]] inline std::uint16_t refused_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(descriptor);
    if (!bound)
        throw std::system_error{errno, std::system_category(), "no port"};
    return ntohs(address.sin_port);
}

/// The answer of a healthy server, with its length.
inline constexpr std::string_view healthy_body = R"({"status":"ok","version":"1.16.10"})";
inline constexpr std::string_view healthy_answer = "HTTP/1.1 200 OK\r\n"
                                                   "Content-Type: application/json\r\n"
                                                   "Content-Length: 35\r\n"
                                                   "\r\n"
                                                   R"({"status":"ok","version":"1.16.10"})";
static_assert(healthy_body.size() == 35);

/// A script that answers every request of a connection in the same way.
[[nodiscard]] inline bad_peer::script answering(std::string answer) {
    return [answer = std::move(answer)](peer_connection& client) {
        while (!client.read_request().empty() && client.send(answer))
            ;
    };
}

/// A script that reads one request, answers it and closes.
[[nodiscard]] inline bad_peer::script answering_once(std::string answer) {
    return [answer = std::move(answer)](peer_connection& client) {
        if (!client.read_request().empty())
            client.send(answer);
    };
}

} // namespace forest::test

#endif
