// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_POLICY_OBSERVABLE_HPP
#define FOREST_POLICY_OBSERVABLE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/event.hpp>
#include <forest/form.hpp>
#include <forest/policy/observer.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

// Lets a class that calls a function for each event take an observer, too.

namespace forest::inline FOREST_FORM {

/// Lets observers listen to a `Source`. The source derives from this class, and has a
/// member `on_event(unique_function<void(const event&)>)` and
/// `using observable<Source>::on_event`.
template <typename Source>
class observable {
public:
    /// Passes every event to an observer, like a function. The observer is moved into the source.
    /// With `std::ref(observer)` the observer is not moved, and must outlive the polling.
    ///
    /// Arguments that are no observers are accepted, too, so that the first message of the compiler
    /// says what is wrong with them. A constraint would only list the functions that do not fit.
    template <typename Observer>
        requires(!std::convertible_to<Observer, detail::unique_function<void(const event&)>> ||
                 (detail::has_on_event<Observer> && !std::is_lvalue_reference_v<Observer>))
    void on_event(Observer&& added) {
        using bare = std::remove_cvref_t<Observer>;
        using watcher = std::unwrap_reference_t<bare>;
        constexpr bool stays = !std::same_as<bare, watcher>;
        if constexpr (!detail::has_on_event<watcher>)
            static_assert(observer<watcher>,
                          "on_event takes a function void(const forest::event&), or an observer, "
                          "which has void on_event(const forest::event&) noexcept: is its name or "
                          "its parameter misspelt?");
        else if constexpr (!noexcept(
                               std::declval<watcher&>().on_event(std::declval<const event&>())))
            static_assert(observer<watcher>,
                          "an observer's on_event(const forest::event&) must be noexcept");
        else if constexpr (!stays && std::is_lvalue_reference_v<Observer>)
            static_assert(!std::is_lvalue_reference_v<Observer>,
                          "give the observer away with std::move(observer), or keep it with "
                          "std::ref(observer)");
        else if constexpr (stays)
            static_cast<Source&>(*this).on_event(callback_of(added));
        else
            static_cast<Source&>(*this).on_event(callback_of(std::forward<Observer>(added)));
    }
};

} // namespace forest::inline FOREST_FORM

#endif
