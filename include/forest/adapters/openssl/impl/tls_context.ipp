// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_OPENSSL_IMPL_TLS_CONTEXT_IPP
#define FOREST_ADAPTERS_OPENSSL_IMPL_TLS_CONTEXT_IPP

#include <forest/adapters/openssl/tls_context.hpp>

#include <openssl/x509v3.h>

namespace forest::inline FOREST_FORM {

FOREST_DECL FOREST_COLD tls_context::tls_context(const tls_options& options)
    : tls_context{TLS_client_method()} {
    SSL_CTX_set_verify(native_handle(), SSL_VERIFY_PEER, &detail::tls_callbacks::verified);
    // A tls_client keeps the sessions that it began.
    SSL_CTX_set_session_cache_mode(native_handle(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(native_handle(), &detail::tls_callbacks::add);
    // A session has the flags of its context.
    X509_VERIFY_PARAM_set_hostflags(
        SSL_CTX_get0_param(native_handle()),
        (options.accept_common_names ? 0U : X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) |
            (options.accept_partial_wildcards ? 0U : X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS));
    if (options.ca_file.empty())
        require(SSL_CTX_set_default_verify_paths(native_handle()) == 1, "the system's authorities");
    else
        trust(options.ca_file);
    require(options.certificate_file.empty() == options.private_key_file.empty(),
            "a certificate and its key belong together");
    if (!options.certificate_file.empty())
        identify(options.certificate_file, options.private_key_file);
}

FOREST_DECL FOREST_COLD tls_context::tls_context(const tls_server_options& options)
    : tls_context{TLS_server_method()} {
    SSL_CTX_set_options(native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    identify(options.certificate_file, options.private_key_file);
    if (options.client_ca_file.empty())
        return;
    trust(options.client_ca_file);
    SSL_CTX_set_verify(native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Without a session id context, OpenSSL refuses to resume a session with a client
    // certificate.
    require(SSL_CTX_set_session_id_context(native_handle(), session_context,
                                           sizeof session_context) == 1,
            "OpenSSL");
}

FOREST_DECL FOREST_COLD tls_context::tls_context(const SSL_METHOD* method)
    : context_{begin(method)} {
    require(context_.get() != nullptr &&
                SSL_CTX_set_min_proto_version(native_handle(), TLS1_2_VERSION) == 1,
            "OpenSSL");
    SSL_CTX_set_mode(native_handle(), SSL_MODE_RELEASE_BUFFERS);
}

FOREST_DECL FOREST_COLD SSL_CTX* tls_context::begin(const SSL_METHOD* method) {
    detail::begin_openssl();
    return SSL_CTX_new(method);
}

FOREST_DECL FOREST_COLD tls_context::opened_file tls_context::open(const std::string& name) {
    return opened_file{BIO_new_file(name.c_str(), "re")};
}

FOREST_DECL FOREST_COLD bool tls_context::add_authorities(BIO* file) {
    X509_STORE* const store = SSL_CTX_get_cert_store(native_handle());
    STACK_OF(X509_INFO)* const all = PEM_X509_INFO_read_bio(file, nullptr, nullptr, nullptr);
    bool added = false;
    bool refused = false;
    for (int index = 0; index < sk_X509_INFO_num(all); ++index) {
        const X509_INFO* const each = sk_X509_INFO_value(all, index);
        if (each->x509 != nullptr)
            (X509_STORE_add_cert(store, each->x509) == 1 ? added : refused) = true;
        if (each->crl != nullptr)
            (X509_STORE_add_crl(store, each->crl) == 1 ? added : refused) = true;
    }
    sk_X509_INFO_pop_free(all, &X509_INFO_free);
    return added && !refused;
}

FOREST_DECL FOREST_COLD bool tls_context::use_chain(BIO* file) {
    using certificate = detail::owner<X509, &X509_free>;
    const certificate own{PEM_read_bio_X509_AUX(file, nullptr, nullptr, nullptr)};
    if (!own || SSL_CTX_use_certificate(native_handle(), own.get()) != 1 ||
        SSL_CTX_clear_chain_certs(native_handle()) != 1)
        return false;
    while (certificate next{PEM_read_bio_X509(file, nullptr, nullptr, nullptr)}) {
        if (SSL_CTX_add0_chain_cert(native_handle(), next.get()) != 1)
            return false;
        (void)next.release(); // now the context owns it
    }
    // The file ends behind the last certificate; anything else is an error.
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

FOREST_DECL FOREST_COLD void tls_context::trust(const std::string& ca_file) {
    const opened_file file = open(ca_file);
    require(file && add_authorities(file.get()), ca_file);
}

FOREST_DECL FOREST_COLD void tls_context::identify(const std::string& certificate_file,
                                                   const std::string& private_key_file) {
    const opened_file chain = open(certificate_file);
    require(chain && use_chain(chain.get()), certificate_file);
    const opened_file file = open(private_key_file);
    const detail::owner<EVP_PKEY, &EVP_PKEY_free> key{
        file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr) : nullptr};
    require(key && SSL_CTX_use_PrivateKey(native_handle(), key.get()) == 1 &&
                SSL_CTX_check_private_key(native_handle()) == 1,
            private_key_file);
}

FOREST_DECL FOREST_COLD void tls_context::require(bool holds, const std::string& subject) {
    if (detail::openssl_lacked_memory()) // The certificates may be incomplete.
        throw std::bad_alloc{};
    if (!holds)
        throw std::system_error(make_error_code(errc::tls_configuration_invalid), subject);
}

} // namespace forest::inline FOREST_FORM

#endif
