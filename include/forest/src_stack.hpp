// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_STACK_HPP
#define FOREST_SRC_STACK_HPP

// The part of forest/src.hpp that needs Asio, OpenSSL and fmt. Two files that compile one part each
// are compiled at the same time.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/asio/detail/get/impl/client_stream.ipp>
#include <forest/adapters/asio/detail/get/impl/get_addresses.ipp>
#include <forest/adapters/asio/detail/get/impl/get_operation_pool.ipp>
#include <forest/adapters/asio/detail/get/impl/pooled_io.ipp>
#include <forest/adapters/asio/detail/get/impl/standalone_io.ipp>
#include <forest/adapters/asio/detail/io/impl/client_socket.ipp>
#include <forest/adapters/asio/detail/io/impl/error.ipp>
#include <forest/adapters/asio/detail/io/impl/handler_memory.ipp>
#include <forest/adapters/asio/detail/io/impl/literal_endpoint.ipp>
#include <forest/adapters/asio/detail/io/impl/serial_task.ipp>
#include <forest/adapters/asio/detail/io/impl/step_handler.ipp>
#include <forest/adapters/asio/detail/io/impl/stream_socket.ipp>
#include <forest/adapters/asio/detail/io/impl/task_mailbox.ipp>
#include <forest/adapters/asio/detail/pool/impl/deadline_queue.ipp>
#include <forest/adapters/asio/detail/pool/impl/epoll_set.ipp>
#include <forest/adapters/asio/detail/pool/impl/pooled_socket.ipp>
#include <forest/adapters/asio/detail/pool/impl/socket_pool.ipp>
#include <forest/adapters/asio/detail/pool/impl/wake_queue.ipp>
#include <forest/adapters/asio/detail/server/impl/server_address.ipp>
#include <forest/adapters/asio/detail/server/impl/server_connection.ipp>
#include <forest/adapters/asio/detail/server/impl/server_eviction.ipp>
#include <forest/adapters/asio/detail/server/impl/server_listener.ipp>
#include <forest/adapters/asio/detail/server/impl/server_memory.ipp>
#include <forest/adapters/asio/detail/server/impl/server_party.ipp>
#include <forest/adapters/asio/detail/server/impl/server_state.ipp>
#include <forest/adapters/asio/detail/server/impl/server_stream.ipp>
#include <forest/adapters/asio/detail/server/impl/spare_descriptor.ipp>
#include <forest/adapters/asio/detail/shards/impl/target_registry.ipp>
#include <forest/adapters/asio/impl/asio_clock.ipp>
#include <forest/adapters/asio/impl/asio_connection_pool.ipp>
#include <forest/adapters/asio/impl/asio_names.ipp>
#include <forest/adapters/asio/impl/asio_serializer.ipp>
#include <forest/adapters/asio/impl/asio_server.ipp>
#include <forest/adapters/asio/impl/asio_transport.ipp>
#include <forest/adapters/asio/impl/async_check.ipp>
#include <forest/adapters/asio/impl/background.ipp>
#include <forest/adapters/asio/impl/executor_source.ipp>
#include <forest/adapters/asio/impl/failure_reporter.ipp>
#include <forest/adapters/asio/impl/pending_get.ipp>
#include <forest/adapters/asio/impl/pooled_transport.ipp>
#include <forest/adapters/asio/impl/post_to.ipp>
#include <forest/adapters/asio/impl/server_limits.ipp>
#include <forest/adapters/asio/impl/server_responder.ipp>
#include <forest/adapters/asio/impl/shutdown_signals.ipp>
#include <forest/adapters/asio/impl/unix_socket_options.ipp>
#include <forest/adapters/fmt/impl/log_line.ipp>
#include <forest/adapters/fmt/impl/log_observer.ipp>
#include <forest/adapters/openssl/detail/impl/replay_memory.ipp>
#include <forest/adapters/openssl/detail/impl/tls_callbacks.ipp>
#include <forest/adapters/openssl/detail/impl/tls_ticket.ipp>
#include <forest/adapters/openssl/impl/hmac_sha256.ipp>
#include <forest/adapters/openssl/impl/hmac_sha256_signer.ipp>
#include <forest/adapters/openssl/impl/hmac_sha256_verifier.ipp>
#include <forest/adapters/openssl/impl/openssl_at_exit.ipp>
#include <forest/adapters/openssl/impl/sha1.ipp>
#include <forest/adapters/openssl/impl/signature_errc.ipp>
#include <forest/adapters/openssl/impl/tls_client.ipp>
#include <forest/adapters/openssl/impl/tls_context.ipp>
#include <forest/adapters/openssl/impl/tls_session.ipp>

#include <forest/forest.hpp>

// The usual clients and routes, which the headers of the default policies declare as `extern
// template`.

namespace forest::inline FOREST_FORM::detail {

template std::shared_ptr<health_control> make_health_loop(asio_transport, asio_clock,
                                                          hmac_sha256_signer, exponential_backoff,
                                                          probes::health, url, const options&,
                                                          const random_generator*);
template std::shared_ptr<health_control>
make_health_loop<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff,
                 probes::health>(asio_clock, std::string_view, url, const options&);
template class fleet_loop<pooled_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;
template class datasource_loop<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

} // namespace forest::inline FOREST_FORM::detail

namespace forest::inline FOREST_FORM {

template class basic_health_route<asio_server>;
template class basic_schema_route<asio_server>;

} // namespace forest::inline FOREST_FORM

#endif
