// SPDX-License-Identifier: BSL-1.0

// A transport of your own: a batch job without a web server writes its health into a file, and the
// client watches the file. First a battery checks the promises of every transport. Needs the
// standard library only.

#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/health_client.hpp>
#include <forest/policy/signer.hpp>
#include <forest/policy/transport.hpp>
#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

class file_transport {
public:
    file_transport(forest::sim::event_queue& queue, std::filesystem::path file)
        : queue_{&queue}, file_{std::move(file)} {}

    // The handler is never called from inside: the queue, on which the clock runs too, calls it.
    template <typename Handler>
    void async_get(const forest::request& request, forest::duration, Handler handler) {
        canceled_ = std::make_shared<bool>(false);
        const auto bytes_max = request.limits.body_bytes_max;
        queue_->after(0s, [file = file_, canceled = canceled_, bytes_max, handler] {
            forest::reply answer;
            std::ifstream input{file};
            const std::string text{std::istreambuf_iterator<char>{input}, {}};
            if (*canceled)
                answer.error = forest::errc::operation_canceled;
            else if (!input.is_open())
                answer.error = forest::errc::connection_refused;
            else if (text.size() > bytes_max)
                answer.error = forest::errc::response_too_large;
            answer.status = answer.error ? 0 : 200;
            answer.body = text;
            handler(answer);
        });
    }

    void cancel() {
        if (canceled_ != nullptr)
            *canceled_ = true;
    }

private:
    forest::sim::event_queue* queue_;
    std::filesystem::path file_;
    std::shared_ptr<bool> canceled_;
};

static_assert(forest::transport<file_transport>);

// The other side for the battery: a job that writes its file or does not write it.
struct file_harness : forest::sim::conformance::virtual_time {
    std::filesystem::path file;

    file_transport make() { return {queue, file}; }
    std::string target() const { return "http://batch-job.example/"; }

    bool plan(forest::sim::conformance::peer_plan& wanted) {
        using enum forest::sim::conformance::peer_act;
        wanted = {.act = wanted.act, .body = wanted.body}; // A file has no status and no fields.
        std::filesystem::remove(file);
        if (wanted.act == answer)
            std::ofstream{file} << wanted.body;
        return wanted.act == answer || wanted.act == refuse;
    }

    void release() {}
    std::vector<forest::sim::conformance::peer_request> received() const { return {}; }
};

int main() {
    const auto unique = std::chrono::steady_clock::now().time_since_epoch().count();
    const auto file = std::filesystem::temp_directory_path() / ("job-" + std::to_string(unique));

    file_harness harness;
    harness.file = file;
    const auto broken = forest::sim::conformance::check_transport(harness);
    for (const auto& promise : broken)
        std::cerr << to_string(promise) << '\n';

    std::ofstream{file} << R"({"status":"ok"})";
    forest::sim::event_queue queue;
    forest::basic_health_client client{
        file_transport{queue, file}, forest::sim::virtual_clock{queue}, forest::unsigned_requests{},
        forest::constant_backoff{}, "http://batch-job.example/"};
    client.start();
    queue.run_for(1min);
    const bool was_up = client.status() == forest::target_status::up;

    std::filesystem::remove(file);
    queue.run_for(2min);
    const bool is_down = client.status() == forest::target_status::down;
    return broken.empty() && was_up && is_down ? EXIT_SUCCESS : EXIT_FAILURE;
}
