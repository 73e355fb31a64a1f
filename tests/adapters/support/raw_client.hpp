// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_RAW_CLIENT_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_RAW_CLIENT_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

// A client that sends exactly the given bytes, good or bad, and reads the answer.

namespace forest::test {

/// The parts of an answer; `status` 0 means that the connection ended without one.
struct raw_answer {
    int status = 0;
    std::string head; ///< status line and fields, with the empty line
    std::string body;

    [[nodiscard]] bool has(std::string_view line) const {
        return head.find("\r\n" + std::string{line} + "\r\n") != std::string::npos;
    }
    [[nodiscard]] bool has_name(std::string_view name) const {
        return head.find("\r\n" + std::string{name} + ":") != std::string::npos;
    }
};

/// A blocking connection. What takes longer than `patience` throws std::runtime_error.
class raw_client {
public:
    static constexpr std::chrono::milliseconds patience{20000};

    /// Connects to a port of 127.0.0.1.
    explicit raw_client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect_to(&address, sizeof address);
    }

    /// Connects to a unix socket.
    explicit raw_client(const std::string& path) : socket_{::socket(AF_UNIX, SOCK_STREAM, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        connect_to(&address, sizeof address);
    }

    raw_client(raw_client&& other) noexcept
        : socket_{std::exchange(other.socket_, -1)}, received_{std::move(other.received_)} {}

    raw_client& operator=(raw_client other) noexcept {
        std::swap(socket_, other.socket_);
        received_.swap(other.received_);
        return *this;
    }

    ~raw_client() { close(); }

    /// Sends all; false when the server has closed.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            wait(POLLOUT);
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// Reads one answer, whose body is as long as Content-Length says.
    raw_answer read_answer(bool without_body = false) {
        std::size_t head_end = 0;
        while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
            if (!read_some())
                return {};
        }
        raw_answer answer;
        answer.head = received_.substr(0, head_end + 4);
        received_.erase(0, head_end + 4);
        std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
        std::size_t size = 0;
        constexpr std::string_view name = "\r\nContent-Length: ";
        if (const auto at = answer.head.find(name); at != std::string::npos && !without_body)
            std::from_chars(answer.head.data() + at + name.size(),
                            answer.head.data() + answer.head.size(), size);
        while (received_.size() < size) {
            if (!read_some())
                return {};
        }
        answer.body = received_.substr(0, size);
        received_.erase(0, size);
        return answer;
    }

    raw_answer ask(std::string_view request) {
        send(request);
        return read_answer();
    }

    /// Whether something has come, or the end, that has not been read.
    [[nodiscard]] bool has_received() const {
        pollfd waiting{socket_, POLLIN, 0};
        return !received_.empty() || ::poll(&waiting, 1, 0) == 1;
    }

    /// Whether the server ends the connection, in order and without another byte. A reset is none.
    bool ended() {
        char byte = 0;
        wait(POLLIN);
        return received_.empty() && ::recv(socket_, &byte, 1, 0) == 0;
    }

    /// Everything up to the end.
    std::string read_to_end() {
        while (read_some())
            ;
        return std::exchange(received_, {});
    }

    /// Reads until `bytes` more have come, or the end.
    void read_more(std::size_t bytes) {
        const std::size_t wanted = received_.size() + bytes;
        while (received_.size() < wanted && read_some())
            ;
    }

    void shutdown_sending() { ::shutdown(socket_, SHUT_WR); }

    void close() {
        if (socket_ >= 0)
            ::close(std::exchange(socket_, -1));
    }

    /// Closes with a reset instead of an end.
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

    [[nodiscard]] int native_handle() const noexcept { return socket_; }

private:
    template <typename Address>
    void connect_to(const Address* address, std::size_t size) {
        if (socket_ < 0)
            throw std::runtime_error("no socket: " + std::string{std::strerror(errno)});
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(address),
                      static_cast<socklen_t>(size)) != 0) {
            const int error = errno;
            close();
            throw std::runtime_error("cannot connect: " + std::string{std::strerror(error)});
        }
    }

    void wait(short events) const {
        pollfd waiting{socket_, events, 0};
        if (::poll(&waiting, 1, static_cast<int>(patience.count())) != 1)
            throw std::runtime_error("the server did not react");
    }

    bool read_some() {
        wait(POLLIN);
        char bytes[16384];
        const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
        if (count <= 0)
            return false;
        received_.append(bytes, static_cast<std::size_t>(count));
        return true;
    }

    int socket_;
    std::string received_;
};

} // namespace forest::test

#endif
