// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_CONNECT_FAILURE_HPP
#define FOREST_ADAPTERS_POSIX_CONNECT_FAILURE_HPP

#include <forest/core/error.hpp>
#include <forest/form.hpp>

// Translates the errors of the system. The transports share this part, and it is public, because
// one adapter may not include what lies below the `detail/` of another.

namespace forest::inline FOREST_FORM {

/// Returns why a connection could not be made; `system_error` is a value of `errno`. A missing
/// socket file means that there is no server. If this machine lacks a descriptor, memory or a port,
/// it returns `local_resources_exhausted`, and `unreachable` for all errors that it does not know.
[[nodiscard]] FOREST_DECL errc connect_failure(int system_error) noexcept;

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/connect_failure.ipp>
#endif

#endif
