// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CARES_DETAIL_IMPL_CARES_CHANNEL_IPP
#define FOREST_ADAPTERS_CARES_DETAIL_IMPL_CARES_CHANNEL_IPP

#include <forest/adapters/cares/detail/cares_channel.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL errc cares_error(int status) noexcept {
    switch (status) {
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
    case ARES_EBADQUERY: return errc::resolve_failed;
    case ARES_ENOMEM: return errc::local_resources_exhausted;
    default: return errc::resolver_unavailable;
    }
}

FOREST_DECL cares_channel::cares_channel(const std::string& servers,
                                         const std::string& configuration, duration timeout,
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
    ::ares_set_socket_functions(channel_, socket_functions(), nullptr);
    if (servers.empty())
        return;
    const int status = ::ares_set_servers_ports_csv(channel_, servers.c_str());
    if (status != ARES_SUCCESS) {
        ::ares_destroy(channel_);
        refuse(status);
    }
}

FOREST_DECL cares_channel::~cares_channel() {
    ended_ = true;
    ::ares_destroy(channel_);
}

FOREST_DECL void cares_channel::look_up(const std::string& name, bool local,
                                        handler_type&& handler) {
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

FOREST_DECL int cares_channel::add_to(std::vector<pollfd>& watched, int timeout) const {
    watched.insert(watched.end(), sockets_.begin(), sockets_.end());
    timeval left{};
    if (idle() || ::ares_timeout(channel_, nullptr, &left) == nullptr)
        return timeout;
    const auto own = static_cast<int>(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
    return timeout < 0 ? own : std::min(own, timeout);
}

FOREST_DECL void cares_channel::process(const std::vector<pollfd>& watched) noexcept {
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

FOREST_DECL void cares_channel::query::fail(errc why) {
    resolution nothing;
    nothing.error = why;
    handler(nothing);
}

FOREST_DECL void cares_channel::refuse(int status) {
    if (status == ARES_SUCCESS)
        return;
    const auto code =
        status == ARES_ENOMEM ? std::errc::not_enough_memory : std::errc::invalid_argument;
    throw std::system_error{std::make_error_code(code), ::ares_strerror(status)};
}

FOREST_DECL const ares_socket_functions* cares_channel::socket_functions() noexcept {
    static const ares_socket_functions functions{
        .asocket = [](int family, int type, int protocol, void*) -> ares_socket_t {
            return ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
        },
        .aclose = [](ares_socket_t socket, void*) { return ::close(socket); },
        .aconnect = [](ares_socket_t socket, const sockaddr* address, ares_socklen_t size,
                       void*) { return ::connect(socket, address, size); },
        .arecvfrom = [](ares_socket_t socket, void* room, std::size_t size, int flags,
                        sockaddr* address, ares_socklen_t* address_size, void*) -> ares_ssize_t {
            return ::recvfrom(socket, room, size, flags, address, address_size);
        },
        .asendv = [](ares_socket_t socket, const iovec* parts, int count, void*) -> ares_ssize_t {
            return ::writev(socket, parts, count);
        },
    };
    return &functions;
}

FOREST_DECL bool cares_channel::has(int socket) const noexcept {
    return std::any_of(sockets_.begin(), sockets_.end(),
                       [socket](const pollfd& each) { return each.fd == socket; });
}

FOREST_DECL void cares_channel::found(void* argument, int status, int,
                                      ares_addrinfo* answer) noexcept {
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

} // namespace forest::inline FOREST_FORM::detail

#endif
