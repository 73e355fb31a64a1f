// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_IMPL_CONNECT_FAILURE_IPP
#define FOREST_ADAPTERS_POSIX_IMPL_CONNECT_FAILURE_IPP

#include <forest/adapters/posix/connect_failure.hpp>

#include <cerrno>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD errc connect_failure(int system_error) noexcept {
    switch (system_error) {
    case ECONNREFUSED:
    case ENOENT: return errc::connection_refused;
    case ETIMEDOUT: return errc::timed_out;
    case ECONNRESET:
    case ECONNABORTED: return errc::connection_lost;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
    // A socket that could not be watched has been closed.
    case EBADF: return errc::local_resources_exhausted;
    default: return errc::unreachable;
    }
}

} // namespace forest::inline FOREST_FORM

#endif
