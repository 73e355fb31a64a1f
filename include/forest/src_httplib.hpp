// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_HTTPLIB_HPP
#define FOREST_SRC_HTTPLIB_HPP

// The adapters for cpp-httplib in the compiled form. They are no part of forest/src.hpp, because
// they need a package that many programs do not have: include this header beside that one.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/httplib/detail/impl/httplib_call.ipp>
#include <forest/adapters/httplib/detail/impl/httplib_get.ipp>
#include <forest/adapters/httplib/impl/httplib_server.ipp>
#include <forest/adapters/httplib/impl/httplib_transport.ipp>

#endif
