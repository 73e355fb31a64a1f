// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_CHAINED_CALLBACKS_HPP
#define FOREST_SIM_WORLD_DETAIL_CHAINED_CALLBACKS_HPP

#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/policy/observable.hpp>

#include <functional>
#include <type_traits>
#include <utility>

// A client holds one callback of each kind. In a simulated world the kit has to hear of everything,
// and so has the application that is tested, which sets its callbacks as it does in production.

namespace forest::sim::detail {

/// A client whose callbacks come beside those of a world, after them, instead of in their place.
/// `Whose` is what the callbacks for an outage take before it: nothing, or the target of a fleet.
template <typename Client, typename... Whose>
class chained_callbacks : public Client, public observable<chained_callbacks<Client, Whose...>> {
public:
    using observable<chained_callbacks>::on_event;
    using event_callback = std::function<void(const event&)>;
    using outage_callback = std::function<void(Whose..., const outage&)>;

    chained_callbacks(Client&& made, event_callback told, outage_callback down, outage_callback up)
        : Client{std::move(made)},
          told_{std::move(told)},
          down_{std::move(down)},
          up_{std::move(up)} {
        on_event({});
        on_server_down({});
        on_server_up({});
    }

    void on_event(event_callback callback) {
        Client::on_event([first = told_, callback = std::move(callback)](const event& happened) {
            first(happened);
            if (callback)
                callback(happened);
        });
    }

    void on_server_down(outage_callback callback) {
        Client::on_server_down(beside(down_, std::move(callback)));
    }
    void on_server_up(outage_callback callback) {
        Client::on_server_up(beside(up_, std::move(callback)));
    }

private:
    // The client drops it when it is stopped, and with it what the application's holds.
    static outage_callback beside(const outage_callback& first, outage_callback callback) {
        return [first, callback = std::move(callback)](Whose... whose, const outage& of) {
            first(whose..., of);
            if (callback)
                callback(whose..., of);
        };
    }

    event_callback told_;
    outage_callback down_;
    outage_callback up_;
};

} // namespace forest::sim::detail

#endif
