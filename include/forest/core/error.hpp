// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_ERROR_HPP
#define FOREST_CORE_ERROR_HPP

#include <forest/form.hpp>

// All errors of checks, URLs and options, in one std::error_category. Each adapter translates the
// codes of its library into these codes. So the code above an adapter never compares codes of
// another library.

#include <string>
#include <string_view>
#include <system_error>

// The same types in both forms of the library: so an error code may cross from one to the other,
// and is equal to its like. What is here must not depend on anything that differs between the
// forms.
namespace forest::any_form {

/// What went wrong. Each failed check carries exactly one code of the first group (B5).
enum class errc {
    // Why a check failed.
    resolve_failed = 1,
    connection_refused,
    unreachable,
    timed_out,
    tls_failed,
    connection_lost,
    malformed_response,
    response_too_large,
    unsupported_encoding,
    unauthorized,
    unexpected_status,
    malformed_body,
    malformed_schema,
    not_ok,
    stopping,

    // Reasons that say nothing about the server.
    operation_canceled,
    local_resources_exhausted,

    // The option that is out of its range.
    invalid_interval,
    invalid_timeout,
    invalid_failure_threshold,
    invalid_success_threshold,
    invalid_initial_delay_max,
    invalid_interval_jitter,
    invalid_stall_tolerance,
    invalid_backoff,
    invalid_tick,
    invalid_checks_in_flight_max,
    invalid_connections_per_second_max,

    // What is wrong with a URL.
    url_malformed,
    url_scheme_unsupported,
    url_userinfo_refused,
    url_host_missing,
    url_port_invalid,
    url_too_long,

    // What is wrong with a secret, a header field or a certificate.
    secret_missing,
    header_invalid,
    header_too_large,
    tls_configuration_invalid,

    // Why a server could not be set up.
    verifier_missing,
    hash_missing,
    path_invalid,
    address_in_use,
    listen_failed,

    // More reasons why a check failed: the first bytes from the server are not of the protocol that
    // the URL names. These codes are not in the first group because the numbers of the other codes
    // must not change.
    tls_expected,
    plain_http_expected,
    http2_only,
    other_protocol,

    // Later additions to the groups above.
    resolver_unavailable, // says nothing about the server
    invalid_doubt_max,    // an option is out of its range
    url_host_not_ascii,   // what is wrong with a URL
    url_zone_invalid,
    unexpected_body,         // why a check failed
    probe_failed,            // says nothing about the server
    expected_status_invalid, // what is wrong with a probe
    method_invalid,
    service_unknown, // why a check failed

    // What is wrong with a check of a route.
    check_name_invalid,
    check_function_missing,
    invalid_check_deadline,
    invalid_check_cache_for,

    // Held checks: an option is out of its range, or a target cannot be held.
    invalid_hold_max,
    invalid_held_max,
    invalid_held_per_address_max,
    invalid_hold,
    invalid_confirm_after,
    too_many_held,
    too_few_descriptors,
    held_answer_late, // says nothing about the server
};

/// Groups of errors, for code that does not need the exact error: `ec == condition::unhealthy`.
enum class condition {
    no_connection =
        1,        ///< no complete answer: no address or connection, TLS failed, timeout, or cut off
    bad_answer,   ///< an answer came, but it is not valid HTTP, is of another protocol, too large,
                  ///< encoded, or not the expected JSON
    unhealthy,    ///< the answer is valid, but not healthy: by its HTTP status, by its member
                  ///< `status`, or because the server announces its stop
    check_failed, ///< any of the three above
    invalid_argument, ///< an option, URL, secret, header or path that cannot be used
};

/// Returns the identifier of an error, such as `"timed_out"`. It is short, and does not change
/// after a release. So it can be the label of a metric or a key in a database. Empty for a value
/// that is no `errc`.
[[nodiscard]] constexpr std::string_view name(errc code) noexcept {
    switch (code) {
    case errc::resolve_failed: return "resolve_failed";
    case errc::connection_refused: return "connection_refused";
    case errc::unreachable: return "unreachable";
    case errc::timed_out: return "timed_out";
    case errc::tls_failed: return "tls_failed";
    case errc::connection_lost: return "connection_lost";
    case errc::malformed_response: return "malformed_response";
    case errc::response_too_large: return "response_too_large";
    case errc::unsupported_encoding: return "unsupported_encoding";
    case errc::unauthorized: return "unauthorized";
    case errc::unexpected_status: return "unexpected_status";
    case errc::malformed_body: return "malformed_body";
    case errc::malformed_schema: return "malformed_schema";
    case errc::not_ok: return "not_ok";
    case errc::stopping: return "stopping";
    case errc::operation_canceled: return "operation_canceled";
    case errc::local_resources_exhausted: return "local_resources_exhausted";
    case errc::resolver_unavailable: return "resolver_unavailable";
    case errc::invalid_interval: return "invalid_interval";
    case errc::invalid_timeout: return "invalid_timeout";
    case errc::invalid_failure_threshold: return "invalid_failure_threshold";
    case errc::invalid_success_threshold: return "invalid_success_threshold";
    case errc::invalid_initial_delay_max: return "invalid_initial_delay_max";
    case errc::invalid_interval_jitter: return "invalid_interval_jitter";
    case errc::invalid_stall_tolerance: return "invalid_stall_tolerance";
    case errc::invalid_doubt_max: return "invalid_doubt_max";
    case errc::invalid_backoff: return "invalid_backoff";
    case errc::invalid_tick: return "invalid_tick";
    case errc::invalid_checks_in_flight_max: return "invalid_checks_in_flight_max";
    case errc::invalid_connections_per_second_max: return "invalid_connections_per_second_max";
    case errc::url_malformed: return "url_malformed";
    case errc::url_scheme_unsupported: return "url_scheme_unsupported";
    case errc::url_userinfo_refused: return "url_userinfo_refused";
    case errc::url_host_missing: return "url_host_missing";
    case errc::url_port_invalid: return "url_port_invalid";
    case errc::url_too_long: return "url_too_long";
    case errc::url_host_not_ascii: return "url_host_not_ascii";
    case errc::url_zone_invalid: return "url_zone_invalid";
    case errc::secret_missing: return "secret_missing";
    case errc::header_invalid: return "header_invalid";
    case errc::header_too_large: return "header_too_large";
    case errc::tls_configuration_invalid: return "tls_configuration_invalid";
    case errc::verifier_missing: return "verifier_missing";
    case errc::hash_missing: return "hash_missing";
    case errc::path_invalid: return "path_invalid";
    case errc::address_in_use: return "address_in_use";
    case errc::listen_failed: return "listen_failed";
    case errc::tls_expected: return "tls_expected";
    case errc::plain_http_expected: return "plain_http_expected";
    case errc::http2_only: return "http2_only";
    case errc::other_protocol: return "other_protocol";
    case errc::unexpected_body: return "unexpected_body";
    case errc::probe_failed: return "probe_failed";
    case errc::expected_status_invalid: return "expected_status_invalid";
    case errc::method_invalid: return "method_invalid";
    case errc::service_unknown: return "service_unknown";
    case errc::check_name_invalid: return "check_name_invalid";
    case errc::check_function_missing: return "check_function_missing";
    case errc::invalid_check_deadline: return "invalid_check_deadline";
    case errc::invalid_check_cache_for: return "invalid_check_cache_for";
    case errc::invalid_hold_max: return "invalid_hold_max";
    case errc::invalid_held_max: return "invalid_held_max";
    case errc::invalid_held_per_address_max: return "invalid_held_per_address_max";
    case errc::invalid_hold: return "invalid_hold";
    case errc::invalid_confirm_after: return "invalid_confirm_after";
    case errc::too_many_held: return "too_many_held";
    case errc::too_few_descriptors: return "too_few_descriptors";
    case errc::held_answer_late: return "held_answer_late";
    }
    return {};
}

/// Returns the identifier of a group of errors, such as `"no_connection"`, for a label with fewer
/// values.
[[nodiscard]] constexpr std::string_view name(condition group) noexcept {
    switch (group) {
    case condition::no_connection: return "no_connection";
    case condition::bad_answer: return "bad_answer";
    case condition::unhealthy: return "unhealthy";
    case condition::check_failed: return "check_failed";
    case condition::invalid_argument: return "invalid_argument";
    }
    return {};
}

/// Returns a sentence for a human reader: what happened, and what to do.
[[nodiscard]] constexpr std::string_view explanation(errc code) noexcept {
    switch (code) {
    case errc::resolve_failed:
        return "there is no address for the host name; check its spelling and the DNS";
    case errc::connection_refused: return "nothing listens at the address; is the server running?";
    case errc::unreachable: return "no route to the address; check the network";
    case errc::timed_out: return "no complete answer within the timeout";
    case errc::tls_failed:
        return "the TLS handshake failed; check the certificate, the host name and the CA file";
    case errc::connection_lost: return "the connection was closed before the answer was complete";
    case errc::malformed_response: return "the answer is not valid HTTP/1.1";
    case errc::response_too_large: return "the answer exceeds the limit on header or body";
    case errc::unsupported_encoding:
        return "the body is encoded, but the request did not ask for an encoding";
    case errc::unauthorized:
        return "the server refused the request: it received no signature, or a wrong one; "
               "check the secret, both clocks, and whether a proxy drops field names with "
               "underscores (--header-style dash)";
    case errc::unexpected_status: return "the HTTP status is not one that the check expects";
    case errc::malformed_body: return "the body is not one JSON object";
    case errc::malformed_schema:
        return "the body is no schema: it needs an array \"collections\" of objects with a "
               "\"name\"";
    case errc::not_ok:
        return "the answer does not say that the server is well; a health route says "
               "{\"status\":\"ok\"}";
    case errc::stopping: return "the server announced that it is stopping";
    case errc::operation_canceled: return "the operation was cancelled";
    case errc::local_resources_exhausted:
        return "this machine could not open a connection; raise the limit on open files (ulimit "
               "-n), keep fewer connections, or widen net.ipv4.ip_local_port_range";
    case errc::resolver_unavailable:
        return "the name service did not answer, so that nothing is known of the server; check the "
               "network and the name servers in /etc/resolv.conf";
    case errc::invalid_interval:
        return "options.interval must be greater than 0 and at most 366 days";
    case errc::invalid_timeout:
        return "options.timeout must be greater than 0 and at most 366 days";
    case errc::invalid_failure_threshold: return "options.failure_threshold must be at least 1";
    case errc::invalid_success_threshold: return "options.success_threshold must be at least 1";
    case errc::invalid_initial_delay_max:
        return "options.initial_delay_max must be from 0 to 366 days";
    case errc::invalid_interval_jitter: return "options.interval_jitter must be from 0 to 0.5";
    case errc::invalid_stall_tolerance:
        return "options.stall_tolerance must be from 0, in a fleet from its tick, to 366 days";
    case errc::invalid_doubt_max: return "options.doubt_max must be from 0 to 100";
    case errc::invalid_backoff: return "the backoff must return a duration greater than 0";
    case errc::invalid_tick: return "fleet_options.tick must be from 1 ms to 1 s";
    case errc::invalid_checks_in_flight_max:
        return "fleet_options.checks_in_flight_max must be at least 1";
    case errc::invalid_connections_per_second_max:
        return "fleet_options.connections_per_second_max must be at least 1, or 0 for no bound";
    case errc::url_malformed:
        return "the URL has a character or a form that RFC 3986 does not allow, dots that no host "
               "has, or a path behind tcp://";
    case errc::url_scheme_unsupported:
        return "the URL must begin with http://, https://, http+unix:// or tcp://";
    case errc::url_userinfo_refused: return "the URL must not carry a user name or password";
    case errc::url_host_missing:
        return "the URL names no host; a unix socket is named by its path, with %2F for each /, as "
               "in http+unix://%2Frun%2Fapp.sock/forest/health";
    case errc::url_port_invalid:
        return "the port of the URL must be from 1 to 65535; tcp:// needs one, and a unix socket "
               "has none";
    case errc::url_too_long: return "the URL, or the socket path in it, is too long";
    case errc::url_host_not_ascii:
        return "the host name of the URL is not ASCII; write its ASCII form, whose labels begin "
               "with xn--, as the command idn2 prints it";
    case errc::url_zone_invalid:
        return "the zone of the URL must be the name or number of a network interface, 1 to 15 "
               "characters after %25, behind a link-local address, as in http://[fe80::1%25eth0]/";
    case errc::secret_missing: return "the secret is empty; give the one that the server has";
    case errc::header_invalid: return "a header field has a character that HTTP does not allow";
    case errc::header_too_large: return "the header fields exceed their buffer";
    case errc::tls_configuration_invalid:
        return "a certificate, key or CA file cannot be read, or cannot be used";
    case errc::verifier_missing:
        return "a route needs a verifier; accept_unsigned is the one that accepts everybody";
    case errc::hash_missing:
        return "a schema route needs a hash for its etags; sha1_hex is the one that peers use";
    case errc::path_invalid: return "a route's path must begin with / and be registered once";
    case errc::address_in_use:
        return "another process listens at this address already, or the file there is no socket";
    case errc::listen_failed: return "the address cannot be listened on";
    case errc::tls_expected:
        return "the server speaks TLS at this port; begin the URL with https://, or use its port "
               "for plain HTTP";
    case errc::plain_http_expected:
        return "the server does not speak TLS at this port; begin the URL with http://, or use its "
               "port for TLS";
    case errc::http2_only:
        return "the server speaks HTTP/2 only, but a check needs HTTP/1.1; enable HTTP/1.1 at the "
               "server or at the proxy before it";
    case errc::other_protocol:
        return "another protocol than HTTP answers, such as SSH, SMTP or FTP; check the port of "
               "the URL";
    case errc::unexpected_body: return "the body is not the one that the probe expects";
    case errc::probe_failed:
        return "the probe itself failed, so that nothing is known of the server; mend the function "
               "that looks at the body";
    case errc::expected_status_invalid:
        return "an expected status must be from 100 to 599, and a range must not end before it "
               "begins";
    case errc::method_invalid: return "the method must be a token, such as HEAD, and not CONNECT";
    case errc::service_unknown:
        return "the server does not know the service; check its name, and that the server has a "
               "gRPC health service";
    case errc::check_name_invalid:
        return "the name of a check must have 1 to 128 bytes, and be that of no other check of the "
               "route";
    case errc::check_function_missing:
        return "a check needs a function, and one that blocks needs a pool to run on";
    case errc::invalid_check_deadline:
        return "check_options.deadline must be greater than 0 and at most 366 days";
    case errc::invalid_check_cache_for: return "check_options.cache_for must be from 0 to 366 days";
    case errc::invalid_hold_max:
        return "hold_max must be from 1 s to 240 s, or 0 for a route that holds no answers";
    case errc::invalid_held_max:
        return "held_max must be at least 1 in route_options, and at least 0 in fleet_options";
    case errc::invalid_held_per_address_max: return "held_per_address_max must be at least 1";
    case errc::invalid_hold:
        return "options.hold must be 0, or from 1 to 240 s and at most the interval";
    case errc::invalid_confirm_after:
        return "each delay of options.confirm_after must be from 0 to 366 days";
    case errc::too_many_held:
        return "the fleet has fleet_options.held_max targets with options.hold already";
    case errc::too_few_descriptors:
        return "the limit of descriptors is too low for another target with options.hold; raise it "
               "(ulimit -n), or lower fleet_options.checks_in_flight_max";
    case errc::held_answer_late:
        return "a held answer was read late, because this process was late, so that it is asked "
               "again";
    }
    return "unknown error";
}

/// Returns the sentence for a failed check. With `errc::unauthorized` it also says whether a
/// signature was sent, which only the caller knows.
[[nodiscard]] constexpr std::string_view explanation(errc code, bool signature_sent) noexcept {
    if (code != errc::unauthorized)
        return explanation(code);
    return signature_sent
               ? "a signature was sent, and the server refused it; check the secret on both sides, "
                 "both clocks, and whether a proxy drops field names with underscores "
                 "(--header-style dash)"
               : "no signature was sent, and the server asks for one; give the secret that the "
                 "server has";
}

/// Returns whether the code is a reason for a failed check.
[[nodiscard]] constexpr bool is_check_failure(errc code) noexcept {
    return (errc::resolve_failed <= code && code <= errc::stopping) ||
           (errc::tls_expected <= code && code <= errc::other_protocol) ||
           code == errc::unexpected_body || code == errc::service_unknown;
}

constexpr bool belongs_to(errc code, condition group) noexcept {
    switch (group) {
    case condition::no_connection:
        return errc::resolve_failed <= code && code <= errc::connection_lost;
    case condition::bad_answer:
        return (errc::malformed_response <= code && code <= errc::unsupported_encoding) ||
               code == errc::malformed_body || code == errc::malformed_schema ||
               (errc::tls_expected <= code && code <= errc::other_protocol);
    case condition::unhealthy:
        return code == errc::unauthorized || code == errc::unexpected_status ||
               code == errc::not_ok || code == errc::stopping || code == errc::unexpected_body ||
               code == errc::service_unknown;
    case condition::check_failed: return is_check_failure(code);
    case condition::invalid_argument:
        return (errc::invalid_interval <= code && code <= errc::path_invalid) ||
               (errc::invalid_doubt_max <= code && code <= errc::url_zone_invalid) ||
               (errc::expected_status_invalid <= code && code <= errc::method_invalid) ||
               (errc::check_name_invalid <= code && code <= errc::too_few_descriptors);
    }
    return false;
}

// A constant whose destructor never runs. Another thread may still use an error code while the
// program ends, and a destroyed category has no messages.
template <typename Object>
class never_destroyed {
public:
    constexpr never_destroyed() noexcept : object_{} {}
    never_destroyed(const never_destroyed&) = delete;
    never_destroyed& operator=(const never_destroyed&) = delete;
    ~never_destroyed() {} // NOLINT(modernize-use-equals-default): the default one is deleted

    [[nodiscard]] constexpr const Object& get() const noexcept { return object_; }

private:
    union {
        Object object_;
    };
};

// A category whose codes also have identifiers. A std::error_category has only messages.
class named_category : public std::error_category {
public:
    // Empty for a value that is no code. The text is a constant.
    virtual std::string_view identifier(int value) const noexcept = 0;

protected:
    ~named_category() override = default;
};

class error_category_type final : public named_category {
public:
    const char* name() const noexcept override { return "forest"; }
    std::string_view identifier(int value) const noexcept override {
        return any_form::name(errc{value});
    }
    std::string message(int value) const override { return std::string{explanation(errc{value})}; }
};

class condition_category_type final : public std::error_category {
public:
    const char* name() const noexcept override { return "forest.condition"; }
    std::string message(int value) const override {
        switch (condition{value}) {
        case condition::no_connection: return "no answer came";
        case condition::bad_answer: return "the answer cannot be understood";
        case condition::unhealthy: return "the answer says that the server is not well";
        case condition::check_failed: return "the check failed";
        case condition::invalid_argument: return "an argument cannot be used";
        }
        return "unknown condition";
    }
    bool equivalent(const std::error_code& code, int value) const noexcept override;
};

inline constinit const never_destroyed<error_category_type> error_category_object;
inline constinit const never_destroyed<condition_category_type> condition_category_object;

inline bool condition_category_type::equivalent(const std::error_code& code,
                                                int value) const noexcept {
    return code.category() == error_category_object.get() &&
           belongs_to(errc{code.value()}, condition{value});
}

/// The category of every `errc`; its name is `forest`.
[[nodiscard]] inline const std::error_category& error_category() noexcept {
    return error_category_object.get();
}

[[nodiscard]] inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

[[nodiscard]] inline std::error_condition make_error_condition(condition group) noexcept {
    return {static_cast<int>(group), condition_category_object.get()};
}

} // namespace forest::any_form

namespace forest::inline FOREST_FORM {

using any_form::condition;
using any_form::errc;
using any_form::error_category;
using any_form::explanation;
using any_form::is_check_failure;
using any_form::make_error_code;
using any_form::make_error_condition;
using any_form::name;

/// Returns a short name of a code, for labels, JSON and logs; it does not change after a release.
/// For an error of this library it is the identifier; for any other code it is the name of its
/// category, such as `"system"`. If there is no error, it is empty. For a value that is no code of
/// its category, it is `"unknown"`. The text is a constant.
[[nodiscard]] FOREST_DECL std::string_view name(const std::error_code& code) noexcept;

namespace detail {

using any_form::named_category;
using any_form::never_destroyed;

// The category for one kind of options. Each of its codes means an invalid argument.
class option_category : public named_category {
public:
    std::error_condition default_error_condition(int) const noexcept override;

protected:
    ~option_category() override = default;
};

} // namespace detail

} // namespace forest::inline FOREST_FORM

template <>
struct std::is_error_code_enum<forest::errc> : std::true_type {};
template <>
struct std::is_error_condition_enum<forest::condition> : std::true_type {};

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/core/impl/error.ipp>
#endif

#endif
