// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_SIGNING_HPP
#define FOREST_DETAIL_FLEET_SIGNING_HPP

#include <forest/core/detail/logic/start_spread.hpp>
#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/detail/fleet/origins.hpp>
#include <forest/form.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <unordered_map>
#include <utility>

// The signer of each target of a fleet, and the timestamp of each request. The timestamp is later
// than that of the last request to the same server, and not further ahead of the clock than servers
// accept.

namespace forest::inline FOREST_FORM::detail {

/// The signers of a fleet. If signatures cover only the time, all servers with the same secret get
/// the same signature at one moment, and it is computed once. Not thread-safe.
template <signer Signer>
class fleet_signers {
public:
    /// `standard` signs for all targets without a signer of their own, and is never removed.
    explicit fleet_signers(Signer standard) { (void)add(std::move(standard)); }

    signer_id add(Signer signer) {
        const auto id = static_cast<signer_id>(added_);
        signers_.try_emplace(id, std::move(signer));
        ++added_;
        return id;
    }

    /// Removes a signer; its id is not used again. Returns false if a target uses it, or if there
    /// is no such signer.
    bool remove(signer_id id) {
        const auto found = signers_.find(id);
        if (id == signer_id{} || found == signers_.end() || found->second.users > 0)
            return false;
        for (signature& each : signatures_)
            if (each.signer == id)
                each = {};
        signers_.erase(found);
        return true;
    }

    [[nodiscard]] bool contains(signer_id id) const noexcept { return signers_.contains(id); }

    /// `enter` adds a user to the count of a signer, `leave` removes one. The signer must exist.
    void enter(signer_id id) noexcept { ++signers_.find(id)->second.users; }
    void leave(signer_id id) noexcept { --signers_.find(id)->second.users; }

    /// Adds the signature of a signer for the time `moment` to `fields`, which must be empty.
    /// Returns whether the signer has added anything.
    bool sign(signer_id id, const request& get, precise_time moment, header_fields& fields) {
        assert(contains(id));
        if constexpr (!time_signer<Signer>) {
            return sign_at(signer_of(id), get, moment, fields);
        } else {
            signature& last = signatures_[place_of(id, moment.at)];
            if (!last.valid || last.signer != id || last.moment != moment) {
                last.valid = false; // Signing may throw.
                last.fields.clear();
                (void)sign_at(signer_of(id), get, moment, last.fields);
                last.signer = id;
                last.moment = moment;
                last.valid = true;
            }
            if (!fields.text().empty())
                add(last.fields, fields);
            else
                fields = last.fields;
            return !last.fields.text().empty();
        }
    }

private:
    // Behind the fields of a probe.
    FOREST_COLD static void add(const header_fields& signature, header_fields& fields) {
        if (const std::error_code ec = fields.add(signature))
            throw std::system_error(ec);
    }

    struct counted_signer {
        explicit counted_signer(Signer signer) : inner{std::move(signer)} {}

        Signer inner;
        std::size_t users = 0;
    };

    struct signature {
        bool valid = false;
        signer_id signer{};
        precise_time moment{};
        header_fields fields;
    };

    [[nodiscard]] Signer& signer_of(signer_id id) noexcept {
        return signers_.find(id)->second.inner;
    }

    // Several signatures are kept, because the targets of one server need different timestamps:
    // they use successive milliseconds.
    static constexpr std::size_t kept = 8;

    static std::size_t place_of(signer_id id, wall_time moment) noexcept {
        return (static_cast<std::size_t>(id) +
                static_cast<std::size_t>(moment.time_since_epoch().count())) %
               kept;
    }

    std::unordered_map<signer_id, counted_signer> signers_;
    std::uint32_t added_ = 0;
    std::array<signature, kept> signatures_;
};

/// The signers and the origins of a fleet. Not thread-safe.
template <signer Signer>
class fleet_signing {
public:
    /// `standard` signs for all targets without a signer of their own. All servers have the same
    /// `offset`, so requests of one moment can share a signature.
    fleet_signing(Signer standard, timestamp_offset offset)
        : offset_{offset}, signers_{std::move(standard)} {}

    [[nodiscard]] fleet_signers<Signer>& signers() noexcept { return signers_; }

    /// Counts a target that is added, and returns its origin.
    origin_number enter(const url& location, signer_id signer, wall_time now) {
        const origin_number number = origins_.enter(location, offset_.before(now));
        signers_.enter(signer);
        return number;
    }

    /// Counts a target that is removed.
    void leave(origin_number number, signer_id signer) noexcept {
        origins_.leave(number);
        signers_.leave(signer);
    }

    /// Returns the delay of the first check of the next target of an origin. The first checks of
    /// the targets of one origin are as far from each other as possible.
    [[nodiscard]] duration start_delay(origin_number number, duration interval) noexcept {
        fleet_origin& origin = origins_[number];
        const double share = start_share(origin.ordinal, origin.begun++);
        return duration{static_cast<duration::rep>(static_cast<double>(interval.count()) * share)};
    }

    /// Returns how long the next check of an origin has to wait, so that its timestamps do not run
    /// ahead of the clock.
    [[nodiscard]] duration until_near([[maybe_unused]] origin_number number,
                                      [[maybe_unused]] wall_time now) noexcept {
        if constexpr (time_matters)
            if (origins_[number].takes_timestamps)
                return origins_[number].timestamps.until_near(offset_.before(now));
        return duration::zero();
    }

    /// Signs a request whose fields are empty.
    /// Returns whether it has added anything.
    bool sign(origin_number number, signer_id signer, request& get, wall_time now) {
        precise_time moment = now;
        if constexpr (time_matters)
            moment = offset_.precise(origins_[number].timestamps.next(offset_.before(now)));
        return origins_[number].takes_timestamps = signers_.sign(signer, get, moment, get.fields);
    }

private:
    static constexpr bool time_matters = !std::same_as<Signer, unsigned_requests>;

    const timestamp_offset offset_;
    fleet_origins origins_;
    fleet_signers<Signer> signers_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
