// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_IMPL_BACKGROUND_IPP
#define FOREST_ADAPTERS_ASIO_IMPL_BACKGROUND_IPP

#include <forest/adapters/asio/background.hpp>

namespace forest::inline FOREST_FORM {

FOREST_DECL background::~background() {
    context_.stop();
    thread_.join();
}

} // namespace forest::inline FOREST_FORM

#endif
