// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_SHUTDOWN_SIGNALS_HPP
#define FOREST_ADAPTERS_ASIO_SHUTDOWN_SIGNALS_HPP

#include <forest/adapters/asio/executor_source.hpp>
#include <forest/core/detail/container/unique_function.hpp>
#include <forest/form.hpp>

#include <memory>

// How SIGINT and SIGTERM reach the event loop (B34: shutdown by signals). The signal handler
// belongs to Asio, and only writes to a pipe. A handler of this library would save nothing, and
// could not share the signal with the application's signal sets.

namespace forest::inline FOREST_FORM {

namespace detail {
class shutdown_wait;
}

/// Makes SIGINT and SIGTERM end this process if it is process 1, as in a container. Call it at the
/// beginning of `main`. The status is 128 plus the number of the signal, which a shell reports for
/// a program that a signal has ended. Without this call, the kernel drops signals to process 1 that
/// the program does not handle. So a program that waits for a name or a file would never end. Does
/// nothing in any other process, and changes no signal that is ignored or handled.
/// `shutdown_signals` treats this as the default. May be called from any thread, and several times.
FOREST_DECL void let_signals_end_first_process() noexcept;

/// Turns the first SIGINT or SIGTERM into a call on the event loop, where an application cleans up
/// (B34: shutdown by signals).
///
/// From examples/tutorial/03_stop_on_signals.cpp:
///     const auto stop = [&](int signal) {
///         received = signal;
///         route.drain();
///         grace.expires_after(1s); // At least one interval of the watchers.
///         grace.async_wait([&](std::error_code) {
///             client.stop();
///             server.stop(1s);
///         });
///     };
///     const forest::shutdown_signals signals{io.get_executor(), stop};
///
/// The callback runs once, on the executor, with the number of the signal; no library code runs in
/// a signal handler. When it has returned, or thrown, both signals are again what they were before.
/// If the application had installed a handler for the received signal, the signal is then sent to
/// the process once more, so that the handler runs exactly once and in its usual way. Otherwise
/// nothing more happens: the application ends in its own way, and the next signal ends the process,
/// even if it is process 1 (see `let_signals_end_first_process`).
///
/// A signal that is ignored at construction, as SIGINT in a background job, stays ignored. Asio
/// signal sets of the application get signals as before; while one of them waits for a signal,
/// nothing is passed on or restored. Several `shutdown_signals` in one process all get the signal;
/// the last one that ends passes it on and restores the disposition. If the application installs a
/// handler later, that handler stays installed and gets the signal, and this object does not get
/// it.
///
/// Further signals before the callback has returned have no effect of their own. If `cancel()` is
/// called between a signal and its callback, the signal is lost.
///
/// **Thread safety:** all members may be called from any thread, and from the callback. The
/// application must not change the dispositions of the two signals on one thread while another
/// constructs, cancels or destroys this object, or while the callback returns.
///
/// Asio resets a signal to its default before the former disposition can be put back. Between these
/// two steps, this thread blocks the signal. If another thread receives the signal at that moment,
/// the process ends.
///
/// **Lifetime:** a callback may destroy this object. While it waits, it is work for the executor:
/// `io_context::run()` does not return before the callback has run or `cancel()` was called. The
/// wait is owned by the execution context, which may end first.
///
/// **Errors:** the constructor throws std::system_error if a signal cannot be taken, for instance
/// because no descriptor is left, and may throw std::bad_alloc; both signals are then as before. An
/// exception of the callback passes through the executor.
class shutdown_signals {
public:
    /// Takes the two signals over. If other threads run the executor, the callback may run before
    /// this returns. Throws std::system_error if a signal cannot be taken, for example because no
    /// descriptor is left; then both are unchanged.
    shutdown_signals(const executor_source& source,
                     detail::unique_function<void(int signal)> callback);

    shutdown_signals(const shutdown_signals&) = delete;
    shutdown_signals& operator=(const shutdown_signals&) = delete;

    /// Cancels.
    ~shutdown_signals() { cancel(); }

    /// Restores the earlier handlers. Does not call them, unless the callback of another
    /// `shutdown_signals` has run and this is the last object. Waits for the running callback.
    /// After that no callback is running and none will start. If the callback calls `cancel`, the
    /// call returns at once, and the rest happens after the callback. Idempotent.
    void cancel();

private:
    std::weak_ptr<detail::shutdown_wait> wait_;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/impl/shutdown_signals.ipp>
#endif

#endif
