// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_SOCKET_ENDS_HPP
#define FOREST_TESTS_FUZZ_SOCKET_ENDS_HPP

#include <fuzz/require.hpp>

#include <asio/io_context.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// The other end of a connection, for fuzzers. Unix sockets, because they leave no port behind, and
// because what one end has sent has arrived at the other one. So all runs on one thread, and
// nothing waits for time to pass.

namespace forest_fuzz {

/// A fresh directory for sockets, which is removed in the end.
class socket_directory {
public:
    socket_directory() {
        std::string name = (std::filesystem::temp_directory_path() / "forest-fuzz-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::system_error{errno, std::system_category(), "no temporary directory"};
        path_ = name;
    }
    socket_directory(const socket_directory&) = delete;
    socket_directory& operator=(const socket_directory&) = delete;
    ~socket_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string file(std::string_view name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// One end of a connection. No call blocks.
class socket_end {
public:
    explicit socket_end(int descriptor = -1) noexcept : descriptor_{descriptor} {}
    socket_end(socket_end&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
    socket_end& operator=(socket_end other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~socket_end() {
        if (descriptor_ >= 0)
            ::close(descriptor_);
    }

    /// Connects to, or listens on, a unix socket.
    static socket_end connect(const std::string& path) { return open(path, ::connect); }
    static socket_end listen(const std::string& path) {
        socket_end made = open(path, ::bind);
        require(::listen(made.descriptor_, 16) == 0, "no listening socket");
        return made;
    }

    [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

    /// The next connection, if one has come.
    [[nodiscard]] socket_end accept() const {
        return socket_end{::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    }

    /// Sends what fits; returns how much. The peer may have closed: then nothing is sent, and
    /// `broken` says so.
    std::size_t send(std::string_view bytes, bool& broken) const {
        const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        broken = sent < 0 && errno != EAGAIN;
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }

    /// The state of the other direction.
    enum class arrival { nothing, bytes, end, reset };

    /// Appends what has arrived.
    arrival receive(std::string& into) const {
        std::array<char, 16384> room;
        bool some = false;
        for (;;) {
            const ssize_t count = ::recv(descriptor_, room.data(), room.size(), 0);
            if (count > 0)
                into.append(room.data(), static_cast<std::size_t>(count));
            else if (count == 0)
                return arrival::end;
            else if (errno != EAGAIN)
                return arrival::reset;
            else
                return some ? arrival::bytes : arrival::nothing;
            some = true;
        }
    }

    void finish_sending() const noexcept { ::shutdown(descriptor_, SHUT_WR); }

private:
    template <typename Attach>
    static socket_end open(const std::string& path, Attach attach) {
        socket_end made{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        require(path.size() < sizeof address.sun_path, "the path of a socket is too long");
        std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
        if (attach(made.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0)
            throw std::system_error{errno, std::system_category(), path};
        return made;
    }

    int descriptor_;
};

/// Runs the handlers that are ready. Returns whether there was one.
inline bool run_ready(asio::io_context& io) {
    bool any = false;
    io.restart();
    while (io.poll() > 0) {
        any = true;
        io.restart();
    }
    return any;
}

/// Waits for a handler. All bytes have arrived, so something that takes this long waits for a
/// deadline of its own, or for ever.
inline bool run_soon(asio::io_context& io) {
    io.restart();
    return io.run_one_for(std::chrono::seconds{1}) > 0;
}

} // namespace forest_fuzz

#endif
