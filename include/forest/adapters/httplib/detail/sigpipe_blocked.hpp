// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_DETAIL_SIGPIPE_BLOCKED_HPP
#define FOREST_ADAPTERS_HTTPLIB_DETAIL_SIGPIPE_BLOCKED_HPP

#include <forest/form.hpp>

#include <signal.h>

// cpp-httplib writes to sockets that the peer has closed, and the signal would end the program.

namespace forest::inline FOREST_FORM::detail {

/// While it lives, the current thread gets no SIGPIPE for what it writes.
class sigpipe_blocked {
public:
    sigpipe_blocked() noexcept {
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        had_one_ = is_pending();
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    sigpipe_blocked(const sigpipe_blocked&) = delete;
    sigpipe_blocked& operator=(const sigpipe_blocked&) = delete;
    ~sigpipe_blocked() {
        int signal = 0;
        if (!had_one_ && is_pending())
            ::sigwait(&pipe_, &signal);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

private:
    static bool is_pending() noexcept {
        sigset_t pending;
        ::sigemptyset(&pending);
        ::sigpending(&pending);
        return ::sigismember(&pending, SIGPIPE) == 1;
    }

    sigset_t pipe_;
    sigset_t before_;
    bool had_one_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
