// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_BASIC_FWD_HPP
#define FOREST_BASIC_FWD_HPP

#include <forest/form.hpp>

// Declares the class templates with a default argument, which may stand only once.

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
