// SPDX-License-Identifier: BSL-1.0
#include "simulation.hpp"
#include "simulation_plan.hpp"
#include "simulation_report.hpp"
#include "simulation_shrink.hpp"
#include "timeline_svg.hpp"
#include <tool/arguments/arguments.hpp>
#include <tool/arguments/chosen_backoff.hpp>
#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/commands.hpp>
#include <tool/output/event_json.hpp>
#include <tool/output/event_text.hpp>
#include <tool/output/json_line.hpp>
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>

#include <forest/core/detection.hpp>
#include <forest/sim/search/plan.hpp>
#include <forest/sim/search/plan_code.hpp>
#include <forest/sim/search/swarm.hpp>
#include <forest/sim/time/host.hpp>
#include <forest/sim/trace/trace.hpp>
#include <forest/sim/world/world.hpp>

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// Runs worlds one after the other, and prints the sum of their results. Real time is only used for
// the progress and the speed: nothing in a simulation depends on it.

namespace forest::cli {

namespace {

struct tool_policies : sim::world_policies {
    using backoff = chosen_backoff;
};

using real_clock = std::chrono::steady_clock;

double seconds_since(real_clock::time_point begin) noexcept {
    return std::chrono::duration<double>(real_clock::now() - begin).count();
}

// The moment of a simulation on a correct clock.
wall_time simulated_time(duration now) noexcept {
    return sim::host::epoch + std::chrono::floor<wall_time::duration>(now);
}

// A line a second for a user who waits at a terminal.
class progress {
public:
    explicit progress(const simulate_arguments& arguments)
        : shown_{!arguments.json && ::isatty(STDERR_FILENO) == 1},
          runs_{arguments.replay ? 1 : arguments.runs},
          length_{arguments.length} {}

    void tell(int world, duration now, std::uint64_t checks) {
        if (!shown_ || seconds_since(reported_) < 1.0)
            return;
        reported_ = real_clock::now();
        const double share =
            std::min(1.0, static_cast<double>(now.count()) / static_cast<double>(length_.count()));
        const std::string place =
            now <= length_ ? fmt::format("is at {} of {}", readable(now), concise(length_))
                           : fmt::format("has been healed for {}", readable(now - length_));
        const std::string line =
            fmt::format("{:.0f} %: world {} of {} {}, after {} checks\n",
                        100 * (world + share) / runs_, world + 1, runs_, place, checks);
        (void)std::fputs(line.c_str(), stderr);
    }

private:
    bool shown_;
    int runs_;
    duration length_;
    real_clock::time_point reported_ = real_clock::now();
};

// A script has the default backoff, so another backoff needs code of its own.
constexpr std::string_view constant_backoff_code =
    "struct with_constant_backoff : forest::sim::world_policies {\n"
    "    using backoff = forest::constant_backoff;\n"
    "};\n";

// A plan as the words of a script.
std::string script_of(const sim::plan& plan, bool constant_backoff) {
    std::string code = sim::to_code(plan);
    constexpr std::string_view usual = "forest::sim::world world{";
    if (constant_backoff && code.rfind(usual, 0) == 0)
        code.replace(0, usual.size(),
                     std::string{constant_backoff_code} +
                         "forest::sim::basic_world<with_constant_backoff> world{");
    return code;
}

// A plan as a test that breaks the rule again.
std::string test_of(const sim::plan& plan, bool constant_backoff) {
    if (!constant_backoff)
        return sim::to_test(plan, sim::swarm_failure{}.check);
    return std::string{constant_backoff_code} +
           sim::to_test(plan, "forest::sim::plan_runner<with_constant_backoff>{}.run(what).broken");
}

std::string subject_of(const sim::fault& fault) {
    return fault.client == sim::fault::everyone ? "server" + std::to_string(fault.server)
                                                : "client" + std::to_string(fault.client);
}

class simulator {
public:
    explicit simulator(const simulate_arguments& arguments)
        : chosen_{arguments}, backoff_{arguments.constant_backoff}, progress_{arguments} {
        report_.first_seed = arguments.replay.value_or(arguments.seed);
        report_.targets = arguments.targets;
        report_.bound = worst_case_detection(arguments.schedule, backoff_);
    }

    exit_status run() {
        require_writable(chosen_.svg_file);
        const int runs = chosen_.replay ? 1 : chosen_.runs;
        while (report_.worlds < runs && !report_.broken && !out_.error())
            run_next();
        out_.write(chosen_.json ? report_json(report_) : report_text(report_));
        if (out_.error() && out_.error() != std::errc::broken_pipe)
            throw runtime_failure("standard output: " + out_.error().message());
        return report_.broken ? exit_status::failure : exit_status::success;
    }

private:
    // Called before the simulation, which may take hours. Leaves the file system unchanged.
    static void require_writable(const std::string& file) {
        if (file.empty())
            return;
        const bool there = std::filesystem::exists(std::filesystem::symlink_status(file));
        errno = 0;
        if (!std::ofstream{file, std::ios::app})
            throw usage_error(fmt::format("--svg: '{}' cannot be written: {}", ascii_escape(file),
                                          std::generic_category().message(errno)));
        std::error_code ignored;
        if (!there)
            std::filesystem::remove(file, ignored);
    }

    void run_next() {
        const int number = report_.worlds++;
        const std::uint64_t seed = report_.first_seed + static_cast<std::uint64_t>(number);
        const sim::plan drawn = draw_plan(seed, chosen_);
        simulation_listener listener;
        listener.passed = [&](duration now, std::uint64_t checks) {
            progress_.tell(number, now, report_.checks + checks);
            return !out_.error();
        };
        timeline picture;
        if (!chosen_.svg_file.empty() && number == 0) {
            picture = empty_picture(drawn);
            listener.lanes = &picture.lanes;
        }
        if (chosen_.replay) {
            tell_script(drawn);
            tell_events(listener);
        }
        const auto began = real_clock::now();
        const simulation_outcome ended =
            simulate<tool_policies>(drawn, backoff_, std::move(listener));
        report_.seconds += seconds_since(began);
        take(ended, drawn.length);
        if (!picture.lanes.empty())
            write_picture(picture, seed, ended);
        if (ended.broken)
            tell_violation(seed, shrink_violation<tool_policies>(drawn, *ended.broken, backoff_));
    }

    void take(const simulation_outcome& ended, duration length) {
        report_.length = length;
        report_.simulated_s += std::chrono::duration<double>(length).count();
        report_.checks += ended.checks;
        report_.checks_failed += ended.failed;
        report_.checks_inconclusive += ended.inconclusive;
        report_.outages += ended.outages;
        for (const duration each : ended.latencies)
            report_.latencies.add(each);
        report_.broken = ended.broken.has_value();
        digests_.add({.value = ended.digest});
        report_.digest = report_.worlds == 1 ? ended.digest : digests_.digest();
    }

    void tell_script(const sim::plan& drawn) {
        const std::string code = script_of(drawn, chosen_.constant_backoff);
        if (!chosen_.json)
            return out_.write(code + "\n");
        json_line line;
        line.add_text("event", "script");
        line.add_text("code", code);
        out_.write(std::move(line).finish());
    }

    void tell_events(simulation_listener& listener) {
        listener.reported = [this](const event& happened, duration now) {
            if (is_printed(happened, chosen_.verbose))
                out_.write(chosen_.json ? event_json(happened, simulated_time(now))
                                        : event_text(happened, simulated_time(now), out_));
        };
        listener.fault = [this](const sim::fault& fault, bool begins, duration now) {
            out_.write(chosen_.json ? fault_json(fault, begins, now)
                                    : fault_text(fault, begins, now));
        };
    }

    std::string fault_text(const sim::fault& fault, bool begins, duration now) const {
        return fmt::format("{} {} {} of {}\n",
                           out_.coloured(colour::faint, utc(simulated_time(now))),
                           out_.coloured(colour::doubtful, begins ? "fault  " : "healed "),
                           sim::name(fault.kind), subject_of(fault));
    }

    static std::string fault_json(const sim::fault& fault, bool begins, duration now) {
        json_line line;
        line.add_text("time", utc(simulated_time(now)));
        line.add_text("event", begins ? "fault" : "healed");
        line.add_text("fault", sim::name(fault.kind));
        line.add_text("subject", subject_of(fault));
        return std::move(line).finish();
    }

    void tell_violation(std::uint64_t seed, const broken_plan& shrunk) {
        const std::string code = test_of(shrunk.plan, chosen_.constant_backoff);
        const sim::violation& broken = shrunk.broken;
        if (!chosen_.json)
            return out_.write(fmt::format("seed {} breaks {}; shortened: {}\n\n{}\n", seed,
                                          broken.rule, to_string(broken), code));
        json_line line;
        line.add_text("time", utc(simulated_time(broken.at)));
        line.add_text("event", "rule_broken");
        line.add_integer("seed", seed);
        line.add_text("rule", broken.rule);
        line.add_text("client", broken.client);
        line.add_text("explanation", broken.explanation);
        line.add_text("script", code);
        out_.write(std::move(line).finish());
    }

    timeline empty_picture(const sim::plan& drawn) const {
        timeline picture;
        picture.length = drawn.length;
        picture.faults = &drawn.faults;
        const std::size_t all = drawn.servers;
        const std::size_t shown = std::min(all, timeline::lanes_max);
        picture.left_out = all - shown;
        for (std::size_t index = 0; index < shown; ++index)
            picture.lanes.emplace_back("server" + std::to_string(index), drawn.length);
        return picture;
    }

    void write_picture(timeline& picture, std::uint64_t seed, const simulation_outcome& ended) {
        const options& of = chosen_.schedule;
        picture.title = fmt::format("seed {}: {} target{} for {}", seed, chosen_.targets,
                                    chosen_.targets == 1 ? "" : "s", concise(chosen_.length));
        picture.subtitle = fmt::format(
            "a check each {}, timeout {}, down after {} failure{}, {} backoff; {} true outage{}, "
            "{} detected, {} down{} reported, {} false; digest {}",
            concise(of.interval), concise(of.timeout), of.failure_threshold,
            of.failure_threshold == 1 ? "" : "s",
            chosen_.constant_backoff ? "constant" : "exponential", ended.outages.obliged,
            ended.outages.obliged == 1 ? "" : "s", ended.outages.obliged_detected, ended.downs(),
            ended.downs() == 1 ? "" : "s", ended.outages.false_positives,
            sim::digest_text(ended.digest));
        errno = 0;
        std::ofstream file{chosen_.svg_file, std::ios::binary | std::ios::trunc};
        file << timeline_svg(picture);
        file.close();
        if (!file)
            throw runtime_failure(fmt::format("--svg: {}: {}", ascii_escape(chosen_.svg_file),
                                              std::generic_category().message(errno)));
    }

    const simulate_arguments& chosen_;
    chosen_backoff backoff_;
    terminal out_;
    progress progress_;
    simulation_report report_;
    sim::trace digests_; // of several worlds
};

} // namespace

exit_status run(const simulate_arguments& simulate) {
    return simulator{simulate}.run();
}

} // namespace forest::cli
