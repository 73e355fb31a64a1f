// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_PROBES_HPP
#define FOREST_PROBES_HPP

#include <forest/core/message_limits.hpp>
#include <forest/core/time.hpp>
#include <forest/core/verdict.hpp>
#include <forest/form.hpp>
#include <forest/health_probe.hpp>
#include <forest/policy/probe.hpp>
#include <forest/policy/transport.hpp>

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// What to ask of a server, and what counts as healthy.

namespace forest::inline FOREST_FORM::probes {

/// An agent without a health route: `GET /forest` returns 2xx with a JSON object whose `message` is
/// "Agent is running". It needs no signature. The URL names the path.
struct agent_root {
    void prepare(request&) const noexcept {}

    [[nodiscard]] FOREST_DECL verdict judge(const reply& answer, wall_time now) const noexcept;
};

/// A server that reports its health in JSON, as the draft "Health Check Response Format for HTTP
/// APIs" (draft-inadarei-api-health-check) says, or as other frameworks do. The answer must be 2xx.
/// Then its `status` decides, case-insensitively: `pass`, `ok` and `up` are healthy. `warn` is
/// healthy, too, with `verdict::degraded`. Any other one is `errc::not_ok`, also with another HTTP
/// status. An empty body is healthy. A field `x-envoy-degraded` in a healthy answer makes it
/// degraded.
struct health_json {
    FOREST_DECL void prepare(request& get) const;

    [[nodiscard]] FOREST_DECL verdict judge(const reply& answer, wall_time now) const noexcept;
};

/// The health service of gRPC, `grpc.health.v1.Health/Check`. It needs a transport with HTTP/2,
/// such as `curl_transport`, and a URL with the path `grpc_health::path`. SERVING is healthy,
/// NOT_SERVING is `errc::not_ok`. A service that the server does not know is
/// `errc::service_unknown`. An answer that is not gRPC is `errc::malformed_body`.
class grpc_health {
public:
    static constexpr transport_abilities needs{.methods = true, .bodies = true, .trailers = true};

    static constexpr std::string_view path = "/grpc.health.v1.Health/Check";

    /// Asks for a service, or for the whole server if the name is empty.
    explicit grpc_health(std::string_view service = {}) : service_{service} {}

    FOREST_DECL void prepare(request& get) const;

    [[nodiscard]] FOREST_DECL verdict judge(const reply& answer, wall_time now) const noexcept;

private:
    std::string service_;
};

/// A range of HTTP statuses, both ends included.
struct status_range {
    int first = 200;
    int last = 299;
};

/// The part of a basic_status that does not depend on the method.
class expected_answer {
public:
    /// Throws std::system_error with `errc::expected_status_invalid` unless each range lies within
    /// 100 to 599 and does not end before it begins; there must be at least one.
    FOREST_DECL explicit expected_answer(std::vector<status_range> statuses);

    FOREST_DECL void add_field(std::string_view name, std::string_view value);
    FOREST_DECL void set_method(std::string_view name);
    FOREST_DECL void set_body(std::function<bool(std::string_view)> holds);
    void set_limits(const message_limits& limits) noexcept { limits_ = limits; }

    FOREST_DECL void prepare(request& get) const;

    [[nodiscard]] FOREST_DECL verdict judge(const reply& answer, wall_time now) const noexcept;

private:
    [[nodiscard]] bool expects(int status) const noexcept;

    // Throws if a body is expected from a method whose answer has none.
    void check_body() const;

    std::vector<status_range> statuses_;
    std::vector<std::pair<std::string, std::string>> fields_;
    std::string method_;
    std::function<bool(std::string_view)> body_;
    message_limits limits_;
};

/// Any server that speaks HTTP: the status decides, and, if you say so, the body.
///
/// From examples/recipes/watch_anything.cpp:
///     auto shop = forest::probes::status(200, 399);
///     shop.header("Host", "shop.example").body_has("in stock");
///
/// An unexpected status is `errc::unexpected_status`, or `errc::unauthorized` for 401 and 403; an
/// unexpected body is `errc::unexpected_body`. A field `x-envoy-degraded` in a healthy answer sets
/// `verdict::degraded`. Redirects are not followed.
///
/// **Thread safety:** that of a value.
///
/// **Lifetime:** a client copies its probe, and so the function that looks at the body.
///
/// **Errors:** the members below throw std::system_error, and std::bad_alloc. If the function that
/// looks at the body throws, the check is inconclusive, with `errc::probe_failed`.
template <bool AnyMethod>
class basic_status {
public:
    static constexpr transport_abilities needs{.methods = AnyMethod};

    /// Expects one of these statuses. Throws std::system_error with
    /// `errc::expected_status_invalid`.
    explicit basic_status(std::vector<status_range> expected) : answer_{std::move(expected)} {}

    /// Adds a field to each request. `Host`, `User-Agent` and `Accept` replace the usual ones.
    /// Throws `errc::header_invalid` for a field that HTTP does not allow, and for `Connection`,
    /// `Content-Length` and `Transfer-Encoding`, which belong to the transport;
    /// `errc::header_too_large` if the fields exceed `header_fields::capacity`.
    basic_status& header(std::string_view name, std::string_view value) {
        answer_.add_field(name, value);
        return *this;
    }

    /// The body is expected only if `holds(body)` returns true. It is called on the clock's
    /// execution context. A body with a `Content-Encoding` is `errc::unsupported_encoding`. Throws
    /// `errc::method_invalid` if the method is HEAD.
    basic_status& body(std::function<bool(std::string_view)> holds) {
        answer_.set_body(std::move(holds));
        return *this;
    }

    /// The body must have this text in it.
    basic_status& body_has(std::string text) {
        return body([text = std::move(text)](std::string_view body) {
            return body.find(text) != std::string_view::npos;
        });
    }

    /// Reads larger answers than those of a health route; see message_limits.
    basic_status& limits(const message_limits& largest) {
        answer_.set_limits(largest);
        return *this;
    }

    /// Returns the same probe with another method, such as HEAD. Throws `errc::method_invalid` if
    /// it is no token of at most 32 bytes, if it is CONNECT, or if it is HEAD and a body is
    /// expected.
    [[nodiscard]] basic_status<true> method(std::string_view name) const {
        basic_status<true> other{answer_};
        other.answer_.set_method(name);
        return other;
    }

    void prepare(request& get) const { answer_.prepare(get); }

    [[nodiscard]] verdict judge(const reply& answer, wall_time now) const noexcept {
        return answer_.judge(answer, now);
    }

private:
    template <bool>
    friend class basic_status;

    explicit basic_status(const expected_answer& answer) : answer_{answer} {}

    expected_answer answer_;
};

/// Expects one status.
[[nodiscard]] inline basic_status<false> status(int expected) {
    return basic_status<false>{{{expected, expected}}};
}

/// Expects a status from `first` to `last`.
[[nodiscard]] inline basic_status<false> status(int first, int last) {
    return basic_status<false>{{{first, last}}};
}

/// Expects a status of any of these ranges: `probes::status({{200, 204}, {301, 301}})`.
[[nodiscard]] inline basic_status<false> status(std::initializer_list<status_range> expected) {
    return basic_status<false>{std::vector<status_range>{expected}};
}

static_assert(probe<grpc_health> && probe<health> && probe<agent_root> && probe<health_json> &&
              probe<basic_status<false>>);

} // namespace forest::inline FOREST_FORM::probes

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/impl/probes.ipp>
#endif

#endif
