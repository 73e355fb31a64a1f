// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_WORLD_DETAIL_CHAINED_CALLBACKS_HPP
#define FOREST_SIM_WORLD_DETAIL_CHAINED_CALLBACKS_HPP

#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/form.hpp>
#include <forest/policy/observable.hpp>

#include <functional>
#include <type_traits>
#include <utility>

// A client holds one callback of each kind. In a simulated world both the world and the tested
// application need all calls, and the application sets its callbacks as in production.

namespace forest::inline FOREST_FORM::sim::detail {

/// A client that calls the callbacks of a world first and those of the application after them.
/// `Whose` are the arguments before the outage: none, or the target of a fleet.
template <typename Client, typename... Whose>
class chained_callbacks : public Client, public observable<chained_callbacks<Client, Whose...>> {
public:
    using observable<chained_callbacks>::on_event;
    using event_callback = std::function<void(const event&)>;
    using outage_callback = std::function<void(Whose..., const outage&)>;

    chained_callbacks(Client&& client, event_callback listener, outage_callback down,
                      outage_callback up)
        : Client{std::move(client)},
          listener_{std::move(listener)},
          down_{std::move(down)},
          up_{std::move(up)} {
        on_event({});
        on_server_down({});
        on_server_up({});
    }

    void on_event(event_callback callback) {
        Client::on_event(
            [first = listener_, callback = std::move(callback)](const event& happened) {
                first(happened);
                if (callback)
                    callback(happened);
            });
    }

    void on_server_down(outage_callback callback) {
        Client::on_server_down(chain(down_, std::move(callback)));
    }
    void on_server_up(outage_callback callback) {
        Client::on_server_up(chain(up_, std::move(callback)));
    }

private:
    // A client that is stopped destroys the result, and so the callback of the application.
    static outage_callback chain(const outage_callback& first, outage_callback callback) {
        return [first, callback = std::move(callback)](Whose... whose, const outage& reported) {
            first(whose..., reported);
            if (callback)
                callback(whose..., reported);
        };
    }

    event_callback listener_;
    outage_callback down_;
    outage_callback up_;
};

} // namespace forest::inline FOREST_FORM::sim::detail

#endif
