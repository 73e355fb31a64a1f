// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_FWD_HPP
#define FOREST_FWD_HPP

#include <forest/basic_fwd.hpp>
#include <forest/form.hpp>

#include <cstdint>

// Declares the types of the library without defining them. For headers that only take a reference
// or a pointer, such as `void watch(forest::health_client& client);`.

namespace forest::any_form {
enum class condition;
enum class errc;
} // namespace forest::any_form

namespace forest::inline FOREST_FORM {

// Values.
using any_form::condition;
using any_form::errc;
enum class event_kind : std::uint8_t;
enum class http_method;
enum class schema_source : std::uint8_t;
enum class severity : std::uint8_t;
enum class target_status : std::uint8_t;
class header_fields;
class field_view;
class schema;
class url;
struct datasource_options;
struct event;
struct fleet_options;
struct fleet_statistics;
struct health_document;
struct options;
struct outage;
struct reply;
struct request;
struct response;
struct target_snapshot;
struct verdict;

// Policies.
class asio_clock;
class asio_server;
class getaddrinfo_resolver;
class hmac_sha256_signer;
class hmac_sha256_verifier;
struct exponential_backoff;
template <typename Resolver>
class basic_asio_transport;
template <typename Resolver>
class basic_pooled_transport;

using asio_transport = basic_asio_transport<getaddrinfo_resolver>;
using pooled_transport = basic_pooled_transport<getaddrinfo_resolver>;

// What watches, and what responds.
template <typename Transport, typename Clock, typename Signer, typename Backoff>
class basic_datasource;
template <typename Server>
class basic_health_route;
template <typename Server>
class basic_schema_route;

using datasource =
    basic_datasource<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;
using health_client =
    basic_health_client<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;
using health_fleet =
    basic_health_fleet<pooled_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;
using health_route = basic_health_route<asio_server>;
using schema_route = basic_schema_route<asio_server>;

} // namespace forest::inline FOREST_FORM

#endif
