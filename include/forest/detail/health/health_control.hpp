// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_HEALTH_CONTROL_HPP
#define FOREST_DETAIL_HEALTH_HEALTH_CONTROL_HPP

#include <forest/core/detail/logic/callbacks.hpp>
#include <forest/core/event.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>

#include <atomic>
#include <utility>

// What a client needs of its loop. It does not depend on the policies, so it is compiled once.

namespace forest::inline FOREST_FORM::detail {

/// The base of every health_loop. All members may be called from any thread.
class health_control {
public:
    health_control(const health_control&) = delete;
    health_control& operator=(const health_control&) = delete;

    virtual void start() = 0;
    virtual void stop() noexcept = 0;

    [[nodiscard]] bool stopped() const { return listeners_.closed(); }
    [[nodiscard]] target_status status() const noexcept { return status_; }
    [[nodiscard]] const url& target() const noexcept { return target_; }
    [[nodiscard]] callbacks& listeners() noexcept { return listeners_; }

protected:
    explicit health_control(url&& target) noexcept : target_{std::move(target)} {}
    ~health_control() = default; // A shared_ptr destroys the loop.

    const url target_; // its name in events; a probe may request another route of the server
    std::atomic<target_status> status_ = target_status::unknown;
    std::atomic<bool> started_ = false;
    std::atomic<bool> announced_ = false; // an event was reported, so the last two events follow
    callbacks listeners_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
