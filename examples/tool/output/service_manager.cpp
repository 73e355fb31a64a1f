// SPDX-License-Identifier: BSL-1.0
#include <tool/output/service_manager.hpp>
#include <tool/output/terminal.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace forest::cli {

namespace {

// Returns the error, or 0. A name that begins with `@` is in the abstract namespace.
int send_state(std::string_view name, std::string_view state) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() < 2 || name.size() >= sizeof address.sun_path ||
        (name.front() != '/' && name.front() != '@'))
        return EINVAL;
    std::ranges::copy(name, std::begin(address.sun_path));
    if (name.front() == '@')
        address.sun_path[0] = '\0';
    const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0)
        return errno;
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    const ssize_t sent = ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address), length);
    const int failed = sent < 0 ? errno : 0;
    ::close(socket);
    return failed;
}

} // namespace

void notify_service_manager(std::string_view state) {
    const char* const name = std::getenv("NOTIFY_SOCKET");
    if (name == nullptr || *name == '\0')
        return;
    if (const int failed = send_state(name, state); failed != 0)
        log(fmt::format("NOTIFY_SOCKET: {} could not be sent: {}", state,
                        std::generic_category().message(failed)));
}

} // namespace forest::cli
