// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_HPP
#define FOREST_SIM_CONFORMANCE_HPP

#include <forest/sim/conformance_backoff.hpp>
#include <forest/sim/conformance_clock.hpp>
#include <forest/sim/conformance_harness.hpp>
#include <forest/sim/conformance_peer.hpp>
#include <forest/sim/conformance_real_time.hpp>
#include <forest/sim/conformance_resolver.hpp>
#include <forest/sim/conformance_rules.hpp>
#include <forest/sim/conformance_server.hpp>
#include <forest/sim/conformance_signer.hpp>
#include <forest/sim/conformance_transport.hpp>

// For users who bring a transport, clock, signer, backoff, server or resolver: what a concept
// cannot check, in real or in virtual time, and free of any test framework. Each `check_…` returns
// what it found wrong as values with a name and an explanation; a test asserts that there are none.

#endif
