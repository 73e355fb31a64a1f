// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_TRUTH_HPP
#define FOREST_SIM_RULES_TRUTH_HPP

#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/client_network.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/script/latency.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>

// The truth about a simulated server, independent of its clients: whether each check that begins
// now must fail, and whether each must succeed, if nothing changes before its end. If both are
// false, chance decides. Both are also false if the result depends on data that is not visible
// here.

namespace forest::inline FOREST_FORM::sim {

/// The shortest time in which a request and its answer can cross a link.
[[nodiscard]] FOREST_DECL duration round_trip_min(const latency& delay) noexcept;

/// The longest time in which a request and its answer can cross a link.
[[nodiscard]] FOREST_DECL duration round_trip_max(const latency& delay) noexcept;

/// Returns how many addresses of the server have a fault; `lost_only`: one that loses everything.
[[nodiscard]] FOREST_DECL int addresses_with_fault(const link& link, const client_network& network,
                                                   bool lost_only) noexcept;

/// Returns the longest time of a check on a sound link. A client that opens connections step by
/// step looks up the name, tries addresses with a fault first, connects, shakes hands, and sends.
[[nodiscard]] FOREST_DECL duration check_time_max(const link& link,
                                                  const client_network& network) noexcept;

/// Returns whether a check in `time` ends before its timeout. A client that keeps connections may
/// need half of the timeout to notice that a connection is half open.
[[nodiscard]] FOREST_DECL bool ends_in_time(const host& client, const client_network& network,
                                            duration time, duration timeout) noexcept;

/// Returns the shortest true time that a timer of length `span` takes on a running host. The clock
/// of a host may be fast or slow; while it swings, its rate is wrong by up to a quarter at times.
[[nodiscard]] FOREST_DECL duration timer_min(const host& host, duration span) noexcept;

/// Returns the longest true time that a timer of length `span` takes on a running host.
[[nodiscard]] FOREST_DECL duration timer_max(const host& host, duration span) noexcept;

/// Returns whether a server with this clock must refuse a request that is signed with the time
/// `signed_as` and arrives within `one_way_max` by the server's clock. `jumps` is the sum of the
/// largest jumps of both clocks. The result is true only if no jump makes the signature acceptable.
[[nodiscard]] FOREST_DECL bool signature_refused(wall_time signed_as, wall_time server_now,
                                                 duration jumps, duration one_way_max) noexcept;

/// Returns whether a server accepts a request that is signed with the time `signed_as` and arrives
/// now. Some seconds are a reserve, because the clocks may change on the way.
[[nodiscard]] FOREST_DECL bool signature_accepted(wall_time signed_as, const host& client,
                                                  const host& server) noexcept;

/// Returns whether the only fault of a server process is that it announces its stop. With other
/// faults the announcement is not visible from outside.
[[nodiscard]] FOREST_DECL bool only_announces_end(server_process& server) noexcept;

/// Returns whether each check that begins now and is signed with the time `signed_as` fails,
/// whatever the random numbers are, if nothing changes before its end. The state of the client's
/// host does not matter. While the name service is slow or hangs, checks are inconclusive, and the
/// result is false.
[[nodiscard]] FOREST_DECL bool checks_must_fail(const host& client, const link& link,
                                                const client_network& network,
                                                server_process& server, duration timeout,
                                                wall_time signed_as);

/// Returns whether each check that begins now on this host succeeds, if nothing changes before its
/// end and its signature is accepted. Neither half-open connections nor addresses with a fault
/// excuse a failure, as long as one address has none.
[[nodiscard]] FOREST_DECL bool checks_must_succeed(const host& client, const link& link,
                                                   const client_network& network,
                                                   const server_process& server,
                                                   duration timeout) noexcept;

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/rules/impl/truth.ipp>
#endif

#endif
