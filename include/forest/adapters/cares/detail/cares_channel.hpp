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
[[nodiscard]] inline errc cares_error(int status) noexcept {
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
    case ARES_EBADQUERY: return errc::resolve_failed;
    case ARES_ENOMEM: return errc::local_resources_exhausted;
    default: return errc::resolver_unavailable;
    }
}

/// Not thread-safe.
class cares_channel {
public:
    using handler_type = unique_function<void(const resolution&)>;

    /// Throws std::system_error.
    cares_channel(const std::string& servers, const std::string& configuration, duration timeout,
                  int tries) {
        const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
        if (milliseconds < 1 || milliseconds > std::numeric_limits<int>::max() || tries < 1)
            refuse(ARES_EBADFLAGS);
        static const int initialised = ::ares_library_init(ARES_LIB_INIT_ALL);
        refuse(initialised);
        ares_options settings{};
        settings.timeout = static_cast<int>(milliseconds);
        settings.tries = tries;
        std::string path = configuration; // c-ares copies it, but needs a writable text
        settings.resolvconf_path = path.data();
        settings.sock_state_cb = &watch;
        settings.sock_state_cb_data = this;
        refuse(::ares_init_options(&channel_, &settings,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB |
                                       ARES_OPT_RESOLVCONF));
        if (servers.empty())
            return;
        const int status = ::ares_set_servers_ports_csv(channel_, servers.c_str());
        if (status != ARES_SUCCESS) {
            ::ares_destroy(channel_);
            refuse(status);
        }
    }

    cares_channel(const cares_channel&) = delete;
    cares_channel& operator=(const cares_channel&) = delete;

    /// Handlers of look-ups that are under way are not called.
    ~cares_channel() {
        ended_ = true;
        ::ares_destroy(channel_);
    }

    /// Whether no look-up is under way.
    [[nodiscard]] bool idle() const noexcept { return under_way_ == 0; }

    /// Looks `name` up; may call the handler during this call. The addresses of a `local` name have
    /// no lifetime. If this throws, the handler has not changed.
    void look_up(const std::string& name, bool local, handler_type&& handler) {
        auto lookup = std::make_unique<query>(*this, local);
        lookup->handler = std::move(handler);
        if (name.empty() || name.size() > name_bytes_max || name.find('\0') != std::string::npos)
            return lookup->fail(errc::resolve_failed);
        ares_addrinfo_hints wanted{};
        wanted.ai_family = AF_UNSPEC;
        wanted.ai_socktype = SOCK_STREAM;
        ++under_way_;
        ::ares_getaddrinfo(channel_, name.c_str(), nullptr, &wanted, &found, lookup.release());
    }

    /// Adds the descriptors for which the channel waits. Returns the smaller one of `timeout` and
    /// the channel's timeout, in milliseconds; -1 means no timeout.
    [[nodiscard]] int add_to(std::vector<pollfd>& watched, int timeout) const {
        watched.insert(watched.end(), sockets_.begin(), sockets_.end());
        timeval left{};
        if (idle() || ::ares_timeout(channel_, nullptr, &left) == nullptr)
            return timeout;
        const auto own = static_cast<int>(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
        return timeout < 0 ? own : std::min(own, timeout);
    }

    /// Serves the sockets that have events, and ends look-ups that took too long.
    void process(const std::vector<pollfd>& watched) noexcept {
        for (const pollfd& each : watched) {
            if (each.revents == 0 || !has(each.fd))
                continue;
            const bool broken = (each.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
            ::ares_process_fd(channel_,
                              broken || (each.revents & POLLIN) != 0 ? each.fd : ARES_SOCKET_BAD,
                              broken || (each.revents & POLLOUT) != 0 ? each.fd : ARES_SOCKET_BAD);
        }
        ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    }

private:
    static constexpr std::size_t name_bytes_max = 255; // RFC 1035, 3.1

    struct query {
        query(cares_channel& owner, bool is_local) noexcept : channel{owner}, local{is_local} {}

        void fail(errc why) {
            resolution nothing;
            nothing.error = why;
            handler(nothing);
        }

        cares_channel& channel;
        bool local;
        handler_type handler;
    };

    static void refuse(int status) {
        if (status == ARES_SUCCESS)
            return;
        const auto code =
            status == ARES_ENOMEM ? std::errc::not_enough_memory : std::errc::invalid_argument;
        throw std::system_error{std::make_error_code(code), ::ares_strerror(status)};
    }

    [[nodiscard]] bool has(int socket) const noexcept {
        return std::any_of(sockets_.begin(), sockets_.end(),
                           [socket](const pollfd& each) { return each.fd == socket; });
    }

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

    static void found(void* argument, int status, int, ares_addrinfo* answer) noexcept {
        const std::unique_ptr<query> lookup{static_cast<query*>(argument)};
        const std::unique_ptr<ares_addrinfo, void (*)(ares_addrinfo*)> list{answer,
                                                                            &::ares_freeaddrinfo};
        --lookup->channel.under_way_;
        if (lookup->channel.ended_)
            return;
        if (status != ARES_SUCCESS)
            return lookup->fail(lacks_descriptor() ? errc::local_resources_exhausted
                                                   : cares_error(status));
        distinct_addresses addresses;
        int seconds = std::numeric_limits<int>::max();
        try {
            for (auto* each = list->nodes; each != nullptr; each = each->ai_next) {
                if (const auto address = address_of(*each->ai_addr))
                    addresses.add(*address);
                seconds = std::min(seconds, each->ai_ttl);
            }
        } catch (const std::bad_alloc&) {
            return lookup->fail(errc::local_resources_exhausted);
        }
        for (auto* each = list->cnames; each != nullptr; each = each->next)
            seconds = std::min(seconds, each->ttl);
        resolution result;
        if (addresses.all().empty())
            result.error = errc::resolve_failed;
        result.addresses = addresses.all();
        if (!lookup->local)
            result.lifetime = std::chrono::seconds{std::max(seconds, 0)};
        lookup->handler(result);
    }

    ares_channel channel_ = nullptr;
    std::vector<pollfd> sockets_;
    std::size_t under_way_ = 0;
    bool ended_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
