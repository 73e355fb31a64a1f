// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_MICROHTTPD_HPP
#define FOREST_SRC_MICROHTTPD_HPP

// The routes in GNU libmicrohttpd in the compiled form. It is no part of forest/src.hpp, because it
// needs a package that most programs do not have: include this header beside that one.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/microhttpd/impl/microhttpd_options.ipp>
#include <forest/adapters/microhttpd/impl/microhttpd_server.ipp>

#endif
