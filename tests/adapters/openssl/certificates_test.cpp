// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/adapters/openssl/tls_session.hpp>
#include <forest/core/url.hpp>

#include <openssl/ssl.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Which certificates a client accepts for which host: a table of certificates, made by
// certificates.sh, and of the alert with which the client refuses each of them. The reason counts,
// because a certificate that is refused for another one proves nothing.

using namespace forest;

namespace {

namespace data = boost::unit_test::data;

// The alerts of RFC 8446, 6.2, as OpenSSL chooses them.
enum class alert {
    none = -1, // the certificate is accepted
    bad_certificate = SSL_AD_BAD_CERTIFICATE,
    unsupported_certificate = SSL_AD_UNSUPPORTED_CERTIFICATE,
    certificate_expired = SSL_AD_CERTIFICATE_EXPIRED,
    certificate_unknown = SSL_AD_CERTIFICATE_UNKNOWN,
    unknown_ca = SSL_AD_UNKNOWN_CA,
    decrypt_error = SSL_AD_DECRYPT_ERROR,
    handshake_failure = SSL_AD_HANDSHAKE_FAILURE,
};

std::ostream& operator<<(std::ostream& out, alert value) {
    return value == alert::none ? out << "no alert"
                                : out << SSL_alert_desc_string_long(static_cast<int>(value));
}

class directory_of_certificates {
public:
    directory_of_certificates() {
        std::string name =
            (std::filesystem::temp_directory_path() / "forest-certificates-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error{"no temporary directory"};
        path_ = name;
        const std::string script = FOREST_SOURCE_DIR "/tests/adapters/openssl/certificates.sh";
        if (std::system(("sh '" + script + "' '" + name + "'").c_str()) != 0)
            throw std::runtime_error{"the certificates could not be made"};
    }

    directory_of_certificates(const directory_of_certificates&) = delete;
    directory_of_certificates& operator=(const directory_of_certificates&) = delete;

    ~directory_of_certificates() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

const directory_of_certificates& certificates() {
    static const directory_of_certificates made;
    return made;
}

// A server of which the test sees what it hears.
class server {
public:
    explicit server(const std::string& name)
        : context_{tls_server_options{.certificate_file = certificates().file("good.pem"),
                                      .private_key_file = certificates().file("good.key")}} {
        SSL_CTX* const handle = context_.native_handle();
        SSL_CTX_set_security_level(handle, 0); // It sends any certificate.
        if (SSL_CTX_use_certificate_chain_file(handle,
                                               certificates().file(name + ".pem").c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(handle, certificates().file(name + ".key").c_str(),
                                        SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error{"no server can have the certificate " + name};
        SSL_CTX_set_app_data(handle, this);
        SSL_CTX_set_info_callback(handle, [](const SSL* ssl, int where, int value) {
            if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
                of(ssl).heard_ = static_cast<alert>(value & 0xff);
        });
        SSL_CTX_set_client_hello_cb(
            handle,
            [](SSL* ssl, int*, void*) {
                const unsigned char* bytes = nullptr;
                std::size_t size = 0;
                if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) == 1)
                    of(ssl).server_name_ = {reinterpret_cast<const char*>(bytes) + 5, size - 5};
                return SSL_CLIENT_HELLO_SUCCESS;
            },
            nullptr);
    }

    // Returns the alert of the client, and checks that its verdict goes with it.
    alert shake_hands(tls_session& client) {
        tls_session session{context_};
        const auto carry = [](tls_session& from, tls_session& to) {
            if (from.output().empty())
                return false;
            to.input(from.output());
            from.output_sent();
            return true;
        };
        using progress = tls_session::progress;
        progress last = progress::wants_input;
        for (bool moves = true; moves;) {
            last = client.handshake();
            moves = carry(client, session);
            (void)session.handshake();
            moves = carry(session, client) || moves;
        }
        BOOST_TEST((last == progress::done) == (heard_ == alert::none));
        BOOST_TEST((last == progress::failed) == (heard_ != alert::none));
        if (last == progress::failed)
            BOOST_TEST((client.failure() == errc::tls_failed));
        return heard_;
    }

    // The name in the extension server_name (RFC 6066, 3), without its lengths and its type; empty
    // if the client has sent none.
    [[nodiscard]] std::string_view server_name() const { return server_name_; }

private:
    static server& of(const SSL* ssl) {
        return *static_cast<server*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    }

    tls_context context_;
    alert heard_ = alert::none;
    std::string server_name_;
};

struct row {
    std::string certificate;
    std::string target;
    alert answer;
    std::string trusted = "root";

    friend std::ostream& operator<<(std::ostream& out, const row& row) {
        return out << row.certificate << " for " << row.target << " by " << row.trusted;
    }
};

alert meet(const row& row, tls_options options) {
    options.ca_file = certificates().file(row.trusted + ".pem");
    tls_client client{options};
    tls_session session = client.begin(url{row.target});
    return server{row.certificate}.shake_hands(session);
}

const std::string a = "https://a.example.com/";

using enum alert;

const std::vector<row> names{
    {"good", a, none},
    {"good", "https://A.EXAMPLE.com:8443/health", none},
    {"good", "https://a.example.com./", none},
    {"good", "https://b.example.com/", bad_certificate},
    {"good", "https://example.com/", bad_certificate},
    {"good", "https://b.a.example.com/", bad_certificate},
    {"good", "https://a.example.comm/", bad_certificate},
    {"good", "https://a.example/", bad_certificate},
    {"good", "https://127.0.0.1/", bad_certificate},
    {"other-name", a, bad_certificate},
    {"several-names", a, none},
    {"several-names", "https://c.example.com/", none},
    {"several-names", "https://d.example.com/", bad_certificate},
    {"upper-case", a, none},
    {"parent", a, bad_certificate},
    {"child", a, bad_certificate},
    {"dot-at-end", a, bad_certificate},
    {"dot-at-end", "https://a.example.com./", bad_certificate},
    {"dot-at-begin", a, bad_certificate},
    {"wildcard", a, none},
    {"wildcard", "https://a.example.com./", none},
    {"wildcard", "https://xn--bcher-kva.example.com/", none},
    {"wildcard", "https://example.com/", bad_certificate},
    {"wildcard", "https://b.a.example.com/", bad_certificate},
    {"wildcard-begin", "https://foo.example.com/", bad_certificate},
    {"wildcard-end", "https://foo.example.com/", bad_certificate},
    {"wildcard-middle", "https://foo.example.com/", bad_certificate},
    {"wildcard-second", a, bad_certificate},
    {"wildcard-twice", a, bad_certificate},
    {"wildcard-alone", a, bad_certificate},
    {"wildcard-alone", "https://localhost/", bad_certificate},
    {"wildcard-of-all-com", "https://example.com/", bad_certificate},
    {"wildcard-in-xn", "https://xn--bcher-kva.example.com/", bad_certificate},
    {"wildcard-of-address", "https://127.0.0.1/", bad_certificate},
    {"xn", "https://xn--bcher-kva.example.com/", none},
    {"xn", "https://XN--BCHER-KVA.example.com/", none},
    {"no-names", a, bad_certificate},
    {"common-name", a, bad_certificate},
    {"common-name-wildcard", a, bad_certificate},
    {"common-name-other", a, bad_certificate},
    {"common-name-other", "https://b.example.com/", none},
    {"common-name-beside-address", a, bad_certificate},
    {"common-name-beside-address", "https://127.0.0.1/", none},
    {"common-name-address", "https://127.0.0.1/", bad_certificate},
    {"email", a, bad_certificate},
    {"uri", a, bad_certificate},
    {"uri-of-name", a, bad_certificate},
    {"zero-in-name", a, bad_certificate},
    {"empty-name", a, bad_certificate},
    {"address", "https://127.0.0.1/", none},
    {"address", "https://127.0.0.2/", bad_certificate},
    {"address", "https://[::ffff:127.0.0.1]/", bad_certificate},
    {"address", a, bad_certificate},
    {"address-6", "https://[2001:DB8::1]/", none},
    {"address-6", "https://[2001:db8::2]/", bad_certificate},
    {"address-link-local", "https://[fe80::1]/", none},
    {"address-link-local", "https://[fe80::1%25eth0]/", none},
    {"address-link-local", "https://[fe80::2%25eth0]/", bad_certificate},
    {"address-mapped", "https://127.0.0.1/", bad_certificate},
    {"address-as-name", "https://127.0.0.1/", bad_certificate},
    {"address-with-mask", "https://127.0.0.1/", bad_certificate},
};

const std::vector<row> paths{
    {"expired", a, certificate_expired},
    {"not-yet-valid", a, bad_certificate},
    {"of-expired-middle", a, certificate_expired},
    {"of-early-middle", a, bad_certificate},
    {"of-expired-root", a, certificate_expired, "expired-root"},
    {"of-unknown-root", a, unknown_ca},
    {"of-unknown-root", a, none, "unknown-root"},
    {"good", a, unknown_ca, "unknown-root"},
    {"of-root", a, none},
    {"self-signed", a, unknown_ca},
    {"self-signed", a, none, "self-signed-root"},
    {"good", a, unknown_ca, "middle-root"},
    {"chain-missing", a, unknown_ca},
    {"of-lower", a, none},
    {"chain-in-disorder", a, none},
    {"chain-with-strangers", a, none},
    {"chain-with-gap", a, unknown_ca},
    {"of-false-root", a, unknown_ca},
    {"two-paths-by-time", a, none},
    {"two-paths-by-root", a, none},
    {"two-paths-unknown-first", a, unknown_ca}, // OpenSSL follows only the first path
    {"broken-signature", a, decrypt_error},

    {"no-purpose", a, none},
    {"two-purposes", a, none},
    {"client-only", a, unsupported_certificate},
    {"mail-only", a, unsupported_certificate},
    {"any-purpose", a, unsupported_certificate},
    {"key-for-lists", a, unsupported_certificate},
    {"of-client-middle", a, unsupported_certificate},
    {"of-server-middle", a, none},

    {"of-no-authority", a, unknown_ca},
    {"of-server", a, unknown_ca},
    {"of-unclear-authority", a, unknown_ca},
    {"of-authority-by-use", a, unknown_ca},
    {"of-no-signing", a, unknown_ca},
    {"of-length-0", a, none},
    {"too-long", a, unknown_ca},
    {"of-below-length-1", a, none},
    {"too-long-by-one", a, unknown_ca},
    {"of-short-root", a, none, "short-root"},
    {"too-long-for-root", a, unknown_ca, "short-root"},

    {"permitted", a, none},
    {"permitted-and-more", a, certificate_unknown},
    {"not-permitted", "https://a.other.test/", certificate_unknown},
    {"not-permitted-suffix", "https://a.notexample.com/", certificate_unknown},
    {"not-permitted-wildcard", "https://a.other.test/", certificate_unknown},
    {"not-permitted-common-name", "https://a.other.test/", bad_certificate},
    {"address-beside-names", "https://127.0.0.1/", none},
    {"excluded", a, certificate_unknown},
    {"not-excluded", "https://a.other.test/", none},
    {"permitted-address", "https://10.1.2.3/", none},
    {"not-permitted-address", "https://127.0.0.1/", certificate_unknown},
    {"not-permitted-below", "https://a.other.test/", certificate_unknown},
    {"permitted-by-root", a, none, "example-root"},
    {"not-permitted-by-root", "https://a.other.test/", certificate_unknown, "example-root"},

    {"unknown-extension", a, none},
    {"unknown-critical-extension", a, certificate_unknown},
    {"of-critical-middle", a, certificate_unknown},

    {"rsa", a, none},
    {"ed25519", a, none},
    {"sha1", a, bad_certificate},
    {"of-sha1-middle", a, bad_certificate},
};

// With `accept_common_names`.
const std::vector<row> common_names{
    {"good", a, none},
    {"common-name", a, none},
    {"common-name", "https://a.example.com./", none},
    {"common-name", "https://b.example.com/", bad_certificate},
    {"common-name-wildcard", a, none},
    {"common-name-other", a, bad_certificate},
    {"common-name-other", "https://b.example.com/", none},
    {"common-name-beside-address", a, none},
    {"common-name-address", "https://127.0.0.1/", bad_certificate},
    {"not-permitted-common-name", "https://a.other.test/", certificate_unknown},
    {"no-names", a, bad_certificate},
    {"wildcard-begin", "https://foo.example.com/", bad_certificate},
    {"expired", a, certificate_expired},
};

// With `accept_partial_wildcards`.
const std::vector<row> partial_wildcards{
    {"good", a, none},
    {"wildcard-begin", "https://foo.example.com/", none},
    {"wildcard-begin", "https://bar.example.com/", bad_certificate},
    {"wildcard-end", "https://foo.example.com/", none},
    {"wildcard-middle", "https://foo.example.com/", bad_certificate},
    {"wildcard-second", a, bad_certificate},
    {"wildcard-in-xn", "https://xn--bcher-kva.example.com/", bad_certificate},
    {"common-name", a, bad_certificate},
};

struct sent_name {
    std::string target;
    std::string name;

    friend std::ostream& operator<<(std::ostream& out, const sent_name& row) {
        return out << row.target;
    }
};

const std::vector<sent_name> sent_names{
    {"https://a.example.com/", "a.example.com"},
    {"https://A.EXAMPLE.com:8443/", "a.example.com"},
    {"https://a.example.com./", "a.example.com"},
    {"https://127.0.0.1/", ""},
    {"https://[2001:db8::1]/", ""},
    {"https://[fe80::1%25eth0]/", ""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(certificates_test)

BOOST_DATA_TEST_CASE(B41_a_certificate_is_for_the_names_that_rfc_9525_allows, data::make(names)) {
    BOOST_TEST(meet(sample, {}) == sample.answer);
}

BOOST_DATA_TEST_CASE(B41_a_certificate_has_a_valid_path_to_a_trusted_root, data::make(paths)) {
    BOOST_TEST(meet(sample, {}) == sample.answer);
}

BOOST_DATA_TEST_CASE(B41_common_names_are_an_option, data::make(common_names)) {
    BOOST_TEST(meet(sample, {.accept_common_names = true}) == sample.answer);
}

BOOST_DATA_TEST_CASE(B41_partial_wildcards_are_an_option, data::make(partial_wildcards)) {
    BOOST_TEST(meet(sample, {.accept_partial_wildcards = true}) == sample.answer);
}

BOOST_DATA_TEST_CASE(B40_the_name_is_sent_without_the_dot_at_its_end_and_no_address_is,
                     data::make(sent_names)) {
    tls_client client{tls_options{.ca_file = certificates().file("root.pem")}};
    tls_session session = client.begin(url{sample.target});
    server peer{"good"};
    (void)peer.shake_hands(session);
    BOOST_TEST(peer.server_name() == sample.name);
}

BOOST_AUTO_TEST_SUITE_END()
