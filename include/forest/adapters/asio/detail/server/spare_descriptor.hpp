// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SPARE_DESCRIPTOR_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SPARE_DESCRIPTOR_HPP

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

// When the rest of the application has taken all descriptors, a server that has no connection can
// close none in order to accept another. This one it can.

namespace forest::detail {

/// One descriptor that is kept for bad times. Not thread-safe.
class spare_descriptor {
public:
    spare_descriptor() noexcept = default;
    spare_descriptor(const spare_descriptor&) = delete;
    spare_descriptor& operator=(const spare_descriptor&) = delete;
    ~spare_descriptor() { give(); }

    /// Takes one, unless there is one or the system has none left.
    void take() noexcept {
        if (descriptor_ < 0)
            descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }

    /// Gives it back; false if there was none.
    bool give() noexcept {
        if (descriptor_ < 0)
            return false;
        ::close(std::exchange(descriptor_, -1));
        return true;
    }

private:
    int descriptor_ = -1;
};

} // namespace forest::detail

#endif
