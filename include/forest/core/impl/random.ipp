// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_RANDOM_IPP
#define FOREST_CORE_IMPL_RANDOM_IPP

#include <forest/core/random.hpp>

#include <functional>

namespace forest::inline FOREST_FORM {

FOREST_DECL random_generator random_generator::seeded(std::string_view name, steady_time now) {
    return random_generator{std::hash<std::string_view>{}(name) ^
                            static_cast<std::uint64_t>(now.time_since_epoch().count())};
}

} // namespace forest::inline FOREST_FORM

#endif
