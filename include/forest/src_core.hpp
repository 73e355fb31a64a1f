// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_CORE_HPP
#define FOREST_SRC_CORE_HPP

// The part of forest/src.hpp that needs the standard library and POSIX only, for programs that use
// no more of the library than that.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/posix/detail/impl/descriptor.ipp>
#include <forest/adapters/posix/detail/impl/lookup_threads.ipp>
#include <forest/adapters/posix/detail/impl/socket_peer.ipp>
#include <forest/adapters/posix/impl/address_of.ipp>
#include <forest/adapters/posix/impl/connect_failure.ipp>
#include <forest/adapters/posix/impl/file_version.ipp>
#include <forest/adapters/posix/impl/getaddrinfo_resolver.ipp>
#include <forest/adapters/posix/impl/hosts_file.ipp>
#include <forest/adapters/posix/impl/server_socket_file.ipp>
#include <forest/adapters/posix/impl/socket_client.ipp>
#include <forest/core/detail/container/impl/address_list.ipp>
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
#include <forest/core/detail/logic/impl/get_machine.ipp>
#include <forest/core/detail/logic/impl/hold_fields.ipp>
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
#include <forest/detail/routes/impl/answer_holder.ipp>
#include <forest/detail/routes/impl/check_runner.ipp>
#include <forest/detail/routes/impl/health_route_state.ipp>
#include <forest/detail/routes/impl/held_answers.ipp>
#include <forest/detail/routes/impl/route_checks.ipp>
#include <forest/detail/routes/impl/schema_route_state.ipp>
#include <forest/impl/probes.ipp>
#include <forest/impl/route_table.ipp>
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
#include <forest/sim/explore/impl/exploration.ipp>
#include <forest/sim/explore/impl/explore.ipp>
#include <forest/sim/explore/impl/get_rules.ipp>
#include <forest/sim/explore/impl/stimulus.ipp>
#include <forest/sim/network/detail/impl/arriving_answer.ipp>
#include <forest/sim/network/detail/impl/connection.ipp>
#include <forest/sim/network/detail/impl/network_get.ipp>
#include <forest/sim/network/impl/client_network.ipp>
#include <forest/sim/network/impl/link.ipp>
#include <forest/sim/network/impl/memory_server.ipp>
#include <forest/sim/network/impl/memory_transport.ipp>
#include <forest/sim/network/impl/quick_signer.ipp>
#include <forest/sim/network/impl/scripted_transport.ipp>
#include <forest/sim/network/impl/server_process.ipp>
#include <forest/sim/rules/impl/client_rules.ipp>
#include <forest/sim/rules/impl/outage_counter.ipp>
#include <forest/sim/rules/impl/truth.ipp>
#include <forest/sim/rules/impl/wire_rules.ipp>
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

#include <forest/sim/rules/watch.hpp>
#include <forest/sim/search/plan_runner.hpp>
#include <forest/sim/world/world.hpp>

// The simulation with the default policies, which its headers declare as `extern template`.

namespace forest::inline FOREST_FORM::sim {

template class basic_world<>;
template class simulated_client<world::health_client>;
template class simulated_client<world::datasource>;
template class simulated_fleet<world::health_fleet>;
template class watcher<world>;
template class plan_runner<>;

} // namespace forest::inline FOREST_FORM::sim

#endif
