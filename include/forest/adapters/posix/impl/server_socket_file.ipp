// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_SERVER_SOCKET_FILE_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_SERVER_SOCKET_FILE_IPP

#include <forest/adapters/posix/server_socket_file.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code server_socket_file::claim(const std::string& path) {
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

FOREST_DECL bool server_socket_file::bound(unsigned mode) noexcept {
    if (::lstat(path_.c_str(), &file_) != 0 || !S_ISSOCK(file_.st_mode))
        return false;
    is_bound_ = true;
    return mode == 0 || (file_.st_mode & permission_bits) == mode ||
           ::chmod(path_.c_str(), mode) == 0;
}

FOREST_DECL void server_socket_file::release() noexcept {
    struct stat now{};
    const bool owns = !made_.in_child();
    // Another process may have replaced the file.
    if (is_bound_ && owns && ::lstat(path_.c_str(), &now) == 0 && is(now, file_))
        ::unlink(path_.c_str());
    is_bound_ = false;
    if (lock_ < 0)
        return;
    if (owns && ::lstat(lock_path_.c_str(), &now) == 0 && is(now, locked_))
        ::unlink(lock_path_.c_str()); // before others can get the lock
    ::close(std::exchange(lock_, -1));
}

FOREST_DECL bool server_socket_file::is(const struct stat& left,
                                        const struct stat& right) noexcept {
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

FOREST_DECL std::error_code server_socket_file::release(errc why) noexcept {
    release();
    return why;
}

FOREST_DECL std::error_code server_socket_file::lock(const std::string& path) {
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

FOREST_DECL bool server_socket_file::refuses(const std::string& path) noexcept {
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

} // namespace forest::inline FOREST_FORM

#endif
