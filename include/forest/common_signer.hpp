// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_COMMON_SIGNER_HPP
#define FOREST_COMMON_SIGNER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp_sequence.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>

#include <memory>
#include <utility>

// One signer for several loops that talk to one server, so that no two of their requests sign the
// same timestamp.

namespace forest {

/// Copies share the signer and the sequence of its timestamps. Models `signer`; copies are not for
/// two threads at a time.
template <signer Signer>
class common_signer {
public:
    explicit common_signer(Signer by) : state_{std::make_shared<state>(std::move(by))} {}

    void sign(const request& what, wall_time at, header_fields& fields) {
        state_->by.sign(what, state_->timestamps.next(at), fields);
    }

private:
    struct state {
        explicit state(Signer&& signing) : by{std::move(signing)} {}

        Signer by;
        timestamp_sequence timestamps;
    };

    std::shared_ptr<state> state_;
};

static_assert(signer<common_signer<unsigned_requests>>);

} // namespace forest

#endif
