// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_FMT_IMPL_LOG_OBSERVER_IPP
#define FOREST_ADAPTERS_FMT_IMPL_LOG_OBSERVER_IPP

#include <forest/adapters/fmt/log_observer.hpp>

#include <cstdio>
#include <string_view>

namespace forest::inline FOREST_FORM {

static_assert(observer<log_observer>);

FOREST_DECL void stderr_sink::operator()(severity, std::string_view line) const noexcept {
    static_assert(log_line::bytes_max < 1U << 30U, "the length goes through an int");
    std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

} // namespace forest::inline FOREST_FORM

#endif
