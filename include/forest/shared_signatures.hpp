// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SHARED_SIGNATURES_HPP
#define FOREST_SHARED_SIGNATURES_HPP

#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

// The secrets of a fleet. A signature covers the time alone, so that servers which share a secret
// can be asked at one moment with one signature.

namespace forest {

/// Names one of a fleet's signers.
enum class signer_id : std::uint32_t {};

/// Signs with one of several signers, and where that is right only once for each moment. Not
/// thread-safe.
template <signer Signer>
class shared_signatures {
public:
    signer_id add(Signer by) {
        signers_.push_back(std::move(by));
        return static_cast<signer_id>(signers_.size() - 1);
    }

    [[nodiscard]] bool contains(signer_id by) const noexcept {
        return static_cast<std::size_t>(by) < signers_.size();
    }

    /// Adds to `fields`, which must be empty, what `by` signs at `at`.
    void sign(signer_id by, const request& what, wall_time at, header_fields& fields) {
        assert(contains(by) && fields.text().empty());
        Signer& signing = signers_[static_cast<std::size_t>(by)];
        if constexpr (!time_signer<Signer>) {
            signing.sign(what, at, fields);
        } else {
            signature& last = signatures_[place_of(by, at)];
            if (!last.valid || last.by != by || last.at != at) {
                last.valid = false; // Signing may throw.
                last.fields.clear();
                signing.sign(what, at, last.fields);
                last.by = by;
                last.at = at;
                last.valid = true;
            }
            fields = last.fields;
        }
    }

private:
    struct signature {
        bool valid = false;
        signer_id by{};
        wall_time at{};
        header_fields fields;
    };

    // Several, since targets that share a server need timestamps of their own: they then take the
    // milliseconds that follow.
    static constexpr std::size_t kept = 8;

    static std::size_t place_of(signer_id by, wall_time at) noexcept {
        return (static_cast<std::size_t>(by) +
                static_cast<std::size_t>(at.time_since_epoch().count())) %
               kept;
    }

    std::deque<Signer> signers_; // which are not required to be assignable
    std::array<signature, kept> signatures_;
};

} // namespace forest

#endif
