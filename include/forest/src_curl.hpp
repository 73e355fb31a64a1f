// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_CURL_HPP
#define FOREST_SRC_CURL_HPP

// The transport by libcurl in the compiled form. It is no part of forest/src.hpp, because it needs
// a package that many programs do not have: include this header beside that one.

#ifndef FOREST_SEPARATE_COMPILATION
#error "define FOREST_SEPARATE_COMPILATION for all files of the program"
#endif

#include <forest/adapters/curl/detail/impl/curl_context.ipp>
#include <forest/adapters/curl/detail/impl/curl_failure.ipp>
#include <forest/adapters/curl/detail/impl/curl_get.ipp>
#include <forest/adapters/curl/detail/impl/curl_proxy.ipp>
#include <forest/adapters/curl/impl/curl_connections.ipp>
#include <forest/adapters/curl/impl/curl_transport.ipp>

#endif
