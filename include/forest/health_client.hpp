// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_HEALTH_CLIENT_HPP
#define FOREST_HEALTH_CLIENT_HPP

#include <forest/basic_health_client.hpp>
#include <forest/detail/health/health_loop.hpp>

// Watches one server, with any policies. A file that only takes a client that another file has made
// can include <forest/basic_health_client.hpp>.

#endif
