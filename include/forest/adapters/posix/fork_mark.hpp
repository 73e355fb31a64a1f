// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_FORK_MARK_HPP
#define FOREST_ADAPTERS_POSIX_FORK_MARK_HPP

#include <forest/form.hpp>

#include <sys/types.h>
#include <unistd.h>

// How an object notices that it is a copy in a child process.

namespace forest::inline FOREST_FORM {

/// Remembers the process in which it was made. After `fork`, the child has a copy of each object.
/// The copy shares its sockets and files with the original, and its threads do not exist in the
/// child. So a destructor in the child must not send anything, remove a file or wait for a thread.
class fork_mark {
public:
    fork_mark() noexcept : process_{::getpid()} {}

    /// Returns whether this process is a child that was forked after the mark was made. It is one
    /// system call, because a stored number would be copied to the child, too.
    [[nodiscard]] bool in_child() const noexcept { return ::getpid() != process_; }

private:
    pid_t process_;
};

} // namespace forest::inline FOREST_FORM

#endif
