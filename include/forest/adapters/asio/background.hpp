// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_BACKGROUND_HPP
#define FOREST_ADAPTERS_ASIO_BACKGROUND_HPP

#include <forest/form.hpp>

#include <asio/io_context.hpp>

#include <memory>

// For applications without an event loop of their own.

namespace forest::inline FOREST_FORM {

/// Owns an io_context and a thread that runs it.
///
/// From examples/tutorial/05_background.cpp:
///     // Before the clients and servers that use it, so that they are destroyed first.
///     forest::background background;
///
///     forest::asio_server server{background.get_executor()};
///     forest::health_route route{server, forest::hmac_sha256_verifier{secret}};
///     if (const std::error_code ec = server.listen("127.0.0.1", 0)) {
///         std::cerr << ec.message() << '\n';
///         return EXIT_FAILURE;
///     }
///
/// **Thread safety:** `get_executor()` may be called from any thread. Callbacks run on the thread
/// of this object.
///
/// **Lifetime:** declare it before the clients and servers that use it, so that they are destroyed
/// first. Do not destroy it on its own thread, that is, in a callback. Destroying it ends the
/// thread and drops pending work. A child process has no such thread: there, destroying it leaves
/// everything as it is.
///
/// **Errors:** the constructor throws std::system_error if the system has no descriptor or thread
/// left, and may throw std::bad_alloc. A handler of the application that throws on this thread ends
/// the program (std::terminate); callbacks of clients may throw.
class background {
public:
    using executor_type = asio::io_context::executor_type;

    background();

    background(const background&) = delete;
    background& operator=(const background&) = delete;

    /// Ends the thread. Pending work is dropped. Does nothing in a child process.
    ~background();

    [[nodiscard]] executor_type get_executor() noexcept;

private:
    struct state;

    std::unique_ptr<state> state_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/background.ipp>
#endif

#endif
