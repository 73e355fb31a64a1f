// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_CURL_CONTEXT_HPP
#define FOREST_ADAPTERS_CURL_DETAIL_CURL_CONTEXT_HPP

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_serializer.hpp>
#include <forest/adapters/curl/curl_options.hpp>
#include <forest/adapters/curl/detail/curl_proxy.hpp>
#include <forest/adapters/posix/fork_mark.hpp>
#include <forest/detail/names/name_directory.hpp>
#include <forest/form.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

// One multi handle of libcurl on an executor: libcurl says which sockets and which time it waits
// for, and Asio waits.

namespace forest::inline FOREST_FORM::detail {

/// A transfer that a `curl_context` performs.
class curl_transfer {
public:
    /// The transfer has ended. Called under the lock of the context, and not during `add`. The
    /// handle must be removed.
    virtual void transferred(CURLcode code) noexcept = 0;

protected:
    ~curl_transfer() = default;
};

/// The members from `add` on are called with `mutex` locked.
class curl_context : public std::enable_shared_from_this<curl_context> {
public:
    using clock = std::chrono::steady_clock;
    using lock = std::unique_lock<std::mutex>;

    /// Throws std::bad_alloc, or std::system_error if the options cannot be used.
    curl_context(const asio_clock& time, const curl_options& options,
                 std::shared_ptr<name_directory> names);
    curl_context(const curl_context&) = delete;
    curl_context& operator=(const curl_context&) = delete;
    ~curl_context();

    [[nodiscard]] const asio::any_io_executor& executor() const noexcept {
        return serializer.get_executor();
    }

    /// Returns a handle with the options that all transfers have. Throws std::bad_alloc, and what
    /// `curl_options::configure` throws. Needs no lock.
    [[nodiscard]] CURL* make_handle() const;

    /// Begins a transfer. `CURLOPT_PRIVATE` of the handle is its `curl_transfer`. Throws
    /// std::bad_alloc.
    void add(CURL* handle);

    /// Ends a transfer. It is not `transferred` any more.
    void remove(CURL* handle) noexcept;

    /// Performs what can be done now with the sockets of this transfer: for a thread that is late.
    void look_at(CURL* handle);

    /// Calls what is due, and waits for the rest.
    void proceed() noexcept;

    /// Opens a socket for a transfer. Returns `CURL_SOCKET_BAD` with `errno` on failure.
    [[nodiscard]] curl_socket_t open(const curl_sockaddr& address) noexcept;

    /// A socket is connected. `ends` are its two addresses, as libcurl writes them. Throws
    /// std::bad_alloc.
    void connected(curl_socket_t socket, const std::string& ends);

    /// Returns whether bytes have arrived on the connection with these ends, or its end, which
    /// nobody has read. Connections over unix sockets have equal ends, and are looked at together.
    /// Without TLS, frames of HTTP/2 do not count: they may come at any time.
    [[nodiscard]] bool has_arrived(const std::string& ends, bool encrypted) const noexcept;

    /// In a child process: makes all sockets useless, so that nothing is sent over connections
    /// that belong to the parent. Otherwise does nothing.
    void leave_to_parent() noexcept;

    const asio_serializer serializer;
    const std::shared_ptr<name_directory> names;
    const curl_options options;
    const curl_proxy proxy;
    std::mutex mutex;
    /// How often a wait could not begin for lack of memory.
    std::uint64_t waits_lacking = 0;

private:
    // The waits for one socket, from the moment at which libcurl asks for the first one until it
    // does not need the socket any more.
    struct watch {
        explicit watch(const asio::any_io_executor& on) : descriptor{on} {}

        asio::posix::stream_descriptor descriptor;
        curl_socket_t socket = CURL_SOCKET_BAD;
        CURL* transfer = nullptr; // the last one that has used the socket
        int wanted = CURL_POLL_NONE;
        int pending = CURL_POLL_NONE;
        bool released = false;
    };

    static int on_socket(CURL* handle, curl_socket_t socket, int interest, void* self,
                         void*) noexcept;
    static int on_timer(CURLM*, long milliseconds, void* self) noexcept;
    static CURLcode on_tls(CURL*, void* context, void*) noexcept;
    static int on_close(void* self, curl_socket_t socket) noexcept;

    void change_watch(CURL* handle, curl_socket_t socket, int interest);
    void release_watch(curl_socket_t socket) noexcept;

    // Begins the wanted waits that are not pending.
    void await(const std::shared_ptr<watch>& watched);
    void await(const std::shared_ptr<watch>& watched, int readiness);
    void ready(const std::shared_ptr<watch>& watched, int readiness);

    void act(curl_socket_t socket, int readiness) noexcept;
    void take_results() noexcept;
    void arm() noexcept;

    // A transfer that never has to wait cannot keep the thread: the others get a turn after so many
    // steps.
    static constexpr unsigned steps_per_turn = 32;

    const fork_mark made_;
    CURLM* const multi_;
    std::unordered_map<curl_socket_t, std::shared_ptr<watch>> watches_;
    std::unordered_map<curl_socket_t, std::string> open_; // also of kept connections, by their ends
    std::unordered_multimap<std::string, curl_socket_t> by_ends_;
    asio::steady_timer timer_;
    std::optional<clock::time_point> due_;   // when libcurl wants to be called
    std::optional<clock::time_point> armed_; // for which the timer is set
    std::uint64_t waits_ = 0;                // the number of the last wait of the timer
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/curl/detail/impl/curl_context.ipp>
#endif

#endif
