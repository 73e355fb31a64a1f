// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_FLEET_OPTIONS_IPP
#define FOREST_CORE_IMPL_FLEET_OPTIONS_IPP

#include <forest/core/error.hpp>
#include <forest/core/fleet_options.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code fleet_options::validate() const noexcept {
    if (tick < std::chrono::milliseconds{1} || tick > std::chrono::seconds{1})
        return errc::invalid_tick;
    if (checks_in_flight_max < 1)
        return errc::invalid_checks_in_flight_max;
    if (connections_per_second_max < 0)
        return errc::invalid_connections_per_second_max;
    if (held_max < 0)
        return errc::invalid_held_max;
    return {};
}

} // namespace forest::inline FOREST_FORM

#endif
