// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_HTTPLIB_HPP
#define FOREST_SRC_HTTPLIB_HPP

// The routes on cpp-httplib in the compiled form. It is no part of forest/src.hpp, because it needs
// a package that most programs do not have: include this header beside that one.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/httplib/impl/httplib_server.ipp>

#endif
