// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_SERVER_SOCKET_FILE_HPP
#define FOREST_ADAPTERS_POSIX_SERVER_SOCKET_FILE_HPP

#include <forest/adapters/posix/fork_mark.hpp>
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

namespace forest::inline FOREST_FORM {

/// A socket file that this process owns until it is destroyed: for a server that listens on a unix
/// socket. Not thread-safe. Lifetime: none but its own. All members return error codes: those of
/// `asio_server::listen_unix`.
class server_socket_file {
public:
    server_socket_file() noexcept = default;
    server_socket_file(const server_socket_file&) = delete;
    server_socket_file& operator=(const server_socket_file&) = delete;
    ~server_socket_file() { release(); }

    /// Returns whether `path` can be the name of a unix socket: it is neither empty nor too long
    /// for a `sockaddr_un`, and has no zero byte.
    static bool is_name(const std::string& path) noexcept {
        return !path.empty() && path.size() < sizeof(sockaddr_un::sun_path) &&
               path.find('\0') == std::string::npos;
    }

    /// The name of the lock file.
    static std::string lock_path(const std::string& path) { return path + ".lock"; }

    /// Locks the name, and removes a socket file that a dead process left behind. Any other file is
    /// not touched; then the error is `address_in_use`.
    std::error_code claim(const std::string& path);

    /// Allows the file of a socket at most the permissions `mode`; call it before the socket is
    /// bound. With 0 the umask decides.
    static bool restrict(int socket, unsigned mode) noexcept {
        return mode == 0 || ::fchmod(socket, mode) == 0;
    }

    /// Call it when the socket is bound and does not listen yet, so that no client can connect.
    /// Stores the identity of the file, and adds the permissions that the umask has removed.
    bool bound(unsigned mode) noexcept;

    /// Removes both files, if they are still those of this process. In a child process the files
    /// stay, because they belong to the parent.
    void release() noexcept;

    static constexpr unsigned permission_bits = 0777;

private:
    // An owner may remove its lock file while others open it. A removed file is no valid lock;
    // there is a new file, or none.
    static constexpr int lock_attempts_max = 16;

    static bool is(const struct stat& left, const struct stat& right) noexcept;

    std::error_code release(errc why) noexcept;

    std::error_code lock(const std::string& path);

    // Returns whether no process listens at the socket file.
    static bool refuses(const std::string& path) noexcept;

    std::string path_;
    std::string lock_path_;
    int lock_ = -1;
    bool is_bound_ = false;
    fork_mark made_;
    struct stat file_{};
    struct stat locked_{};
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/server_socket_file.ipp>
#endif

#endif
