// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_MESSAGE_LIMITS_HPP
#define FOREST_CORE_MESSAGE_LIMITS_HPP

#include <forest/form.hpp>

#include <cstddef>

// How large an HTTP message may be before it is refused.

namespace forest::inline FOREST_FORM {

/// Limits of one message. A buffer with the size of their sum can hold any message that a parser
/// accepts.
struct message_limits {
    /// Start line and header section with all their line ends; interim answers (1xx) count too.
    /// Trailers and chunk extensions together have the same limit, but are counted separately.
    std::size_t head_bytes_max = 16 * 1024;

    /// The body without its framing; 0 accepts only empty bodies.
    std::size_t body_bytes_max = 64 * 1024;
};

} // namespace forest::inline FOREST_FORM

#endif
