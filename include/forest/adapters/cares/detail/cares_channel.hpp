// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CARES_DETAIL_CARES_CHANNEL_HPP
#define FOREST_ADAPTERS_CARES_DETAIL_CARES_CHANNEL_HPP

#include <forest/adapters/posix/address_of.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/resolver.hpp>

#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// A channel of c-ares: its sockets, its timer and the look-ups that are under way on it.

namespace forest::inline FOREST_FORM::detail {

/// The error for a status of c-ares that is not ARES_SUCCESS. The table is in
/// docs/reference/resolver.md.
[[nodiscard]] FOREST_DECL errc cares_error(int status) noexcept;

/// Not thread-safe.
class cares_channel {
public:
    using handler_type = unique_function<void(const resolution&)>;

    /// Throws std::system_error.
    cares_channel(const std::string& servers, const std::string& configuration, duration timeout,
                  int tries);

    cares_channel(const cares_channel&) = delete;
    cares_channel& operator=(const cares_channel&) = delete;

    /// Handlers of look-ups that are under way are not called.
    ~cares_channel();

    /// Whether no look-up is under way.
    [[nodiscard]] bool idle() const noexcept { return under_way_ == 0; }

    /// Looks `name` up; may call the handler during this call. The addresses of a `local` name have
    /// no lifetime. If this throws, the handler has not changed.
    void look_up(const std::string& name, bool local, handler_type&& handler);

    /// Adds the descriptors for which the channel waits. Returns the smaller one of `timeout` and
    /// the channel's timeout, in milliseconds; -1 means no timeout.
    [[nodiscard]] int add_to(std::vector<pollfd>& watched, int timeout) const;

    /// Serves the sockets that have events, and ends look-ups that took too long.
    void process(const std::vector<pollfd>& watched) noexcept;

private:
    static constexpr std::size_t name_bytes_max = 255; // RFC 1035, 3.1

    struct query {
        query(cares_channel& owner, bool is_local) noexcept : channel{owner}, local{is_local} {}

        void fail(errc why);

        cares_channel& channel;
        bool local;
        handler_type handler;
    };

    static void refuse(int status);

    // c-ares itself marks its sockets close-on-exec after it has opened them, or not at all.
    static const ares_socket_functions* socket_functions() noexcept;

    [[nodiscard]] bool has(int socket) const noexcept;

    // If there is no memory for a socket, its look-ups end when they have taken too long.
    static void watch(void* data, ares_socket_t socket, int readable, int writable) noexcept try {
        auto& all = static_cast<cares_channel*>(data)->sockets_;
        const auto events =
            static_cast<short>((readable != 0 ? POLLIN : 0) | (writable != 0 ? POLLOUT : 0));
        const auto known = std::find_if(all.begin(), all.end(),
                                        [socket](const pollfd& each) { return each.fd == socket; });
        if (events == 0 && known != all.end())
            all.erase(known);
        else if (events != 0 && known != all.end())
            known->events = events;
        else if (events != 0)
            all.push_back({.fd = socket, .events = events, .revents = 0});
    } catch (const std::bad_alloc&) {
    }

    static void found(void* argument, int status, int, ares_addrinfo* answer) noexcept;

    ares_channel channel_ = nullptr;
    std::vector<pollfd> sockets_;
    std::size_t under_way_ = 0;
    bool ended_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/cares/detail/impl/cares_channel.ipp>
#endif

#endif
