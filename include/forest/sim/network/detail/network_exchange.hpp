// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_NETWORK_DETAIL_NETWORK_EXCHANGE_HPP
#define FOREST_SIM_NETWORK_DETAIL_NETWORK_EXCHANGE_HPP

#include <forest/core/detail/container/unique_function.hpp>
#include <forest/core/detail/http/request_writer.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/form.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/network/detail/arriving_answer.hpp>
#include <forest/sim/network/network_path.hpp>
#include <forest/sim/network/server_process.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

// One request at a time and its answer, as bytes that travel through a simulated network. The
// events on the queue share the object. Each event moves its shared_ptr to the next event, because
// counting references would cost more than everything else here.

namespace forest::inline FOREST_FORM::sim::detail {

/// The state of a network_transport.
class network_exchange final : public peer, public std::enable_shared_from_this<network_exchange> {
public:
    using receiver = forest::detail::unique_function<void(const reply&)>;

    explicit network_exchange(path_chooser choose) : choose_{std::move(choose)} {}
    network_exchange(const network_exchange&) = delete;
    network_exchange& operator=(const network_exchange&) = delete;
    ~network_exchange() override { leave(); }

    void begin(const request& get, duration timeout, receiver handler);

    void cancel();

    [[nodiscard]] int in_flight() const noexcept { return handler_ ? 1 : 0; }

    /// The server process has ended, so the rest of its answer is lost.
    void reset() override;

private:
    using shared = std::shared_ptr<network_exchange>;

    event_queue& queue() const noexcept { return path_.client->queue(); }

    void note(trace_kind kind, int detail, std::uint64_t value) const;

    // -- The deadline --

    duration time_left() const noexcept { return due_ - path_.client->timer_now(); }

    // Only a lost or late message needs the timer. A message that takes at most two thirds of the
    // time is not late, because no clock runs more than 11/8 times as fast as the queue.
    void set_timer_unless_within(duration extra);

    void set_timer() {
        if (!std::exchange(timer_set_, true))
            wait_for_deadline();
    }

    void wait_for_deadline();

    // -- To the server --

    template <typename Arrive>
    void send(direction way, Arrive&& arrives, duration extra = duration::zero(),
              duration whole = duration::zero()) {
        set_timer_unless_within(whole);
        if (!path_.over->carry(way, std::forward<Arrive>(arrives), extra))
            lose(way);
    }

    void lose(direction way);

    static void arrive(shared self);

    static void ask(shared self);

    void answered(std::string_view bytes);

    // -- To the client --

    void transmit();

    forest::detail::unique_function<void()> next_piece();

    static void piece_arrived(shared self);

    void fail_over_link(errc error) { send(direction::to_client, failure(error)); }

    void fail_after(duration delay, errc error);

    forest::detail::unique_function<void()> failure(errc error);

    void fail(errc error);

    void finish(reply& result);

    // Events that are still queued for this request are ignored.
    void end();

    void leave();

    path_chooser choose_;
    network_path path_; // of the current request
    receiver handler_;
    message_limits limits_;
    steady_time began_{};
    steady_time due_{};      // by the clock of timers
    std::uint64_t call_ = 0; // changes when a request begins or ends
    std::uint64_t leg_ = 0;  // changes with `call_`, and when the travelling messages become void
    std::uint64_t requests_ = 0;
    std::size_t size_ = 0;
    bool accepted_ = false; // the server has accepted the connection
    bool timer_set_ = false;
    std::array<char, forest::detail::request_bytes_max> bytes_;
    arriving_answer answer_;
};

} // namespace forest::inline FOREST_FORM::sim::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/network/detail/impl/network_exchange.ipp>
#endif

#endif
