// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_CLIENT_NETWORK_HPP
#define FOREST_SIM_NETWORK_CLIENT_NETWORK_HPP

#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/ip_address.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/sim/network/connection_setup.hpp>
#include <forest/sim/network/link.hpp>
#include <forest/sim/network/wire_observer.hpp>
#include <forest/sim/time/host.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

// What all transports of one simulated client share: how they connect, and the names that they have
// looked up.

namespace forest::inline FOREST_FORM::sim {

/// The network of one client. The names are kept by the name book of the real transports, and
/// looked up over the links of the client. Not copyable, not thread-safe. The host must outlive it,
/// and it must outlive the transports of the client.
class client_network {
public:
    /// Without a setup, a check is one message and its answer.
    explicit client_network(host& owner, std::optional<connection_setup> setup = {});

    client_network(const client_network&) = delete;
    client_network& operator=(const client_network&) = delete;

    /// How the client connects; empty if a check is one message and its answer.
    [[nodiscard]] const std::optional<connection_setup>& setup() const noexcept { return setup_; }

    /// Sees all GETs and connections of the client; may be null. It must outlive the transports.
    wire_observer* observer = nullptr;

    // For transports with a setup.

    /// Asks for the addresses of `name`, whose look-up takes place over `over`. Like
    /// `name_book::ask`.
    [[nodiscard]] forest::detail::name_state ask(std::string_view name, link& over,
                                                 bool after_failed_connect,
                                                 forest::detail::name_waiter& waiter);

    /// Ends the wait; with `has_last_good`, because the last good addresses will do.
    void leave(forest::detail::name_waiter& waiter, bool has_last_good) noexcept;

    /// A GET has used an address of the name.
    void used(std::string_view name, unsigned address, bool answered) noexcept;

    [[nodiscard]] duration patience() const noexcept { return book_.limits().patience; }

    /// How many GETs wait for a look-up.
    [[nodiscard]] int waiting() const noexcept { return waiting_; }

    /// Returns whether the next look-up begins at once: none is under way, and no failure is
    /// remembered.
    [[nodiscard]] bool names_settled() const noexcept {
        return lookups_ == 0 && owner_->timer_now() >= unsettled_until_;
    }

    /// The address of that number, and the number of an address.
    [[nodiscard]] static ip_address address(unsigned number) noexcept;
    [[nodiscard]] static unsigned number_of(const ip_address& address) noexcept {
        return address.bytes[3];
    }

    /// A wait for a look-up has ended with an answer.
    void stopped_waiting() noexcept { --waiting_; }

private:
    using entry = forest::detail::name_book::entry;

    void begin_all();

    void answer(entry& lookup, link& over);

    host* owner_;
    std::optional<connection_setup> setup_;
    forest::detail::name_book book_;
    std::map<std::string, link*, std::less<>> links_; // by the names that were asked for
    int waiting_ = 0;
    int lookups_ = 0;
    steady_time unsettled_until_{};
    std::shared_ptr<void> alive_ = std::make_shared<char>(); // look-ups under way check it
};

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/impl/client_network.ipp>
#endif

#endif
