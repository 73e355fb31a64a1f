// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_CHECK_REQUESTS_HPP
#define FOREST_DETAIL_HEALTH_CHECK_REQUESTS_HPP

#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

// The requests of one target: that of its check, and a second one beside it if a kept connection is
// silent.

namespace forest::inline FOREST_FORM::detail {

/// Up to two requests of one check, each with its own transport. Only `cancel` may be called from
/// any thread.
template <transport Transport>
class check_requests {
public:
    struct place {
        Transport transport;
        request get;
        bool is_signed = false; ///< the request in flight
        bool in_flight = false;
    };

    check_requests(Transport first, const url& target)
        : places_{place{.transport = std::move(first), .get = {.target = target}}} {}

    /// Returns the place for the first request of a check. Its transport may keep a connection.
    [[nodiscard]] place& first() noexcept { return *places_[first_]; }
    [[nodiscard]] const place& first() const noexcept { return *places_[first_]; }

    /// Returns the place beside the first one. Throws what `another` of the transport throws.
    [[nodiscard]] place& second()
        requires hedging_transport<Transport>
    {
        auto& beside = places_[1 - first_];
        if (!beside) {
            beside.emplace(first().transport.another(), request{.target = first().get.target});
            has_two_ = true;
        }
        return *beside;
    }

    [[nodiscard]] bool in_flight() const noexcept {
        return places_[0]->in_flight || (has_two_ && places_[1]->in_flight);
    }

    /// Cancels the request of the other place. The next check begins with this place, because its
    /// transport may keep the connection that has just worked.
    void prefer(const place& better) {
        first_ = &better == &*places_[0] ? 0 : 1;
        places_[1 - first_]->transport.cancel();
    }

    void cancel() {
        places_[0]->transport.cancel();
        if (has_two_)
            places_[1]->transport.cancel();
    }

private:
    std::array<std::optional<place>, 2> places_;
    std::size_t first_ = 0;
    std::atomic<bool> has_two_ = false; // The second one never goes away.
};

} // namespace forest::inline FOREST_FORM::detail

#endif
