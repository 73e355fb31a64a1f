// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_CONTAINER_FUNCTION_REFERENCE_HPP
#define FOREST_CORE_DETAIL_CONTAINER_FUNCTION_REFERENCE_HPP

#include <forest/form.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

// A parameter type for functions that are called only during a call. So that call is no template.

namespace forest::inline FOREST_FORM::detail {

template <typename Signature>
class function_reference;

/// Refers to a callable, which must outlive it. Copies nothing and allocates nothing.
template <typename Result, typename... Args>
class function_reference<Result(Args...)> {
public:
    template <typename Callable>
        requires(!std::same_as<Callable, function_reference> &&
                 std::is_invocable_r_v<Result, const Callable&, Args...>)
    function_reference(const Callable& callable) noexcept
        : callable_{&callable}, call_{&call<Callable>} {}

    Result operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

private:
    template <typename Callable>
    static Result call(const void* callable, Args... args) {
        return (*static_cast<const Callable*>(callable))(std::forward<Args>(args)...);
    }

    const void* callable_;
    Result (*call_)(const void*, Args...);
};

} // namespace forest::inline FOREST_FORM::detail

#endif
