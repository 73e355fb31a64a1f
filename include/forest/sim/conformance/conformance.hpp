// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_CONFORMANCE_HPP
#define FOREST_SIM_CONFORMANCE_CONFORMANCE_HPP

#include <forest/sim/conformance/backoff.hpp>
#include <forest/sim/conformance/clock.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/real_time.hpp>
#include <forest/sim/conformance/resolver.hpp>
#include <forest/sim/conformance/rules.hpp>
#include <forest/sim/conformance/server.hpp>
#include <forest/sim/conformance/signer.hpp>
#include <forest/sim/conformance/transport.hpp>

// For users with their own transport, clock, signer, backoff, server or resolver. The batteries
// check the promises that a concept cannot check, in real or in virtual time, and without a test
// framework. Each `check_…` returns the promises that the model has broken, as values with a name
// and an explanation; a test asserts that there are none.

#endif
