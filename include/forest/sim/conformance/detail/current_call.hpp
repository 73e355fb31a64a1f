// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_CURRENT_CALL_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_CURRENT_CALL_HPP

#include <forest/form.hpp>

#include <mutex>
#include <thread>
#include <utility>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The call of a model that the battery is making at the moment. A handler reads it to find out
// whether the model called it from inside that call.
class current_call {
public:
    enum class kind { none, begin, cancel };

    // Calls the model by `action`. `subject` identifies the object of the call.
    template <typename Action>
    void during(kind called, const void* subject, Action&& action) {
        const call outer = exchange({called, subject, std::this_thread::get_id()});
        struct reset {
            current_call& calls;
            call outer;
            ~reset() { calls.exchange(outer); }
        } const at_the_end{*this, outer};
        action();
    }

    [[nodiscard]] bool inside(kind called, const void* subject) const;

private:
    struct call {
        kind called = kind::none;
        const void* subject = nullptr;
        std::thread::id thread;
    };

    call exchange(const call& next);

    mutable std::mutex mutex_;
    call call_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/current_call.ipp>
#endif

#endif
