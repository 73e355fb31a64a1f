// SPDX-License-Identifier: BSL-1.0

// Wakes somebody once for each outage, even if the watching program is restarted during the outage:
// a file has the targets for which somebody was woken. The outage is simulated, so that the program
// ends at once.

#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/outage.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

enum class page_kind { trigger, resolve };

// A message to a paging service. Two pages with one key are one incident.
struct page {
    page_kind kind{};
    std::string key; // the target
    std::string text;
};

// Sends each change before it is saved. So a program that is killed between the two sends the
// change twice, with one key, and never loses it. Not thread-safe.
class pager {
public:
    using send_function = std::function<void(const page&)>;

    pager(std::filesystem::path file, send_function send)
        : file_{std::move(file)}, send_{std::move(send)} {
        std::ifstream lines{file_};
        for (std::string target; std::getline(lines, target);)
            paged_.insert(target);
    }

    void on_event(const forest::event& happened) {
        const std::string target{happened.target};
        switch (happened.kind) {
        case forest::event_kind::server_down:
            if (!paged_.contains(target))
                change({page_kind::trigger, target, message(*happened.outage)});
            return;
        case forest::event_kind::check_succeeded:
            // The first one after a restart: nobody else will say that the outage has ended.
            if (happened.during_outage)
                return; // server_up follows, when it has succeeded often enough
            [[fallthrough]];
        case forest::event_kind::server_up:
            if (paged_.contains(target))
                change({page_kind::resolve, target, target + " is up"});
            return;
        default: return;
        }
    }

private:
    static std::string message(const forest::outage& outage) {
        return std::string{outage.target} + " is down after " + std::to_string(outage.failures) +
               " failures: " + outage.last_error.message();
    }

    void change(const page& sent) {
        send_(sent);
        if (sent.kind == page_kind::trigger)
            paged_.insert(sent.key);
        else
            paged_.erase(sent.key);
        const std::filesystem::path beside = file_.string() + ".new";
        std::ofstream lines{beside};
        for (const std::string& target : paged_)
            lines << target << '\n';
        lines.close();
        if (!lines)
            throw std::runtime_error{"cannot write " + beside.string()};
        std::filesystem::rename(beside, file_); // All of it, or nothing.
    }

    std::filesystem::path file_;
    send_function send_;
    std::set<std::string> paged_;
};

// A run of the program that watches, with the answers that it gets.
template <typename Script>
void run(const std::filesystem::path& file, const pager::send_function& send, Script script) {
    forest::sim::event_queue queue;
    forest::sim::scripted_transport network{queue};
    script(network);
    pager on_duty{file, send};
    forest::basic_health_client client{network, forest::sim::virtual_clock{queue},
                                       forest::unsigned_requests{}, forest::exponential_backoff{},
                                       "http://warehouse.example/forest/health"};
    client.on_event([&](const forest::event& happened) { on_duty.on_event(happened); });
    client.start();
    queue.run_for(2min);
    client.stop();
}

int main() {
    using forest::sim::failing, forest::sim::healthy;
    const auto file =
        std::filesystem::temp_directory_path() / ("forest-pager-" + std::to_string(::getpid()));
    std::vector<page_kind> sent;
    const auto send = [&](const page& next) {
        std::cout << (next.kind == page_kind::trigger ? "trigger " : "resolve ") << next.key << ": "
                  << next.text << '\n';
        sent.push_back(next.kind);
    };
    const auto refused = failing(forest::errc::connection_refused);

    run(file, send, [&](auto& network) { network.then(healthy()).then(refused, 100); });
    // The program is restarted twice during the outage, which ends in the second run.
    run(file, send, [&](auto& network) { network.then(refused, 100); });
    run(file, send, [&](auto& network) { network.then(refused, 5).then(healthy(), 100); });
    // The next outage ends while nobody watches.
    run(file, send, [&](auto& network) { network.then(refused, 100); });
    run(file, send, [&](auto& network) { network.then(healthy(), 100); });

    std::filesystem::remove(file);
    using enum page_kind;
    return sent == std::vector{trigger, resolve, trigger, resolve} ? EXIT_SUCCESS : EXIT_FAILURE;
}
