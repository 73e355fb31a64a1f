// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_IMPL_VERDICT_IPP
#define FOREST_CORE_IMPL_VERDICT_IPP

#include <forest/core/detail/container/algorithm.hpp>
#include <forest/core/error.hpp>
#include <forest/core/verdict.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL std::error_code counted_error(std::error_code error) noexcept {
    return error == errc::resolver_unavailable ? make_error_code(errc::resolve_failed) : error;
}

FOREST_DECL std::error_code doubtful_error(std::error_code error) noexcept {
    return error ? error : make_error_code(errc::held_answer_late);
}

} // namespace forest::inline FOREST_FORM

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL void mark_held(phase_timings& timings) noexcept {
    if (!timings.total)
        return;
    constexpr duration zero = duration::zero();
    const duration before = timings.resolve.value_or(zero) + timings.connect.value_or(zero) +
                            timings.tls.value_or(zero);
    const duration waited = timings.first_byte.value_or(*timings.total - before);
    timings.held = detail::clamp(waited, zero, *timings.total);
    timings.total = *timings.total - *timings.held;
    timings.first_byte.reset();
}

} // namespace forest::inline FOREST_FORM::detail

#endif
