// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_PARTY_HPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_SERVER_PARTY_HPP

#include <forest/adapters/asio/detail/io/handler_memory.hpp>
#include <forest/adapters/asio/detail/io/step_handler.hpp>
#include <forest/adapters/asio/detail/server/server_state.hpp>
#include <forest/form.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>

// What connections and listeners have in common: how they wait. All their waits have one type of
// handler, and all their turns one type of function, because each type takes its time to compile.

namespace forest::inline FOREST_FORM::detail {

/// The base of server_connection and server_listener.
class server_party : public std::enable_shared_from_this<server_party> {
public:
    using lock_type = std::unique_lock<std::mutex>;

    server_party(const server_party&) = delete;
    server_party& operator=(const server_party&) = delete;

    /// Called under the server's lock.
    [[nodiscard]] virtual bool closed() const noexcept = 0;

protected:
    /// A step after a wait. It is called in a turn and under the server's lock, unless the party
    /// has been closed. `number` is the one that was given to `guarded`.
    using step_function = void (*)(server_party& self, lock_type& lock, std::error_code ec,
                                   std::uint64_t number);

    explicit server_party(std::shared_ptr<server_state> server) noexcept
        : server_{std::move(server)} {}
    virtual ~server_party() = default;

    /// Returns a handler that owns `self`, and calls its member `Step(lock, ec, number)`.
    template <auto Step, typename Party>
    [[nodiscard]] static step_handler guarded(Party& self, std::uint64_t number = 0) {
        return {self.shared_from_this(), self.memory_, after_wait<Step, Party>, number};
    }

    const std::shared_ptr<server_state> server_;

private:
    template <auto Step, typename Party>
    static void step(server_party& self, lock_type& lock, std::error_code ec,
                     std::uint64_t number) {
        (static_cast<Party&>(self).*Step)(lock, ec, number);
    }

    template <auto Step, typename Party>
    class turn_taker final : public next_step {
        void take(const std::shared_ptr<void>& owner, std::uint64_t number,
                  const std::error_code& ec) override {
            take_turn(owner, &step<Step, Party>, ec, number);
        }
    };

    // It has no state, so all parties share it.
    template <auto Step, typename Party>
    inline static turn_taker<Step, Party> after_wait{};

    static void take_turn(const std::shared_ptr<void>& owner, step_function step,
                          std::error_code ec, std::uint64_t number);

    handler_memory memory_; // for the handlers of all waits
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/asio/detail/server/impl/server_party.ipp>
#endif

#endif
