// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_HEALTH_POLICY_SET_HPP
#define FOREST_DETAIL_HEALTH_POLICY_SET_HPP

#include <forest/core/random.hpp>
#include <forest/form.hpp>
#include <forest/policy/backoff.hpp>
#include <forest/policy/clock.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <string_view>
#include <utility>

// The policies from which a client, a fleet or a datasource is constructed.

namespace forest::inline FOREST_FORM::detail {

/// The policies except the transport: the number of transports differs between the classes. If the
/// deduction of template arguments finds no constructor, the compiler says little; the assertions
/// name the missing operation of a policy.
template <typename Transport, typename Clock, typename Signer, typename Backoff>
struct policy_set {
    static_assert(forest::transport<Transport>);
    static_assert(forest::clock<Clock>);
    static_assert(forest::signer<Signer>);
    static_assert(forest::backoff<Backoff>);
    using transport_type = Transport;

    Clock clock;
    Signer signer;
    Backoff backoff;

    /// Makes the policies: the clock from `context`, the signer from `secret`.
    template <typename Context>
    [[nodiscard]] static policy_set from(Context&& context, std::string_view secret) {
        return {Clock(std::forward<Context>(context)), Signer(secret), Backoff{}};
    }

    /// Returns a generator for the owner called `name`. The seed comes also from the clock, so that
    /// no two names and no two starts have the same schedule.
    [[nodiscard]] random_generator random(std::string_view name) const {
        return random_generator::seeded(name, clock.steady_now());
    }
};

} // namespace forest::inline FOREST_FORM::detail

#endif
