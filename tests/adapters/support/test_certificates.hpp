// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_ADAPTERS_SUPPORT_TEST_CERTIFICATES_HPP
#define FOREST_TESTS_ADAPTERS_SUPPORT_TEST_CERTIFICATES_HPP

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

// Certificates for the TLS tests, made in each run. Files in the tree would expire one day, and
// then the tests would fail.

namespace forest::test {

/// Where a certificate and its key were written, both PEM.
struct certificate_files {
    std::string certificate;
    std::string key;
};

/// A certification authority, a second one that nobody trusts, and what they sign. The files lie in
/// a fresh directory that the destructor removes. Throws std::runtime_error when OpenSSL or the
/// file system refuses.
class test_certificates {
public:
    test_certificates() : directory_{make_directory()} {
        ca_ = make_authority("forest test CA");
        unknown_ca_ = make_authority("forest unknown test CA");
        write(ca_file(), ca_);
        write(unknown_ca_file(), unknown_ca_);
    }

    test_certificates(const test_certificates&) = delete;
    test_certificates& operator=(const test_certificates&) = delete;

    ~test_certificates() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

    /// The certificate of the authority that peers are to trust.
    [[nodiscard]] std::string ca_file() const { return path("ca.pem"); }

    /// The certificate of the authority that they are not.
    [[nodiscard]] std::string unknown_ca_file() const { return path("unknown-ca.pem"); }

    /// The directory itself, for files of a test's own.
    [[nodiscard]] std::string directory() const { return directory_.string(); }

    /// A valid server certificate. `names` is OpenSSL's syntax of subject alternative names.
    [[nodiscard]] certificate_files
    server(std::string_view names = "DNS:localhost,IP:127.0.0.1,IP:::1") {
        return issue(ca_, "server", names, "serverAuth", one_day);
    }

    /// Right but for its dates: it ended a day ago.
    [[nodiscard]] certificate_files expired_server() {
        return issue(ca_, "expired", "DNS:localhost,IP:127.0.0.1,IP:::1", "serverAuth", -one_day);
    }

    /// Right but for its name, which is `elsewhere.example`.
    [[nodiscard]] certificate_files wrong_name_server() {
        return issue(ca_, "wrong-name", "DNS:elsewhere.example", "serverAuth", one_day);
    }

    /// An old one: it has no alternative names, and its common name is `localhost`.
    [[nodiscard]] certificate_files common_name_server() {
        return issue(ca_, "localhost", {}, "serverAuth", one_day, "localhost");
    }

    /// Right but for its signer, the unknown authority.
    [[nodiscard]] certificate_files unknown_ca_server() {
        return issue(unknown_ca_, "unknown", "DNS:localhost,IP:127.0.0.1,IP:::1", "serverAuth",
                     one_day);
    }

    /// A valid client certificate.
    [[nodiscard]] certificate_files client() {
        return issue(ca_, "client", {}, "clientAuth", one_day);
    }

    /// A client certificate of the unknown authority.
    [[nodiscard]] certificate_files unknown_ca_client() {
        return issue(unknown_ca_, "unknown-client", {}, "clientAuth", one_day);
    }

private:
    static constexpr long one_day = 24L * 60 * 60;

    struct release {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { X509_free(certificate); }
        void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
        void operator()(BIO* file) const { BIO_free(file); }
    };

    struct identity {
        std::unique_ptr<EVP_PKEY, release> key;
        std::unique_ptr<X509, release> certificate;
    };

    static void require(bool claim, const char* what) {
        if (!claim)
            throw std::runtime_error{what};
    }

    static std::filesystem::path make_directory() {
        std::string name =
            (std::filesystem::temp_directory_path() / "forest-certificates-XXXXXX").string();
        require(::mkdtemp(name.data()) != nullptr, "no temporary directory");
        return name;
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_ / name).string();
    }

    static void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        const std::unique_ptr<X509_EXTENSION, release> extension{
            X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
        require(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
                "a certificate extension was refused");
    }

    identity make_identity(const std::string& common_name, long valid_until) {
        identity made;
        made.key.reset(EVP_EC_gen("P-256"));
        require(made.key != nullptr, "no key");
        made.certificate.reset(X509_new());
        X509* certificate = made.certificate.get();
        require(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1,
                "no certificate");
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * one_day);
        X509_gmtime_adj(X509_getm_notAfter(certificate), valid_until);
        X509_set_pubkey(certificate, made.key.get());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                                   -1, 0);
        return made;
    }

    static void sign(identity& subject, const identity& issuer) {
        X509_set_issuer_name(subject.certificate.get(),
                             X509_get_subject_name(issuer.certificate.get()));
        require(X509_sign(subject.certificate.get(), issuer.key.get(), EVP_sha256()) > 0,
                "a certificate could not be signed");
    }

    identity make_authority(const std::string& common_name) {
        identity made = make_identity(common_name, one_day);
        X509* certificate = made.certificate.get();
        add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
        sign(made, made);
        return made;
    }

    certificate_files issue(const identity& issuer, const std::string& name, std::string_view names,
                            const std::string& purpose, long valid_until,
                            const std::string& common_name = {}) {
        identity made =
            make_identity(common_name.empty() ? "forest test " + name : common_name, valid_until);
        X509* certificate = made.certificate.get();
        X509* signer = issuer.certificate.get();
        add_extension(certificate, signer, NID_basic_constraints, "critical,CA:FALSE");
        add_extension(certificate, signer, NID_ext_key_usage, purpose);
        if (!names.empty())
            add_extension(certificate, signer, NID_subject_alt_name, std::string{names});
        sign(made, issuer);
        const std::string stem = name + "-" + std::to_string(serial_);
        certificate_files files{path(stem + ".pem"), path(stem + "-key.pem")};
        write(files.certificate, made);
        const std::unique_ptr<BIO, release> key{BIO_new_file(files.key.c_str(), "w")};
        require(key && PEM_write_bio_PrivateKey(key.get(), made.key.get(), nullptr, nullptr, 0,
                                                nullptr, nullptr) == 1,
                "a key could not be written");
        return files;
    }

    static void write(const std::string& file, const identity& subject) {
        const std::unique_ptr<BIO, release> out{BIO_new_file(file.c_str(), "w")};
        require(out && PEM_write_bio_X509(out.get(), subject.certificate.get()) == 1,
                "a certificate could not be written");
    }

    std::filesystem::path directory_;
    long serial_ = 0;
    identity ca_;
    identity unknown_ca_;
};

} // namespace forest::test

#endif
