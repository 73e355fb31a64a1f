// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_HPP
#define FOREST_SRC_HPP

// The compiled form: define FOREST_SEPARATE_COMPILATION for all files of a program, and include this
// header in one of them.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files, also for the one that includes forest/src.hpp"
#endif

#include <forest/adapters/asio/detail/get/impl/pooled_io.ipp>
#include <forest/adapters/asio/detail/get/impl/standalone_io.ipp>
#include <forest/adapters/asio/detail/io/impl/client_socket.ipp>
#include <forest/adapters/asio/detail/io/impl/error.ipp>
#include <forest/adapters/asio/detail/io/impl/handler_memory.ipp>
#include <forest/adapters/asio/detail/io/impl/literal_endpoint.ipp>
#include <forest/adapters/asio/detail/io/impl/serial_task.ipp>
#include <forest/adapters/asio/detail/io/impl/stream_socket.ipp>
#include <forest/adapters/asio/detail/io/impl/task_mailbox.ipp>
#include <forest/adapters/asio/detail/pool/impl/deadline_queue.ipp>
#include <forest/adapters/asio/detail/pool/impl/epoll_set.ipp>
#include <forest/adapters/asio/detail/pool/impl/pooled_socket.ipp>
#include <forest/adapters/asio/detail/pool/impl/socket_pool.ipp>
#include <forest/adapters/asio/detail/pool/impl/wake_queue.ipp>
#include <forest/adapters/asio/detail/server/impl/server_connection.ipp>
#include <forest/adapters/asio/detail/server/impl/server_eviction.ipp>
#include <forest/adapters/asio/detail/server/impl/server_listener.ipp>
#include <forest/adapters/asio/detail/server/impl/server_memory.ipp>
#include <forest/adapters/asio/detail/server/impl/server_socket_file.ipp>
#include <forest/adapters/asio/detail/server/impl/server_state.ipp>
#include <forest/adapters/asio/detail/server/impl/server_stream.ipp>
#include <forest/adapters/asio/detail/server/impl/spare_descriptor.ipp>
#include <forest/adapters/asio/detail/shards/impl/target_registry.ipp>
#include <forest/adapters/asio/impl/asio_clock.ipp>
#include <forest/adapters/asio/impl/asio_connection_pool.ipp>
#include <forest/adapters/asio/impl/asio_serializer.ipp>
#include <forest/adapters/asio/impl/asio_server.ipp>
#include <forest/adapters/asio/impl/async_check.ipp>
#include <forest/adapters/asio/impl/background.ipp>
#include <forest/adapters/asio/impl/failure_reporter.ipp>
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
#include <forest/adapters/openssl/impl/sha1.ipp>
#include <forest/adapters/openssl/impl/signature_errc.ipp>
#include <forest/adapters/openssl/impl/tls_client.ipp>
#include <forest/adapters/openssl/impl/tls_context.ipp>
#include <forest/adapters/openssl/impl/tls_session.ipp>
#include <forest/adapters/posix/detail/impl/descriptor.ipp>
#include <forest/adapters/posix/detail/impl/lookup_threads.ipp>
#include <forest/adapters/posix/detail/impl/socket_peer.ipp>
#include <forest/adapters/posix/impl/address_of.ipp>
#include <forest/adapters/posix/impl/file_version.ipp>
#include <forest/adapters/posix/impl/getaddrinfo_resolver.ipp>
#include <forest/adapters/posix/impl/hosts_file.ipp>
#include <forest/adapters/posix/impl/socket_client.ipp>

#endif
