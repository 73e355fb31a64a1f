// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_SIGNER_ID_HPP
#define FOREST_CORE_SIGNER_ID_HPP

#include <forest/form.hpp>

#include <cstdint>

// The name of a fleet's signer.

namespace forest::inline FOREST_FORM {

/// Names one of a fleet's signers.
enum class signer_id : std::uint32_t {};

} // namespace forest::inline FOREST_FORM

#endif
