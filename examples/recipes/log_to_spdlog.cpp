// SPDX-License-Identifier: BSL-1.0

// Writes events as lines to a logger of spdlog, at the levels of log_observer. The outage is
// simulated, so that the program ends at once.

#include <forest/adapters/fmt/log_line.hpp>
#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/observer.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/ringbuffer_sink.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// Copies share the logger. As thread-safe as its sinks: `_mt` if clients on several threads use it.
class spdlog_observer {
public:
    explicit spdlog_observer(std::shared_ptr<spdlog::logger> logger) : logger_{std::move(logger)} {}

    void on_event(const forest::event& event) noexcept {
        const auto level = level_of(forest::severity_of(event));
        if (!logger_->should_log(level) && !logger_->should_backtrace())
            return; // The logger decides, so its level may be changed at any time.
        try {
            const forest::log_line line{event};
            const std::string_view text = line.text();
            // A view is logged as it is. A string literal would be a format, and a line may have
            // braces in it.
            logger_->log(level, spdlog::string_view_t{text.data(), text.size()});
        } catch (...) { // A log that cannot be written must not stop the checks.
        }
    }

private:
    static spdlog::level::level_enum level_of(forest::severity severity) {
        switch (severity) {
        case forest::severity::debug: return spdlog::level::debug;
        case forest::severity::info: return spdlog::level::info;
        case forest::severity::warning: return spdlog::level::warn;
        case forest::severity::error: break;
        }
        return spdlog::level::err;
    }

    std::shared_ptr<spdlog::logger> logger_;
};

int main() {
    const auto sink = std::make_shared<spdlog::sinks::ringbuffer_sink_st>(100); // or a file's
    const auto logger = std::make_shared<spdlog::logger>("forest", sink);

    forest::sim::event_queue queue;
    forest::sim::scripted_transport network{queue};
    network.then(forest::sim::healthy())
        .then(forest::sim::failing(forest::errc::connection_refused), 4)
        .then(forest::sim::healthy());
    forest::basic_health_client client{network, forest::sim::virtual_clock{queue},
                                       forest::unsigned_requests{}, forest::exponential_backoff{},
                                       "http://warehouse.example/forest/health"};
    client.on_server_up([](const forest::outage&) { throw std::runtime_error{"{} is no format"}; });

    // The observer of the library logs the same events, for comparison.
    std::vector<std::string> expected;
    const auto remember = [&](forest::severity, std::string_view line) {
        expected.emplace_back(line);
    };
    client.on_event(forest::tee{spdlog_observer{logger},
                                forest::basic_log_observer{forest::severity::info, remember}});
    client.start();
    queue.run_for(1min);
    client.stop();

    using enum spdlog::level::level_enum;
    const std::vector levels{warn, warn, info, err}; // third failure, down, up, the exception
    const auto lines = sink->last_raw();
    bool equal = lines.size() == levels.size() && lines.size() == expected.size();
    for (std::size_t n = 0; equal && n < lines.size(); ++n)
        equal = lines[n].level == levels[n] &&
                std::string_view{lines[n].payload.data(), lines[n].payload.size()} == expected[n];
    return equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
