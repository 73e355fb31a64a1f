// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SPARE_DESCRIPTOR_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SPARE_DESCRIPTOR_HPP

#include <forest/form.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

// The rest of the application may have taken all descriptors. Then a server without connections has
// none to close in order to accept one. Instead it can close this spare descriptor.

namespace forest::inline FOREST_FORM::detail {

/// One descriptor in reserve. Not thread-safe.
class spare_descriptor {
public:
    spare_descriptor() noexcept = default;
    spare_descriptor(const spare_descriptor&) = delete;
    spare_descriptor& operator=(const spare_descriptor&) = delete;
    ~spare_descriptor() { give(); }

    /// Opens the spare descriptor, unless it is open or the system has none left.
    void take() noexcept;

    /// Closes the spare descriptor. Returns false if there was none.
    bool give() noexcept;

private:
    int descriptor_ = -1;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/spare_descriptor.ipp>
#endif

#endif
