// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_FLEET_SHARED_SIGNATURES_HPP
#define FOREST_DETAIL_FLEET_SHARED_SIGNATURES_HPP

#include <forest/core/fields.hpp>
#include <forest/core/signer_id.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

// The secrets of a fleet. A signature covers the time alone, so that servers which share a secret
// can be asked at one moment with one signature.

namespace forest::detail {

/// Signs with one of several signers, and where that is right only once for each moment. Not
/// thread-safe.
template <signer Signer>
class shared_signatures {
public:
    /// `own` is the signer of all that name none, and is never removed.
    explicit shared_signatures(Signer own) { (void)add(std::move(own)); }

    signer_id add(Signer by) {
        const auto id = static_cast<signer_id>(added_);
        signers_.try_emplace(id, std::move(by));
        ++added_;
        return id;
    }

    /// Forgets a signer; false if somebody uses it, or if there is none. Its id is not used again.
    bool remove(signer_id id) {
        const auto found = signers_.find(id);
        if (id == signer_id{} || found == signers_.end() || found->second.users > 0)
            return false;
        for (signature& each : signatures_)
            if (each.by == id)
                each = {};
        signers_.erase(found);
        return true;
    }

    [[nodiscard]] bool contains(signer_id by) const noexcept { return signers_.contains(by); }

    /// One more uses a signer, which there must be, and one less.
    void enter(signer_id by) noexcept { ++signers_.find(by)->second.users; }
    void leave(signer_id by) noexcept { --signers_.find(by)->second.users; }

    /// Adds to `fields`, which must be empty, what `by` signs at `at`. Whether that is anything.
    bool sign(signer_id by, const request& what, precise_time at, header_fields& fields) {
        assert(contains(by) && fields.text().empty());
        if constexpr (!time_signer<Signer>) {
            (void)sign_at(signs(by), what, at, fields);
        } else {
            signature& last = signatures_[place_of(by, at.at)];
            if (!last.valid || last.by != by || last.at != at) {
                last.valid = false; // Signing may throw.
                last.fields.clear();
                (void)sign_at(signs(by), what, at, last.fields);
                last.by = by;
                last.at = at;
                last.valid = true;
            }
            fields = last.fields;
        }
        return !fields.text().empty();
    }

private:
    struct known {
        explicit known(Signer by) : signs{std::move(by)} {}

        Signer signs;
        std::size_t users = 0;
    };

    struct signature {
        bool valid = false;
        signer_id by{};
        precise_time at{};
        header_fields fields;
    };

    [[nodiscard]] Signer& signs(signer_id by) noexcept { return signers_.find(by)->second.signs; }

    // Several, since targets that share a server need timestamps of their own: they then take the
    // milliseconds that follow.
    static constexpr std::size_t kept = 8;

    static std::size_t place_of(signer_id by, wall_time at) noexcept {
        return (static_cast<std::size_t>(by) +
                static_cast<std::size_t>(at.time_since_epoch().count())) %
               kept;
    }

    std::unordered_map<signer_id, known> signers_;
    std::uint32_t added_ = 0;
    std::array<signature, kept> signatures_;
};

} // namespace forest::detail

#endif
