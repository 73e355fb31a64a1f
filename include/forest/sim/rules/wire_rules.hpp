// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_RULES_WIRE_RULES_HPP
#define FOREST_SIM_RULES_WIRE_RULES_HPP

#include <forest/core/detail/container/fnv_1a.hpp>
#include <forest/core/error.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/wire_observer.hpp>
#include <forest/sim/trace/violation.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The rules for the GETs of one client in a simulated world, as seen on its wires.

namespace forest::inline FOREST_FORM::sim {

/// The data that wire_rules needs from the world around its client.
struct wire_view {
    std::function<duration()> now;               ///< since the beginning
    std::function<steady_time()> timer_now;      ///< the clock of timers of the client's host
    std::function<bool()> exact;                 ///< the timers of that host end when due
    std::function<std::uint64_t()> host_changes; ///< counts the disturbances of that host
    std::function<bool()> wall_clock_jumps;      ///< so a client may sign with one time twice
    std::function<bool()> names_sound;           ///< nothing is wrong with the names
    std::function<int()> waiting_for_names;      ///< how many GETs wait for a look-up
    bool keeps_connections = false;
    int addresses = 1;
};

/// Compares the GETs of a client with these rules, which each have a name:
///
/// - *one answer*: each GET calls its handler once;
/// - *old answer*: a GET has the answer to its own request;
/// - *deadline*: a GET ends within its timeout, whatever it tries;
/// - *one GET*: a connection is used by one GET at a time, and by its own transport;
/// - *dead connection*: no request is sent over a connection that owes an answer to a GET that has
///   ended: it may be half open, or the answer of the old GET may still come;
/// - *signature*: no request is sent twice with one signature, unless the clock went back;
/// - *place*: when a GET has ended, all its connections are closed or kept, and at most one is
/// kept;
/// - *address order*: the address whose last answer was complete is tried first until it fails;
/// - *end*: when the client is stopped, it has no connection and no look-up.
///
/// The comparison continues after a violation, but only the first violation is kept. Not
/// thread-safe.
class wire_rules final : public wire_observer {
public:
    /// `client` is the name of the client in violations.
    wire_rules(std::string client, wire_view view)
        : client_{std::move(client)}, view_{std::move(view)} {}

    void began(const void* transport, duration timeout) override;
    void ended(const void* transport, const reply& result) override;
    void opened(const void* transport, const void* connection, unsigned address) override;
    void requested(const void* transport, const void* connection, std::string_view bytes) override;
    void answered(const void* connection) override;
    void closed(const void* connection) override;

    /// The application has stopped the client, and the call has returned.
    void stopped();

    [[nodiscard]] const std::optional<violation>& found() const noexcept { return found_; }

private:
    struct get {
        const void* transport;
        int pending = 0; // handlers that were not called
        steady_time deadline{};
        std::uint64_t host_changes = 0;
        std::uint64_t preferences = 0; // how often the preferred address had changed
        bool exact = false;
        bool opened = false;               // a connection
        bool answered = false;             // its last byte has arrived
        const void* used = nullptr;        // the connection of the request
        std::optional<unsigned> address{}; // its address, unless it was kept
    };

    struct wire {
        const void* connection;
        const void* transport;
        unsigned address;
        bool owes_answer = false;
        bool answered = false;
    };

    static constexpr std::size_t requests_remembered = 64;

    void require(bool holds, const char* rule, const char* explanation);

    get& get_of(const void* transport);
    wire* find(const void* connection) noexcept;

    void require_places(const get& ended);
    void note_address(const get& ended, const reply& result);
    void prefer(std::optional<unsigned> address);

    std::string client_;
    wire_view view_;
    std::optional<violation> found_;
    std::vector<get> gets_; // one of each transport
    std::vector<wire> wires_;
    std::deque<std::uint64_t> requests_; // hashes of the last ones
    std::uint64_t changes_at_request_ = 0;
    std::optional<unsigned> preferred_; // the address; empty if it is unknown
    std::uint64_t preferences_ = 0;
};

/// The view of a client. The world and the client must outlive it.
template <typename World>
[[nodiscard]] wire_view view_of_wires(World& owner, typename World::client_type& client) {
    const auto& setup = client.network().setup();
    return {
        .now = [&owner] { return owner.now(); },
        .timer_now = [&client] { return client.host().timer_now(); },
        .exact = [&client] { return client.host().timers_exact() && client.host().running(); },
        .host_changes = [&client] { return client.host().disturbances(); },
        .wall_clock_jumps =
            [&client] { return client.host().wall_range() > std::chrono::milliseconds::zero(); },
        .names_sound =
            [&client] {
                return client.link().unresolvable == 0 && client.link().names_in_time() &&
                       client.network().names_settled();
            },
        .waiting_for_names = [&client] { return client.network().waiting(); },
        .keeps_connections = setup && setup->kept,
        .addresses = setup ? setup->addresses : 1,
    };
}

} // namespace forest::inline FOREST_FORM::sim

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/rules/impl/wire_rules.ipp>
#endif

#endif
