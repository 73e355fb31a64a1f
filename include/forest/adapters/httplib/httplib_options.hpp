// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_HTTPLIB_OPTIONS_HPP
#define FOREST_ADAPTERS_HTTPLIB_HTTPLIB_OPTIONS_HPP

#include <forest/adapters/openssl/tls_options.hpp>
#include <forest/form.hpp>

#include <functional>

// The options for checks by cpp-httplib.

namespace httplib {
class Client; // NOLINT(readability-identifier-naming)
}

namespace forest::inline FOREST_FORM {

/// The options of an httplib_transport.
struct httplib_options {
    /// The files for TLS. cpp-httplib has no `accept_common_names` and no
    /// `accept_partial_wildcards`: it decides by its own rules.
    tls_options tls{};

    /// Sets further options of the client, for example `set_proxy` or `set_interface`. Called for
    /// each connection, on a thread of the pool. It must not throw: the GET would end with
    /// `errc::local_resources_exhausted`.
    std::function<void(httplib::Client&)> configure{};
};

} // namespace forest::inline FOREST_FORM

#endif
