// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_NETWORK_GET_HPP
#define FOREST_SIM_NETWORK_DETAIL_NETWORK_GET_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/detail/logic/get_steps.hpp>
#include <forest/core/detail/logic/name_book.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/connection.hpp>
#include <forest/sim/network/network_path.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Drives the machine of a GET in a simulated network: the machine decides, as in the transports
// with sockets; this acts.

namespace forest::inline FOREST_FORM::sim::detail {

/// What the transports of one client share.
struct network_user {
    path_chooser choose;
    int in_flight = 0;
};

/// The state of a network_transport. Tests derive from it to plant bugs.
class network_get : public connection_user {
public:
    using receiver = forest::detail::unique_function<void(const reply&)>;

    explicit network_get(std::shared_ptr<network_user> user) : user_{std::move(user)} {}

    void begin(const request& get, duration timeout, receiver handler);

    void cancel();

    /// The transport is destroyed.
    virtual void abandon() { cancel(); }

    [[nodiscard]] bool under_way() const noexcept { return static_cast<bool>(handler_); }

    [[nodiscard]] bool waits_on_kept_connection() const noexcept {
        return under_way() && machine_.waits_on_kept_connection();
    }

    [[nodiscard]] const std::shared_ptr<network_user>& user() const noexcept { return user_; }

protected:
    using action = forest::detail::get_action_kind;
    using input = forest::detail::get_input_kind;
    using get_action = forest::detail::get_action;
    using get_input = forest::detail::get_input;
    using get_plan = forest::detail::get_plan;

    // Tests replace these three.
    virtual get_action start(const get_plan& plan) { return machine_.begin(plan, now()); }
    virtual get_action step(const get_input& came) { return machine_.step(came, now()); }
    virtual get_input act(get_action next);
    virtual void finish();

    // -- The user of the connections --

    void ready(connection& awaited) override;
    void may_be_late() override;
    void sending(link& over, duration more) override;
    [[nodiscard]] bool too_late() const noexcept override;
    [[nodiscard]] std::span<char> request_bytes() noexcept override {
        return std::span{bytes_}.first(size_);
    }
    [[nodiscard]] const message_limits& limits() const noexcept override { return limits_; }

    // Waits for the end of a look-up.
    class question final : public forest::detail::name_waiter {
    public:
        explicit question(network_get& owner) noexcept : owner_{owner} {}
        void answered() noexcept override;

    private:
        network_get& owner_;
    };

    // The clock of timers: a GET of a host that was suspended has not lost that time.
    [[nodiscard]] steady_time now() const noexcept { return path_.client->timer_now(); }
    [[nodiscard]] duration time_left() const noexcept { return machine_.deadline() - now(); }
    [[nodiscard]] bool stepwise() const noexcept {
        return path_.network != nullptr && path_.network->setup();
    }

    void drive(const get_input& came) { perform(step(came)); }
    void perform(get_action next);

    // -- The timer --

    void wait(steady_time until);
    void set_timer(steady_time until);
    void timer_ended(std::uint64_t number);

    // -- Names --

    get_input ask(bool after_failed_connect);
    get_input ask_link();
    get_input answer();
    void name_answered(std::uint64_t number);
    get_input leave();
    void leave_name();
    void add_addresses();
    [[nodiscard]] bool kept_fits() const noexcept;

    // -- Connections --

    [[nodiscard]] connection*& socket(unsigned index) noexcept {
        return index == forest::detail::kept_connection ? kept_ : attempts_[index];
    }
    connection& add(unsigned index, unsigned address);
    void drop(unsigned index);
    get_input connect(unsigned index);
    get_input try_again(unsigned index);
    get_input shake_hands(unsigned index);
    get_input send(unsigned index);
    get_input receive(unsigned index);
    void keep(unsigned index);

    // -- The end --

    void note_address();

    // Calls a handler. Every call is seen.
    void call(receiver& handler, const reply& result);

    std::shared_ptr<network_user> user_;
    receiver handler_;
    forest::detail::get_machine machine_;
    message_limits limits_;
    reply result_; // of the connection that was used
    steady_time began_{};
    std::string host_name_;
    bool encrypted_ = false;
    bool beginning_ = false; // the call that begins the GET has not returned
    bool canceled_ = false;

    std::optional<steady_time> timer_at_;
    std::uint64_t timers_ = 0;

    question question_{*this};
    std::uint64_t questions_ = 0;
    bool asking_ = false;
    bool waits_for_book_ = false;
    bool has_last_good_ = false;

    std::array<std::uint8_t, connection_setup::addresses_max> addresses_{}; // in their order
    std::size_t known_addresses_ = 0;
    std::array<steady_time, connection_setup::addresses_max> attempted_{};
    std::array<connection*, connection_setup::addresses_max> attempts_{};
    connection* kept_ = nullptr;
    std::vector<std::unique_ptr<connection>> connections_;
    std::vector<connection*> free_;
    std::size_t size_ = 0;
    std::array<char, forest::detail::request_bytes_max> bytes_;
};

} // namespace forest::inline FOREST_FORM::sim::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/detail/impl/network_get.ipp>
#endif

#endif
