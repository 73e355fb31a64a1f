// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_END_TO_END_MASTER_PROCESS_HPP
#define FOREST_TESTS_END_TO_END_MASTER_PROCESS_HPP

#include "tool_process.hpp"
#include "warehouse_process.hpp"

#include <forest/core/timestamp.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The master, and warehouses that it follows through their deaths and restarts.

namespace forest::test {

/// How `master` is to be started.
inline tool_setup master_setup(std::vector<std::string> arguments, std::string with = secret) {
    return {std::move(arguments), std::move(with), {}, false, "FOREST_MASTER"};
}

/// Runs `master` to its end.
inline tool_result run_master(std::vector<std::string> arguments, std::string with = secret) {
    return run_tool(std::move(arguments), std::move(with), "FOREST_MASTER");
}

/// What a line of `master --json` must have and may have beside `time`, `event` and `target`.
struct line_members {
    std::vector<std::string> required{};
    std::vector<std::string> optional{};
};

inline const std::map<std::string, line_members> master_lines{
    {"started", {}},
    {"stopped", {}},
    {"check_succeeded", {{"attempt", "status", "latency_ms"}, {"version", "clock_skew_s"}}},
    {"check_failed",
     {{"attempt", "latency_ms", "error", "failures"},
      {"status", "version", "clock_skew_s", "signature_sent"}}},
    {"check_inconclusive",
     {{"attempt", "latency_ms", "error", "failures"}, {"status", "version", "clock_skew_s"}}},
    {"server_down",
     {{"attempt", "latency_ms", "error", "failures", "outage", "first_failure"},
      {"status", "version", "clock_skew_s", "signature_sent"}}},
    {"server_up",
     {{"attempt", "status", "latency_ms", "error", "failures", "outage", "first_failure",
       "duration_ms"},
      {"version", "clock_skew_s", "signature_sent"}}},
    {"schema_loaded",
     {{"etag", "collections", "source"}, {"status", "latency_ms", "clock_skew_s"}}},
    {"schema_unchanged",
     {{"etag", "collections", "status", "latency_ms"}, {"clock_skew_s", "detail"}}},
    {"schema_reloaded", {{"etag", "collections", "status", "latency_ms"}, {"clock_skew_s"}}},
    {"schema_failed", {{"error", "latency_ms"}, {"status", "clock_skew_s", "signature_sent"}}},
    {"health_route_missing",
     {{"attempt", "status", "latency_ms", "error", "failures", "detail"}, {"clock_skew_s"}}},
    {"summary",
     {{"state", "checks", "failures", "outages", "down_ms", "etag", "collections", "reloads",
       "unchanged", "schema_failures"},
      {"down_so_far_ms"}}},
};

inline void check_master_line(const nlohmann::json& line) {
    BOOST_TEST_CONTEXT(line.dump()) {
        const std::vector<std::string> texts{"time",  "event",         "target", "version",
                                             "error", "first_failure", "etag",   "source",
                                             "state", "detail"};
        const auto among = [](const std::vector<std::string>& names, const std::string& name) {
            return std::find(names.begin(), names.end(), name) != names.end();
        };
        const auto known = master_lines.find(line.at("event").get<std::string>());
        BOOST_REQUIRE((known != master_lines.end()));
        std::vector<std::string> missing{"time", "event", "target"};
        missing.insert(missing.end(), known->second.required.begin(), known->second.required.end());
        for (const auto& [name, value] : line.items()) {
            BOOST_TEST((among(texts, name)         ? value.is_string()
                        : name == "signature_sent" ? value.is_boolean()
                                                   : value.is_number()),
                       name);
            if (const auto at = std::find(missing.begin(), missing.end(), name);
                at != missing.end())
                missing.erase(at);
            else
                BOOST_TEST(among(known->second.optional, name), name);
        }
        BOOST_TEST(missing.empty());
        const std::string time = line.at("time");
        BOOST_TEST((parse_timestamp(time) && time.size() == timestamp_size));
    }
}

/// The lines of an output of `master --json`, each as it must be.
inline std::vector<nlohmann::json> events_of(const std::string& output) {
    std::vector<nlohmann::json> events;
    for (std::size_t begin = 0; begin < output.size();) {
        const std::size_t end = output.find('\n', begin);
        BOOST_REQUIRE(end != std::string::npos);
        events.push_back(nlohmann::json::parse(output.substr(begin, end - begin)));
        check_master_line(events.back());
        begin = end + 1;
    }
    return events;
}

/// How often an event of that name is among them.
inline std::size_t count(const std::vector<nlohmann::json>& events, std::string_view name) {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [&](const nlohmann::json& each) { return each.at("event") == name; }));
}

/// `master --json --verbose`, which reports every check and so never falls silent; therefore each
/// wait for an event has a bound of its own.
class following_master : public tool_process {
public:
    /// The options that `arguments` leave out are such that an outage is found within a test.
    explicit following_master(std::vector<std::string> arguments)
        : tool_process{master_setup(with_defaults(std::move(arguments)))} {}

    /// The next line that is meant; others before it are passed over.
    template <typename Meant>
    std::string next_line(const Meant& meant) {
        const auto end = std::chrono::steady_clock::now() + patience;
        for (;;) {
            const auto told = line();
            BOOST_REQUIRE_MESSAGE(told, "the master ended: " << err());
            if (meant(*told))
                return *told;
            BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end,
                                  "waited in vain; so far: " << out());
        }
    }

    /// The next event that is meant.
    template <typename Meant>
    nlohmann::json next(const Meant& meant) {
        nlohmann::json told;
        next_line(
            [&](const std::string& line) { return meant(told = nlohmann::json::parse(line)); });
        return told;
    }

    nlohmann::json next(const char* name) {
        return next([name](const nlohmann::json& told) { return told.at("event") == name; });
    }

    /// The next one of a schema, whatever it says.
    nlohmann::json next_of_schema() {
        return next([](const nlohmann::json& told) {
            return told.at("event").get<std::string>().rfind("schema_", 0) == 0;
        });
    }

    /// Goes on until the server has been asked that often again, for what must not be reported.
    void pass_checks(int checks = 3) {
        for (int n = 0; n < checks; ++n)
            next("check_succeeded");
    }

    /// Everything that it has printed, after a request to end.
    std::vector<nlohmann::json> end() {
        signal(SIGTERM);
        BOOST_TEST(wait() == 0);
        BOOST_TEST(err().empty(), err());
        return events_of(out());
    }

private:
    static std::vector<std::string> with_defaults(std::vector<std::string> arguments) {
        for (const auto& [name, value] : std::map<std::string, std::string>{
                 {"--interval", "50ms"}, {"--failure-threshold", "2"}}) {
            if (std::find(arguments.begin(), arguments.end(), name) == arguments.end())
                arguments.insert(arguments.begin(), {name, value});
        }
        arguments.insert(arguments.begin(), {"--json", "--verbose"});
        return arguments;
    }
};

/// A port of 127.0.0.1 that nobody else is given, neither to listen nor to connect from, while the
/// server that is to listen there is dead.
class reserved_port {
public:
    reserved_port() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        // A server that sets this option, too, may bind to the same port.
        const int on = 1;
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* const plain = reinterpret_cast<sockaddr*>(&address);
        socklen_t size = sizeof address;
        require_system(socket_.get() >= 0 &&
                           ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ==
                               0 &&
                           ::bind(socket_.get(), plain, size) == 0 &&
                           ::getsockname(socket_.get(), plain, &size) == 0,
                       "no port");
        address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }

    /// `host:port`.
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

private:
    descriptor socket_;
    std::string address_;
};

/// A warehouse with a database and an address of its own, which survive it.
class mortal_warehouse {
public:
    /// It does not run yet.
    mortal_warehouse() = default;

    void start(std::vector<std::string> options = {}) {
        running_.emplace(database(), serving_process::prepended(
                                         "--listen", serving_process::prepended(
                                                         port_.address(), std::move(options))));
    }

    /// At once, and it is gone when this returns.
    void kill() {
        signal(SIGKILL);
        BOOST_TEST(wait() == 128 + SIGKILL);
    }

    void signal(int number) const { running_->process.signal(number); }

    /// Its exit status.
    int wait() {
        const int status = running_->process.wait();
        running_.reset();
        return status;
    }

    /// What another program does to the database.
    void change(const std::string& statements) const {
        forest::test::change(database(), statements);
    }

    [[nodiscard]] std::string database() const { return folder_.file("warehouse.sqlite"); }
    [[nodiscard]] std::string url() const { return "http://" + port_.address(); }
    [[nodiscard]] const temporary_folder& folder() const noexcept { return folder_; }

    /// Only while it runs.
    [[nodiscard]] serving_warehouse& running() { return *running_; }
    [[nodiscard]] std::string etag() { return running_->etag(); }

private:
    temporary_folder folder_;
    reserved_port port_;
    std::optional<serving_warehouse> running_;
};

} // namespace forest::test

#endif
