// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_CONTEXT_IPP
#define FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_CONTEXT_IPP

#include <forest/adapters/curl/detail/curl_context.hpp>
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/version.hpp>

#include <openssl/ssl.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <string>
#include <system_error>
#include <utility>

// What is older has no CURLOPT_PREREQFUNCTION, or raises SIGPIPE.
#if LIBCURL_VERSION_NUM < 0x075800
#error "forest/adapters/curl needs libcurl 7.88 or later"
#endif

namespace forest::inline FOREST_FORM::detail {

// Never undone: other parts of the program may use libcurl, too.
FOREST_DECL FOREST_COLD CURLM* new_curl_multi() {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM* const made = ready == CURLE_OK ? curl_multi_init() : nullptr;
    if (made == nullptr)
        throw std::bad_alloc{};
    return made;
}

// As many connections are kept as in an asio_connection_pool.
FOREST_DECL FOREST_COLD long curl_kept_connections_max() noexcept {
    constexpr rlim_t fewest = 16;
    constexpr rlim_t most = 1'000'000;
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0)
        return fewest;
    return static_cast<long>(std::clamp(descriptors.rlim_cur / 2, fewest, most));
}

FOREST_DECL FOREST_COLD curl_context::curl_context(const asio_clock& time,
                                                   const curl_options& chosen,
                                                   std::shared_ptr<name_directory> directory)
    : serializer{time.serializer()},
      names{std::move(directory)},
      options{chosen},
      proxy{read_proxy(chosen.proxy)},
      multi_{new_curl_multi()},
      timer_{executor()} {
    try {
        // A file that cannot be used is found now and not by the first check.
        if (!options.tls.ca_file.empty() || !options.tls.certificate_file.empty() ||
            !options.tls.private_key_file.empty())
            (void)tls_client{options.tls};
    } catch (...) {
        curl_multi_cleanup(multi_);
        throw;
    }
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &curl_context::on_socket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &curl_context::on_timer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, curl_kept_connections_max());
}

FOREST_DECL FOREST_COLD curl_context::~curl_context() {
    leave_to_parent();
    curl_multi_cleanup(multi_);
}

FOREST_DECL FOREST_COLD CURL* curl_context::make_handle() const {
    CURL* const made = curl_easy_init();
    if (made == nullptr)
        throw std::bad_alloc{};
    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> owned{made, &curl_easy_cleanup};
    const auto set_text = [made](CURLoption option, const std::string& text) {
        if (!text.empty())
            curl_easy_setopt(made, option, text.c_str());
    };
    const std::string agent = "forest/" + std::string{version};
    const auto age = std::chrono::ceil<std::chrono::seconds>(options.kept_age_max).count();
    constexpr long idle_seconds = 600; // as in asio_transport
    curl_easy_setopt(made, CURLOPT_USERAGENT, agent.c_str());
    curl_easy_setopt(made, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    curl_easy_setopt(made, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl_easy_setopt(made, CURLOPT_MAXLIFETIME_CONN, std::max(1L, static_cast<long>(age)));
    curl_easy_setopt(made, CURLOPT_MAXAGE_CONN, idle_seconds);
    // Another backend than OpenSSL refuses this.
    (void)curl_easy_setopt(made, CURLOPT_SSL_CTX_FUNCTION, &curl_context::on_tls);
    set_text(CURLOPT_CAINFO, options.tls.ca_file);
    if (!options.tls.ca_file.empty()) // The folder of the system would be trusted, too.
        curl_easy_setopt(made, CURLOPT_CAPATH, nullptr);
    set_text(CURLOPT_SSLCERT, options.tls.certificate_file);
    set_text(CURLOPT_SSLKEY, options.tls.private_key_file);
    // An empty text also keeps libcurl from reading the environment.
    curl_easy_setopt(made, CURLOPT_PROXY, options.proxy.c_str());
    if (options.configure)
        options.configure(made);

    curl_easy_setopt(made, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(made, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(made, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(made, CURLOPT_FAILONERROR, 0L);
    curl_easy_setopt(made, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(made, CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE});
    curl_easy_setopt(made, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    // The parser of this library gets the bytes as they come, and so also those of other protocols.
    curl_easy_setopt(made, CURLOPT_HTTP_TRANSFER_DECODING, 0L);
    curl_easy_setopt(made, CURLOPT_HTTP09_ALLOWED, 1L);
    curl_easy_setopt(made, CURLOPT_ACCEPT_ENCODING, nullptr);
    // Each GET gives the addresses. Otherwise all known names are looked through after each one.
    curl_easy_setopt(made, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    curl_easy_setopt(made, CURLOPT_TIMEOUT_MS, 0L);
    curl_easy_setopt(made, CURLOPT_FORBID_REUSE, options.reuse_connections ? 0L : 1L);
    curl_easy_setopt(made, CURLOPT_CLOSESOCKETFUNCTION, &curl_context::on_close);
    curl_easy_setopt(made, CURLOPT_CLOSESOCKETDATA, this);
    return owned.release();
}

FOREST_DECL void curl_context::add(CURL* handle) {
    if (curl_multi_add_handle(multi_, handle) != CURLM_OK)
        throw std::bad_alloc{};
}

FOREST_DECL void curl_context::remove(CURL* handle) noexcept {
    curl_multi_remove_handle(multi_, handle);
}

FOREST_DECL FOREST_COLD void curl_context::look_at(CURL* handle) {
    for (const auto& [socket, watched] : watches_) {
        if (watched->transfer == handle)
            return act(socket, CURL_CSELECT_IN);
    }
}

FOREST_DECL void curl_context::proceed() noexcept {
    int running = 0;
    for (unsigned step = 0;; ++step) {
        take_results();
        if (!due_ || step == steps_per_turn || *due_ > clock::now())
            return arm();
        due_.reset();
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

FOREST_DECL void curl_context::act(curl_socket_t socket, int readiness) noexcept {
    int running = 0;
    curl_multi_socket_action(multi_, socket, readiness, &running);
    proceed();
}

FOREST_DECL void curl_context::take_results() noexcept {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        const CURLcode code = message->data.result;
        char* owner = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        reinterpret_cast<curl_transfer*>(owner)->transferred(code);
    }
}

// -- Time --

FOREST_DECL int curl_context::on_timer(CURLM*, long milliseconds, void* self) noexcept {
    auto& due = static_cast<curl_context*>(self)->due_;
    if (milliseconds < 0)
        due.reset();
    else
        due = clock::now() + std::chrono::milliseconds{milliseconds};
    return 0;
}

// A timer that ends too early does no harm, so it is not set anew for a later time.
FOREST_DECL void curl_context::arm() noexcept {
    if (!due_) {
        if (armed_)
            timer_.cancel();
        armed_.reset();
        return;
    }
    if (armed_ && *armed_ <= *due_)
        return;
    try {
        timer_.expires_at(*due_);
        timer_.async_wait([self = shared_from_this(), number = ++waits_](const std::error_code&) {
            const lock held{self->mutex};
            if (number != self->waits_)
                return;
            self->armed_.reset();
            self->proceed();
        });
        armed_ = due_;
    } catch (const std::bad_alloc&) {
        ++waits_lacking;
        armed_.reset();
    }
}

// -- Sockets --

FOREST_DECL int curl_context::on_socket(CURL* handle, curl_socket_t socket, int interest,
                                        void* self, void*) noexcept {
    auto& context = *static_cast<curl_context*>(self);
    if (interest == CURL_POLL_REMOVE) {
        context.release_watch(socket);
        return 0;
    }
    try {
        context.change_watch(handle, socket, interest);
    } catch (const std::bad_alloc&) { // An error would end all transfers.
        ++context.waits_lacking;
    }
    return 0;
}

FOREST_DECL void curl_context::change_watch(CURL* handle, curl_socket_t socket, int interest) {
    auto known = watches_.find(socket);
    if (known == watches_.end()) {
        auto added = std::make_shared<watch>(executor());
        added->socket = socket;
        std::error_code ec;
        added->descriptor.assign(socket, ec);
        if (ec)
            throw std::bad_alloc{};
        try {
            known = watches_.emplace(socket, added).first;
        } catch (...) {
            added->descriptor.release();
            throw;
        }
    }
    known->second->transfer = handle;
    known->second->wanted = interest;
    await(known->second);
}

FOREST_DECL void curl_context::release_watch(curl_socket_t socket) noexcept {
    const auto known = watches_.find(socket);
    if (known == watches_.end())
        return;
    known->second->released = true;
    known->second->descriptor.release();
    watches_.erase(known);
}

FOREST_DECL void curl_context::await(const std::shared_ptr<watch>& watched) {
    static_assert(CURL_POLL_IN == CURL_CSELECT_IN && CURL_POLL_OUT == CURL_CSELECT_OUT);
    for (const int each : {CURL_POLL_IN, CURL_POLL_OUT}) {
        if ((watched->wanted & ~watched->pending & each) != 0)
            await(watched, each);
    }
}

FOREST_DECL void curl_context::await(const std::shared_ptr<watch>& watched, int readiness) {
    watched->descriptor.async_wait(
        readiness == CURL_POLL_IN ? asio::posix::stream_descriptor::wait_read
                                  : asio::posix::stream_descriptor::wait_write,
        [self = shared_from_this(), watched, readiness](const std::error_code&) {
            self->ready(watched, readiness);
        });
    watched->pending |= readiness;
}

FOREST_DECL void curl_context::ready(const std::shared_ptr<watch>& watched, int readiness) {
    const lock held{mutex};
    watched->pending &= ~readiness;
    if (watched->released)
        return;
    if ((watched->wanted & readiness) != 0)
        act(watched->socket, readiness);
    if (watched->released)
        return;
    try {
        await(watched);
    } catch (const std::bad_alloc&) {
        ++waits_lacking;
    }
}

FOREST_DECL curl_socket_t curl_context::open(const curl_sockaddr& address) noexcept {
#ifdef SOCK_CLOEXEC
    const curl_socket_t made =
        ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
#else
    const curl_socket_t made = ::socket(address.family, address.socktype, address.protocol);
    if (made >= 0)
        ::fcntl(made, F_SETFD, FD_CLOEXEC);
#endif
    if (made < 0)
        return CURL_SOCKET_BAD;
    try {
        open_.try_emplace(made);
    } catch (const std::bad_alloc&) {
        ::close(made);
        errno = ENOMEM;
        return CURL_SOCKET_BAD;
    }
    return made;
}

FOREST_DECL int curl_context::on_close(void* self, curl_socket_t socket) noexcept {
    auto& own = *static_cast<curl_context*>(self);
    if (const auto closed = own.open_.find(socket); closed != own.open_.end()) {
        const auto [first, last] = own.by_ends_.equal_range(closed->second);
        for (auto each = first; each != last; ++each) {
            if (each->second == socket) {
                own.by_ends_.erase(each);
                break;
            }
        }
        own.open_.erase(closed);
    }
    return ::close(socket);
}

FOREST_DECL void curl_context::connected(curl_socket_t socket, const std::string& ends) {
    const auto own = open_.find(socket);
    if (own == open_.end() || !own->second.empty())
        return;
    by_ends_.emplace(ends, socket);
    own->second = ends;
}

FOREST_DECL bool curl_context::has_arrived(const std::string& ends, bool encrypted) const noexcept {
    const auto [first, last] = by_ends_.equal_range(ends);
    return std::any_of(first, last, [encrypted](const auto& each) {
        // The first three bytes of a frame are its length, and no frame is as long as `HTT` says.
        char bytes[] = {'H', 'T', 'T', 'P', '/'};
        const std::string answer(bytes, sizeof bytes);
        const auto count = ::recv(each.second, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
        return count == 0 ||
               (count > 0 && (encrypted || answer.compare(0, static_cast<std::size_t>(count), bytes,
                                                          static_cast<std::size_t>(count)) == 0));
    });
}

// By default OpenSSL does not return while a peer sends records without data, and such a peer would
// keep this thread.
FOREST_DECL FOREST_COLD CURLcode curl_context::on_tls(CURL*, void* context, void*) noexcept {
    SSL_CTX_clear_mode(static_cast<SSL_CTX*>(context), SSL_MODE_AUTO_RETRY);
    return CURLE_OK;
}

FOREST_DECL FOREST_COLD void curl_context::leave_to_parent() noexcept {
    if (!made_.in_child() || open_.empty())
        return;
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const auto& [each, ends] : open_) {
        release_watch(each);
        if (nowhere >= 0)
            (void)::dup2(nowhere, each);
    }
    if (nowhere >= 0)
        ::close(nowhere);
    open_.clear();
    by_ends_.clear();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
