// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_SOCKET_FILE_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_SOCKET_FILE_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

// The file of a unix socket, and its lock file. A socket file does not show whether its server is
// running. A server could try to connect to the file and then replace it, but these are two steps:
// if several servers did this at once, each could remove the file of another one. So a lock
// decides.

namespace forest::inline FOREST_FORM::detail {

/// A socket file that this process owns until it is destroyed. Not thread-safe.
class server_socket_file {
public:
    server_socket_file() noexcept = default;
    server_socket_file(const server_socket_file&) = delete;
    server_socket_file& operator=(const server_socket_file&) = delete;
    ~server_socket_file() { release(); }

    /// The name of the lock file.
    static std::string lock_path(const std::string& path) { return path + ".lock"; }

    /// Locks the name, and removes a socket file that a dead process left behind. Any other file is
    /// not touched; then the error is `address_in_use`.
    std::error_code claim(const std::string& path) {
        if (const std::error_code ec = lock(path))
            return ec;
        path_ = path;
        struct stat found{};
        if (::lstat(path.c_str(), &found) != 0)
            return errno == ENOENT ? std::error_code{} : release(errc::listen_failed);
        if (!S_ISSOCK(found.st_mode) || !refuses(path))
            return release(errc::address_in_use);
        if (::unlink(path.c_str()) != 0)
            return release(errc::listen_failed);
        return {};
    }

    /// Allows the file of a socket at most the permissions `mode`; call it before the socket is
    /// bound. With 0 the umask decides.
    static bool restrict(int socket, unsigned mode) noexcept {
        return mode == 0 || ::fchmod(socket, mode) == 0;
    }

    /// Call it when the socket is bound and does not listen yet, so that no client can connect.
    /// Stores the identity of the file, and adds the permissions that the umask has removed.
    bool bound(unsigned mode) noexcept {
        if (::lstat(path_.c_str(), &file_) != 0 || !S_ISSOCK(file_.st_mode))
            return false;
        is_bound_ = true;
        return mode == 0 || (file_.st_mode & permission_bits) == mode ||
               ::chmod(path_.c_str(), mode) == 0;
    }

    /// Removes both files, if they are still those of this process.
    void release() noexcept {
        struct stat now{};
        // Another process may have replaced the file.
        if (is_bound_ && ::lstat(path_.c_str(), &now) == 0 && is(now, file_))
            ::unlink(path_.c_str());
        is_bound_ = false;
        if (lock_ < 0)
            return;
        if (::lstat(lock_path_.c_str(), &now) == 0 && is(now, locked_))
            ::unlink(lock_path_.c_str()); // before others can get the lock
        ::close(std::exchange(lock_, -1));
    }

    static constexpr unsigned permission_bits = 0777;

private:
    // An owner may remove its lock file while others open it. A removed file is no valid lock;
    // there is a new file, or none.
    static constexpr int lock_attempts_max = 16;

    static bool is(const struct stat& left, const struct stat& right) noexcept {
        return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
    }

    std::error_code release(errc why) noexcept {
        release();
        return why;
    }

    std::error_code lock(const std::string& path) {
        lock_path_ = lock_path(path);
        for (int attempt = 0; attempt < lock_attempts_max; ++attempt) {
            // Opened without blocking, because the file may be a pipe. Other users have no
            // permission, because they could keep the lock.
            lock_ = ::open(lock_path_.c_str(),
                           O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
            if (lock_ < 0)
                return errc::listen_failed;
            int result = 0;
            do
                result = ::flock(lock_, LOCK_EX | LOCK_NB);
            while (result != 0 && errno == EINTR);
            const int failure = result == 0 ? 0 : errno;
            struct stat there{};
            const bool usable = ::fstat(lock_, &locked_) == 0 && S_ISREG(locked_.st_mode);
            if (usable && failure == 0 && ::lstat(lock_path_.c_str(), &there) == 0 &&
                is(there, locked_))
                return {};
            ::close(std::exchange(lock_, -1));
            if (!usable)
                return errc::listen_failed;
            if (failure != 0)
                return failure == EWOULDBLOCK ? errc::address_in_use : errc::listen_failed;
        }
        return errc::address_in_use;
    }

    // Returns whether no process listens at the socket file.
    static bool refuses(const std::string& path) noexcept {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (probe < 0)
            return false;
        // Connects without blocking: a listener with a full backlog is running, too.
        const bool refused =
            ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
            errno == ECONNREFUSED;
        ::close(probe);
        return refused;
    }

    std::string path_;
    std::string lock_path_;
    int lock_ = -1;
    bool is_bound_ = false;
    struct stat file_{};
    struct stat locked_{};
};

} // namespace forest::inline FOREST_FORM::detail

#endif
