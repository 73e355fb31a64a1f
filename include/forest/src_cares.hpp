// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_CARES_HPP
#define FOREST_SRC_CARES_HPP

// The resolver on c-ares in the compiled form. It is no part of forest/src.hpp, because it needs a
// package that most programs do not have: include this header beside that one.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/cares/detail/impl/cares_channel.ipp>
#include <forest/adapters/cares/impl/cares_resolver.ipp>

#endif
