// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_SHARED_SIGNER_HPP
#define FOREST_DETAIL_DATASOURCE_SHARED_SIGNER_HPP

#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <memory>
#include <utility>

// One signer for several loops with the same server. So no two of their requests sign the same
// timestamp.

namespace forest::inline FOREST_FORM::detail {

/// Copies share the signer and the sequence of its timestamps, and may be used by one thread at a
/// time. Models `signer`.
template <signer Signer>
class shared_signer {
public:
    /// `offset` is the offset of all timestamps.
    shared_signer(Signer signer, timestamp_offset offset)
        : state_{std::make_shared<state>(std::move(signer), offset)} {}

    void sign(const request& get, wall_time now, header_fields& fields) {
        const wall_time moment = state_->timestamps.next(state_->offset.before(now));
        (void)sign_at(state_->inner, get, state_->offset.precise(moment), fields);
    }

private:
    struct state {
        state(Signer&& signer, timestamp_offset all) : inner{std::move(signer)}, offset{all} {}

        Signer inner;
        const timestamp_offset offset;
        timestamp_sequence timestamps;
    };

    std::shared_ptr<state> state_;
};

} // namespace forest::inline FOREST_FORM::detail

#endif
