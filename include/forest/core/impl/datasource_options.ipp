// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_DATASOURCE_OPTIONS_IPP
#define FOREST_CORE_IMPL_DATASOURCE_OPTIONS_IPP

#include <forest/core/datasource_options.hpp>
#include <forest/core/schema.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view datasource_category_type::identifier(int value) const noexcept {
    switch (datasource_errc{value}) {
    case datasource_errc::invalid_uri: return "invalid_uri";
    case datasource_errc::invalid_introspection: return "invalid_introspection";
    case datasource_errc::invalid_health_check_interval: return "invalid_health_check_interval";
    case datasource_errc::invalid_health_check_failure_threshold:
        return "invalid_health_check_failure_threshold";
    case datasource_errc::invalid_health_check_success_threshold:
        return "invalid_health_check_success_threshold";
    case datasource_errc::invalid_health_check_timeout: return "invalid_health_check_timeout";
    case datasource_errc::invalid_schema_poll: return "invalid_schema_poll";
    case datasource_errc::invalid_schema_timeout: return "invalid_schema_timeout";
    case datasource_errc::invalid_schema_bytes_max: return "invalid_schema_bytes_max";
    case datasource_errc::invalid_mode: return "invalid_mode";
    case datasource_errc::invalid_schema_settle: return "invalid_schema_settle";
    }
    return {};
}

FOREST_DECL std::string datasource_category_type::message(int value) const {
    switch (datasource_errc{value}) {
    case datasource_errc::invalid_uri:
        return "datasource_options.uri must be the base URL of the server, without query and "
               "fragment, as in http://localhost:3000";
    case datasource_errc::invalid_introspection:
        return "datasource_options.introspection must be a schema: one JSON object with an "
               "array \"collections\" of objects with a \"name\"";
    case datasource_errc::invalid_health_check_interval:
        return "datasource_options.health_check_interval must be greater than 0 and at most "
               "366 days";
    case datasource_errc::invalid_health_check_failure_threshold:
        return "datasource_options.health_check_failure_threshold must be at least 1";
    case datasource_errc::invalid_health_check_success_threshold:
        return "datasource_options.health_check_success_threshold must be at least 1";
    case datasource_errc::invalid_health_check_timeout:
        return "datasource_options.health_check_timeout must be greater than 0 and at most "
               "366 days";
    case datasource_errc::invalid_schema_poll:
        return "datasource_options.schema_poll must be from 1 s to 3600 s";
    case datasource_errc::invalid_schema_timeout:
        return "datasource_options.schema_timeout must be greater than 0 and at most 366 days";
    case datasource_errc::invalid_schema_bytes_max:
        return "datasource_options.schema_bytes_max must be from 1 byte to 1 GiB";
    case datasource_errc::invalid_mode:
        return "datasource_options.mode must be automatic, health or schema_poll";
    case datasource_errc::invalid_schema_settle:
        return "datasource_options.schema_settle must be from 0 to 366 days";
    }
    return "unknown error";
}

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code make_error_code(datasource_errc code) noexcept {
    return {static_cast<int>(code), detail::datasource_category_object.get()};
}

FOREST_DECL std::error_code datasource_options::parse_url(std::string_view path,
                                                          url& result) const {
    if (uri.find_first_of("?#") != std::string::npos)
        return datasource_errc::invalid_uri;
    // The uri is parsed alone first. With a path appended, a uri without a host could be valid.
    url parsed;
    if (const std::error_code ec = url::parse(uri, parsed))
        return ec;
    std::string_view base = uri;
    while (base.back() == '/')
        base.remove_suffix(1);
    return url::parse(std::string{base}.append(path), result);
}

FOREST_DECL std::error_code datasource_options::validate() const {
    constexpr duration poll_max = std::chrono::seconds{3600};
    constexpr std::size_t bytes_limit = std::size_t{1} << 30U;
    url parsed;
    for (const std::string_view path : {health_path, schema_path}) {
        if (const std::error_code ec = parse_url(path, parsed))
            return ec;
    }
    if (name(mode).empty())
        return datasource_errc::invalid_mode;
    if (schema_poll && (*schema_poll < schema_poll_min || *schema_poll > poll_max))
        return datasource_errc::invalid_schema_poll;
    if (schema_settle < duration::zero() || schema_settle > options::duration_max)
        return datasource_errc::invalid_schema_settle;
    if (options{.timeout = schema_timeout}.validate())
        return datasource_errc::invalid_schema_timeout;
    if (schema_bytes_max < 1 || schema_bytes_max > bytes_limit)
        return datasource_errc::invalid_schema_bytes_max;
    if (const std::error_code ec = validate_checks())
        return ec;
    schema content;
    if (!introspection.empty() && schema::parse(introspection, content))
        return datasource_errc::invalid_introspection;
    return {};
}

FOREST_DECL std::error_code datasource_options::validate_checks() const noexcept {
    const std::error_code ec = polled_every(health_check_interval, health_check_timeout).validate();
    if (!ec && hold > polling().interval)
        return errc::invalid_hold;
    if (ec == errc::invalid_interval)
        return datasource_errc::invalid_health_check_interval;
    if (ec == errc::invalid_timeout)
        return datasource_errc::invalid_health_check_timeout;
    if (ec == errc::invalid_failure_threshold)
        return datasource_errc::invalid_health_check_failure_threshold;
    if (ec == errc::invalid_success_threshold)
        return datasource_errc::invalid_health_check_success_threshold;
    return ec;
}

} // namespace forest::inline FOREST_FORM

#endif
