// SPDX-License-Identifier: BSL-1.0

// All events go to a log and to a meter of your own at once. The outage is simulated, so that the
// program ends at once.

#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/observer.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

struct counts {
    int checks = 0;
    int failures = 0;
    int outages = 0;
};

// An observer is moved into the client. So it shares its counts with the code that reads them.
class meter {
public:
    explicit meter(std::shared_ptr<counts> totals) : counts_{std::move(totals)} {}

    void on_event(const forest::event& happened) noexcept {
        counts_->checks += happened.kind == forest::event_kind::check_started;
        counts_->failures += happened.kind == forest::event_kind::check_failed;
        counts_->outages += happened.kind == forest::event_kind::server_down;
    }

private:
    std::shared_ptr<counts> counts_;
};

int main() {
    forest::sim::event_queue queue;
    forest::sim::scripted_transport network{queue};
    network.then(forest::sim::healthy())
        .then(forest::sim::failing(forest::errc::connection_refused), 4)
        .then(forest::sim::healthy());

    forest::basic_health_client client{network, forest::sim::virtual_clock{queue},
                                       forest::unsigned_requests{}, forest::exponential_backoff{},
                                       "http://warehouse.example/forest/health"};
    const auto measured = std::make_shared<counts>();
    client.on_event(forest::tee{forest::log_observer{}, meter{measured}});
    client.start();
    queue.run_for(1min);
    client.stop();

    // Healthy at 0 s; refused at 30, 32, 36 and 44 s; healthy at 60 s.
    const bool complete =
        measured->checks == 6 && measured->failures == 4 && measured->outages == 1;
    return complete ? EXIT_SUCCESS : EXIT_FAILURE;
}
