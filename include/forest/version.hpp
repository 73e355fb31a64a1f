// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_VERSION_HPP
#define FOREST_VERSION_HPP

#include <forest/form.hpp>

// The only place of the version number. The build reads it from here.

#include <string_view>

namespace forest::inline FOREST_FORM {

/// The version of the library, as semver.org writes it; sent as `User-Agent: forest/<version>`.
inline constexpr std::string_view version = "0.1.0";

} // namespace forest::inline FOREST_FORM

#endif
