// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_DETAIL_DATASOURCE_SHARED_SIGNER_HPP
#define FOREST_DETAIL_DATASOURCE_SHARED_SIGNER_HPP

#include <forest/core/detail/logic/timestamp_offset.hpp>
#include <forest/core/detail/logic/timestamp_sequence.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <memory>
#include <utility>

// One signer for several loops that talk to one server, so that no two of their requests sign the
// same timestamp.

namespace forest::detail {

/// Copies share the signer and the sequence of its timestamps. Models `signer`; copies are not for
/// two threads at a time.
template <signer Signer>
class shared_signer {
public:
    /// `offset` is that of all timestamps.
    shared_signer(Signer by, timestamp_offset offset)
        : state_{std::make_shared<state>(std::move(by), offset)} {}

    void sign(const request& what, wall_time now, header_fields& fields) {
        const wall_time at = state_->timestamps.next(state_->offset.before(now));
        (void)sign_at(state_->by, what, state_->offset.precise(at), fields);
    }

private:
    struct state {
        state(Signer&& signing, timestamp_offset behind) : by{std::move(signing)}, offset{behind} {}

        Signer by;
        const timestamp_offset offset;
        timestamp_sequence timestamps;
    };

    std::shared_ptr<state> state_;
};

} // namespace forest::detail

#endif
