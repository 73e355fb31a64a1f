// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_SIGNING_HPP
#define FOREST_DETAIL_FLEET_SIGNING_HPP

#include <forest/core/detail/logic/start_spread.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/origins.hpp>
#include <forest/detail/fleet/shared_signatures.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <concepts>
#include <utility>

// Who signs for the targets of a fleet, and at which moment: each request to a server at a later
// one than the last, and none further ahead of the clock than servers may have to believe.

namespace forest::detail {

/// The signers and the servers of a fleet. Not thread-safe.
template <signer Signer>
class fleet_signing {
public:
    /// `own` signs for all targets that name no other. `offset` is one for all servers, so that
    /// those that are asked at one moment can share a signature.
    fleet_signing(Signer own, timestamp_offset offset)
        : offset_{offset}, signatures_{std::move(own)} {}

    [[nodiscard]] shared_signatures<Signer>& signers() noexcept { return signatures_; }

    /// A target comes, and answers its server; one goes.
    origin_number enter(const url& target, signer_id by, wall_time now) {
        const origin_number of = servers_.enter(target, offset_.before(now));
        signatures_.enter(by);
        return of;
    }
    void leave(origin_number of, signer_id by) noexcept {
        servers_.leave(of);
        signatures_.leave(by);
    }

    /// How long one more target of a server waits before it begins, so that those of one server
    /// are as far from each other as can be.
    [[nodiscard]] duration start_delay(origin_number of, duration interval) noexcept {
        fleet_origin& server = servers_[of];
        const double share = start_share(server.ordinal, server.begun++);
        return duration{static_cast<duration::rep>(static_cast<double>(interval.count()) * share)};
    }

    /// How long the next check of a server has to wait, lest its timestamps run ahead of the clock.
    [[nodiscard]] duration until_near([[maybe_unused]] origin_number of,
                                      [[maybe_unused]] wall_time now) noexcept {
        if constexpr (time_matters)
            if (servers_[of].takes_timestamps)
                return servers_[of].timestamps.until_near(offset_.before(now));
        return duration::zero();
    }

    /// Signs a request whose fields are empty.
    void sign(origin_number of, signer_id by, request& what, wall_time now) {
        precise_time at = now;
        if constexpr (time_matters)
            at = offset_.precise(servers_[of].timestamps.next(offset_.before(now)));
        servers_[of].takes_timestamps = signatures_.sign(by, what, at, what.fields);
    }

private:
    static constexpr bool time_matters = !std::same_as<Signer, unsigned_requests>;

    const timestamp_offset offset_;
    fleet_origins servers_;
    shared_signatures<Signer> signatures_;
};

} // namespace forest::detail

#endif
