// SPDX-License-Identifier: BSL-1.0
// expect: signer\.sign\(get, moment, fields\)
// expect: does not satisfy|constraints not satisfied
#include <forest/policy/signer.hpp>

struct illiterate_signer {
#ifdef FOREST_COMPILE_OK
    void sign(const forest::request&, forest::wall_time, forest::header_fields&);
#endif
};

template <forest::signer>
struct requires_a_signer {};

requires_a_signer<illiterate_signer> instance;
