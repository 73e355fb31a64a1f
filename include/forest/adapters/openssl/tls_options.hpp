// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_TLS_OPTIONS_HPP
#define FOREST_ADAPTERS_OPENSSL_TLS_OPTIONS_HPP

#include <forest/form.hpp>

#include <string>

// The files for TLS.

namespace forest::inline FOREST_FORM {

/// TLS as a client. All files are PEM; an empty name means the default.
struct tls_options {
    std::string ca_file{};          ///< authorities to trust instead of the system's
    std::string certificate_file{}; ///< the client's certificate and its chain, for servers that
                                    ///< ask for one
    std::string private_key_file{}; ///< its key; needed with `certificate_file`

    /// For old certificates. A certificate without DNS names among its subject alternative names is
    /// taken as that of the host in its common name. RFC 9525 forbids that, because a common name
    /// may be any text.
    bool accept_common_names = false;

    /// For old certificates. A `*` may be a part of the first label: `f*.example` is taken as the
    /// name of `foo.example`. RFC 9525 (6.3) forbids that. A `*` that is the whole first label is
    /// always accepted.
    bool accept_partial_wildcards = false;
};

/// TLS as a server. All files are PEM.
struct tls_server_options {
    std::string certificate_file{}; ///< the server's certificate, with its chain
    std::string private_key_file{}; ///< its key
    std::string client_ca_file{};   ///< when set, clients must show a certificate of this authority
};

} // namespace forest::inline FOREST_FORM

#endif
