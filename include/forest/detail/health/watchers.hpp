// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_WATCHERS_HPP
#define FOREST_DETAIL_HEALTH_WATCHERS_HPP

#include <forest/form.hpp>

// Declares the classes that watch, with the default of their probe, which may stand only once.

namespace forest::inline FOREST_FORM {

namespace probes {
struct health; // in forest/health_probe.hpp
}

template <typename Transport, typename Clock, typename Signer, typename Backoff,
          typename Probe = probes::health>
class basic_health_client;

template <typename Transport, typename Clock, typename Signer, typename Backoff,
          typename Probe = probes::health>
class basic_health_fleet;

} // namespace forest::inline FOREST_FORM

#endif
