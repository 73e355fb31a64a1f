// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_HPP
#define FOREST_SRC_HPP

// The compiled form: define FOREST_SEPARATE_COMPILATION for all files of a program, and include
// this header in one of them.

#ifndef FOREST_SEPARATE_COMPILATION
#error                                                                                             \
    "define FOREST_SEPARATE_COMPILATION for all files, also for the one that includes forest/src.hpp"
#endif

#include <forest/adapters/asio/detail/get/impl/get_operation_pool.ipp>
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
#include <forest/adapters/asio/impl/asio_transport.ipp>
#include <forest/adapters/asio/impl/async_check.ipp>
#include <forest/adapters/asio/impl/background.ipp>
#include <forest/adapters/asio/impl/executor_source.ipp>
#include <forest/adapters/asio/impl/failure_reporter.ipp>
#include <forest/adapters/asio/impl/pooled_transport.ipp>
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
#include <forest/core/detail/container/impl/index_table.ipp>
#include <forest/core/detail/http/impl/request_line.ipp>
#include <forest/core/detail/http/impl/request_parser.ipp>
#include <forest/core/detail/http/impl/request_writer.ipp>
#include <forest/core/detail/http/impl/response_parser.ipp>
#include <forest/core/detail/http/impl/response_writer.ipp>
#include <forest/core/detail/http/impl/url_reader.ipp>
#include <forest/core/detail/json/impl/health_document_parser.ipp>
#include <forest/core/detail/json/impl/json_reader.ipp>
#include <forest/core/detail/json/impl/json_string.ipp>
#include <forest/core/detail/json/impl/schema_content.ipp>
#include <forest/core/detail/json/impl/schema_text.ipp>
#include <forest/core/detail/logic/impl/callback_gate.ipp>
#include <forest/core/detail/logic/impl/callbacks.ipp>
#include <forest/core/detail/logic/impl/name_book.ipp>
#include <forest/core/detail/logic/impl/polled_route.ipp>
#include <forest/core/detail/logic/impl/rate_limit.ipp>
#include <forest/core/detail/logic/impl/schema_answer.ipp>
#include <forest/core/detail/logic/impl/schema_settling.ipp>
#include <forest/core/detail/logic/impl/timestamp_sequence.ipp>
#include <forest/core/impl/datasource_options.ipp>
#include <forest/core/impl/duration_histogram.ipp>
#include <forest/core/impl/error.ipp>
#include <forest/core/impl/event.ipp>
#include <forest/core/impl/fields.ipp>
#include <forest/core/impl/fleet_options.ipp>
#include <forest/core/impl/fleet_statistics.ipp>
#include <forest/core/impl/options.ipp>
#include <forest/core/impl/random.ipp>
#include <forest/core/impl/schema.ipp>
#include <forest/core/impl/url.ipp>
#include <forest/core/impl/verdict.ipp>
#include <forest/core/impl/verification.ipp>
#include <forest/detail/datasource/impl/committed_schema.ipp>
#include <forest/detail/datasource/impl/datasource_probe.ipp>
#include <forest/detail/fleet/impl/origins.ipp>
#include <forest/detail/fleet/impl/scheduler.ipp>
#include <forest/detail/health/impl/client_handle.ipp>
#include <forest/detail/health/impl/judge.ipp>
#include <forest/detail/names/impl/name_directory.ipp>
#include <forest/impl/signed_route.ipp>
#include <forest/sim/conformance/detail/impl/backoff_battery.ipp>
#include <forest/sim/conformance/detail/impl/current_call.ipp>
#include <forest/sim/conformance/detail/impl/exchange_runner.ipp>
#include <forest/sim/conformance/detail/impl/findings.ipp>
#include <forest/sim/conformance/detail/impl/get_runner.ipp>
#include <forest/sim/conformance/detail/impl/lines.ipp>
#include <forest/sim/conformance/detail/impl/signer_battery.ipp>
#include <forest/sim/conformance/detail/impl/text.ipp>
#include <forest/sim/conformance/detail/impl/views.ipp>
#include <forest/sim/conformance/impl/harness.ipp>
#include <forest/sim/conformance/impl/real_time.ipp>
#include <forest/sim/conformance/impl/rules.ipp>
#include <forest/sim/explore/impl/explore.ipp>
#include <forest/sim/explore/impl/stimulus.ipp>
#include <forest/sim/network/detail/impl/arriving_answer.ipp>
#include <forest/sim/network/detail/impl/network_exchange.ipp>
#include <forest/sim/network/impl/link.ipp>
#include <forest/sim/network/impl/memory_server.ipp>
#include <forest/sim/network/impl/memory_transport.ipp>
#include <forest/sim/network/impl/quick_signer.ipp>
#include <forest/sim/network/impl/scripted_transport.ipp>
#include <forest/sim/network/impl/server_process.ipp>
#include <forest/sim/rules/impl/client_rules.ipp>
#include <forest/sim/rules/impl/outage_counter.ipp>
#include <forest/sim/rules/impl/truth.ipp>
#include <forest/sim/script/impl/fault.ipp>
#include <forest/sim/script/impl/fault_check.ipp>
#include <forest/sim/script/impl/latency.ipp>
#include <forest/sim/search/impl/draw.ipp>
#include <forest/sim/search/impl/plan_code.ipp>
#include <forest/sim/search/impl/plan_runner.ipp>
#include <forest/sim/search/impl/shrink.ipp>
#include <forest/sim/search/impl/swarm.ipp>
#include <forest/sim/time/impl/event_queue.ipp>
#include <forest/sim/time/impl/host.ipp>
#include <forest/sim/time/impl/virtual_clock.ipp>
#include <forest/sim/trace/impl/trace.ipp>
#include <forest/sim/trace/impl/violation.ipp>
#include <forest/sim/world/detail/impl/fault_effects.ipp>
#include <forest/sim/world/detail/impl/fault_player.ipp>

#include <forest/forest.hpp>

// The usual clients, which the headers of the default policies declare as `extern template`.

namespace forest::inline FOREST_FORM::detail {

template std::shared_ptr<health_control> make_health_loop(asio_transport&&, asio_clock&&,
                                                          hmac_sha256_signer&&,
                                                          exponential_backoff&&, url&&,
                                                          const options&, const random_generator*);
template std::shared_ptr<health_control>
make_health_loop<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>(
    asio_clock&&, std::string_view, url&&, const options&);
template class fleet_loop<pooled_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;
template class datasource_loop<asio_transport, asio_clock, hmac_sha256_signer, exponential_backoff>;

} // namespace forest::inline FOREST_FORM::detail

#endif
