// SPDX-License-Identifier: BSL-1.0
#include "master_process.hpp"

#include <support/sanitized.hpp>

#include <forest/core/time.hpp>
#include <forest/core/timestamp.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <ostream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// One master through hundreds of deaths of one warehouse, at any moment, a third of them with a
// change of the schema (B7, B8, B31). What the master reported is read in the end by someone who
// knows nothing but which schema was served when.

namespace {

using forest::test::following_master;
using forest::test::mortal_warehouse;
using forest::test::sanitized;
using nlohmann::json;

constexpr int cycles = sanitized ? 80 : 200;
constexpr int failure_threshold = 2;

std::uint32_t seed() {
    if (const char* const given = std::getenv("FOREST_TEST_SEED"))
        return static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10));
    return std::random_device{}();
}

// As the master writes it; in this form texts compare as times do.
std::string now() {
    const auto time = forest::format_timestamp(
        std::chrono::floor<forest::wall_time::duration>(std::chrono::system_clock::now()));
    return {time.data(), time.size()};
}

std::string text(const json& event, const char* member) {
    return event.at(member).get<std::string>();
}

bool is_outcome(const json& event) {
    return event.at("event") == "schema_unchanged" || event.at("event") == "schema_reloaded";
}

// One run of the warehouse, with the schema that it had all the time.
struct life {
    std::string etag{};
    std::string begun{};
    std::string ended = "9999"; // not yet
};

// What a process holds of its system.
struct holdings {
    std::size_t descriptors = 0;
    long threads = 0;
    long resident_kib = 0;
};

holdings holdings_of(pid_t process) {
    const std::string folder = "/proc/" + std::to_string(process);
    holdings found;
    // The descriptor of a check under way comes and goes.
    found.descriptors = static_cast<std::size_t>(-1);
    for (int n = 0; n < 20; ++n) {
        const std::filesystem::directory_iterator all{folder + "/fd"};
        found.descriptors =
            std::min(found.descriptors, static_cast<std::size_t>(std::distance(begin(all), {})));
        std::this_thread::sleep_for(std::chrono::milliseconds{3});
    }
    std::ifstream status{folder + "/status"};
    for (std::string line; std::getline(status, line);) {
        std::istringstream words{line};
        std::string name;
        words >> name;
        if (name == "Threads:")
            words >> found.threads;
        else if (name == "VmRSS:")
            words >> found.resident_kib;
    }
    return found;
}

// The processes that have `word` on their command line.
std::vector<std::string> processes_with(const std::string& word) {
    std::vector<std::string> found;
    for (const auto& each : std::filesystem::directory_iterator{"/proc"}) {
        std::ifstream file{each.path() / "cmdline", std::ios::binary};
        const std::string line{std::istreambuf_iterator<char>{file}, {}};
        if (line.find(word) != std::string::npos)
            found.push_back(each.path().filename().string());
    }
    return found;
}

// Kills, changes and restarts the warehouse, and keeps book of it.
class fate {
public:
    explicit fate(std::uint32_t with) : random_{with} {
        warehouse_.start();
        warehouse_.kill();
        // A schema of 100 KiB is missed when it is not given back.
        std::string tables = "PRAGMA synchronous = OFF;";
        for (int n = 0; n < 40; ++n)
            tables += "CREATE TABLE t" + std::to_string(n) +
                      " (id INTEGER PRIMARY KEY, a TEXT, b REAL, c TEXT, d TEXT,"
                      " product_id INTEGER REFERENCES product (id));";
        warehouse_.change(tables);
        begin_life();
    }

    [[nodiscard]] std::string url() const { return warehouse_.url(); }
    [[nodiscard]] std::string folder() const { return warehouse_.folder().path.string(); }
    [[nodiscard]] std::string etag() { return warehouse_.etag(); }
    [[nodiscard]] const std::vector<life>& lives() const noexcept { return lives_; }
    [[nodiscard]] int changes() const noexcept { return changes_; }

    // Begins and ends with a warehouse that lives. In the end the master knows its schema if it is
    // to be waited for.
    void cycle(following_master& master, bool to_the_end) {
        end_life();
        const bool noticed = to_the_end || !happens(std::exchange(fetching_, false) ? 50 : 10);
        if (noticed)
            wait_until_down(master);
        if (happens(33))
            change();
        begin_life();
        if (!noticed) // There may have been no outage, but a fetch that was cut off is still owed.
            return happens(50) ? master.pass_checks(10)
                               : sleep_up_to(std::chrono::milliseconds{30});
        if (!to_the_end && happens(15))
            return sleep_up_to(std::chrono::milliseconds{60}); // Before or after the recovery.
        fetching_ = !to_the_end && happens(30);
        if (fetching_)
            return wait_until_fetching(master);
        master.next("server_up");
        master.next([&](const json& told) {
            return is_outcome(told) && text(told, "etag") == lives_.back().etag;
        });
        if (!to_the_end)
            sleep_up_to(std::chrono::milliseconds{100});
    }

private:
    // What is asked for takes time in which the master recovers, so it is no more than is needed.
    void begin_life() {
        const bool changed = lives_.empty() || changes_ > changes_known_;
        changes_known_ = changes_;
        lives_.push_back({.etag = changed ? std::string{} : lives_.back().etag, .begun = now()});
        warehouse_.start();
        if (changed)
            lives_.back().etag = etag_field();
    }

    std::string etag_field() {
        const std::string head = warehouse_.running().get_schema().head;
        const std::string name = "\r\nETag: \"";
        const std::size_t at = head.find(name);
        BOOST_REQUIRE(at != std::string::npos);
        const std::size_t begin = at + name.size();
        return head.substr(begin, head.find('"', begin) - begin);
    }

    void end_life() {
        warehouse_.kill();
        lives_.back().ended = now();
    }

    // Each is another one than all before.
    void change() {
        const std::string number = std::to_string(++changes_);
        warehouse_.change("PRAGMA synchronous = OFF;" +
                          (happens(50) ? "ALTER TABLE product ADD COLUMN c" + number + " TEXT"
                                       : "CREATE TABLE n" + number + " (id INTEGER PRIMARY KEY)"));
    }

    // A check that has failed since the death reports it; without a server no other one can
    // succeed.
    void wait_until_down(following_master& master) const {
        master.next([&](const json& told) {
            return told.at("event") == "check_failed" &&
                   told.at("failures").get<int>() >= failure_threshold &&
                   text(told, "time") > lives_.back().ended;
        });
    }

    // Or almost, or just no more. A fetch takes half a millisecond, so nothing is read that need
    // not be, and the first sign may do.
    void wait_until_fetching(following_master& master) {
        const char* const sign = happens(50) ? "check_succeeded" : "server_up";
        master.next_line(
            [&](const std::string& line) { return line.find(sign) != std::string::npos; });
    }

    bool happens(int percent) { return std::uniform_int_distribution{0, 99}(random_) < percent; }

    void sleep_up_to(std::chrono::microseconds longest) {
        std::this_thread::sleep_for(
            std::chrono::microseconds{std::uniform_int_distribution<std::chrono::microseconds::rep>{
                0, longest.count()}(random_)});
    }

    std::mt19937 random_;
    mortal_warehouse warehouse_;
    std::vector<life> lives_;
    int changes_ = 0;
    int changes_known_ = 0; // to have been served
    bool fetching_ = false; // when the last cycle ended
};

// How often it came how.
struct distribution {
    std::size_t reloads = 0;
    std::size_t unchanged = 0;
    std::size_t fetches_cut_off = 0; // failed while the connection was there
    std::size_t fetches_refused = 0;
    std::size_t recoveries_without_outcome = 0;
};

std::ostream& operator<<(std::ostream& out, const distribution& counted) {
    return out << counted.reloads << " reloads, " << counted.unchanged << " unchanged; "
               << counted.fetches_cut_off << " fetches cut off, " << counted.fetches_refused
               << " refused, " << counted.recoveries_without_outcome
               << " recoveries without an outcome";
}

// Reads what was reported from the first line to the last.
class reading {
public:
    explicit reading(const std::vector<life>& lives) : lives_{lives} {
        for (const life& each : lives) // The number of a schema is that of the first life it had.
            numbers_.try_emplace(each.etag, numbers_.size());
    }

    void read(const std::vector<json>& events) {
        for (const json& each : events) {
            BOOST_TEST_CONTEXT(each.dump()) {
                read(each);
            }
        }
    }

    [[nodiscard]] const std::string& etag() const noexcept { return etag_; }
    [[nodiscard]] const distribution& counted() const noexcept { return counted_; }

private:
    void read(const json& event) {
        const std::string name = text(event, "event");
        if (name == "server_down")
            read_down(event);
        else if (name == "server_up")
            read_up(event);
        else if (name == "schema_loaded")
            read_loaded(event);
        else if (is_outcome(event))
            read_outcome(event);
        else if (name == "schema_failed")
            read_failure(event);
        else if (name == "check_failed")
            read_check_failure(event);
        else if (name == "check_succeeded")
            read_success();
    }

    void read_down(const json& event) {
        BOOST_TEST(!down_);
        down_ = true;
        BOOST_TEST(event.at("outage") == ++outage_);
    }

    void read_up(const json& event) {
        BOOST_TEST(down_);
        down_ = false;
        BOOST_TEST(event.at("outage") == outage_);
        counted_.recoveries_without_outcome += owed_ ? 1 : 0;
        owed_ = true;
        successes_ = 0;
        up_since_ = text(event, "time");
    }

    void read_loaded(const json& event) {
        BOOST_TEST(etag_ == "");
        BOOST_TEST(event.at("source") == "server");
        etag_ = text(event, "etag");
        BOOST_TEST(etag_ == lives_.front().etag);
    }

    void read_outcome(const json& event) {
        BOOST_TEST(owed_); // There is one fetch for each recovery, and one outcome for each fetch.
        owed_ = false;
        const std::string etag = text(event, "etag");
        BOOST_TEST(was_served(etag, up_since_, text(event, "time")));
        if (event.at("event") == "schema_unchanged") {
            ++counted_.unchanged;
            BOOST_TEST(etag == etag_);
            return;
        }
        ++counted_.reloads;
        BOOST_TEST(etag != etag_);
        BOOST_TEST(reloaded_.insert(etag).second);
        BOOST_TEST(numbers_.at(etag) > numbers_.at(etag_)); // Nothing is gone back to.
        etag_ = etag;
    }

    // What is owed is tried again at intervals no longer than those of the checks.
    void read_success() {
        constexpr int enough = 6;
        BOOST_TEST((!owed_ || ++successes_ < enough));
    }

    void read_check_failure(const json& event) {
        check_error(event);
        successes_ = 0;
    }

    void read_failure(const json& event) {
        read_check_failure(event);
        ++(event.at("error") == "connection_refused" ? counted_.fetches_refused
                                                     : counted_.fetches_cut_off);
    }

    // A process that is killed leaves these behind and no others.
    static void check_error(const json& event) {
        const std::string error = text(event, "error");
        BOOST_TEST(
            (error == "connection_refused" || error == "connection_lost" || error == "timed_out"));
    }

    // Whether a warehouse that lived at some time from `begin` to `end` had it.
    [[nodiscard]] bool was_served(const std::string& etag, const std::string& begin,
                                  const std::string& end) const {
        return std::any_of(lives_.begin(), lives_.end(), [&](const life& each) {
            return each.etag == etag && each.begun <= end && each.ended >= begin;
        });
    }

    const std::vector<life>& lives_;
    std::map<std::string, std::size_t> numbers_;
    std::set<std::string> reloaded_;
    std::string etag_; // that the master knows
    std::string up_since_;
    bool down_ = false;
    bool owed_ = false; // an outcome since the last recovery
    int successes_ = 0; // of checks, while it is owed
    int outage_ = 0;
    distribution counted_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(warehouse_cycles_test)

BOOST_AUTO_TEST_CASE(through_hundreds_of_deaths_each_change_is_reloaded_once_and_nothing_leaks) {
    const std::uint32_t with = seed();
    std::cout << "seed " << with << ", " << cycles << " cycles" << std::endl;
    BOOST_TEST_CONTEXT("FOREST_TEST_SEED=" << with) {
        const auto begun = std::chrono::steady_clock::now();
        std::string folder;
        {
            fate deaths{with};
            folder = deaths.folder();
            following_master master{{"--interval", "40ms", "--timeout", "500ms",
                                     "--failure-threshold", std::to_string(failure_threshold),
                                     deaths.url()}};
            master.next("schema_loaded");

            constexpr int first_few = 10;
            for (int n = 0; n < first_few; ++n)
                deaths.cycle(master, n + 1 == first_few);
            const holdings early = holdings_of(master.id());
            for (int n = first_few; n < cycles; ++n)
                deaths.cycle(master, n + 1 == cycles);
            const holdings late = holdings_of(master.id());

            BOOST_TEST(late.descriptors == early.descriptors);
            BOOST_TEST(late.threads == early.threads);
            // The schema has grown by some 100 KiB, of which there are a few copies at times. One
            // that was lost with each reload would come to 6 MiB.
            constexpr long growth_max_kib = 4096;
            if (!sanitized)
                BOOST_TEST(late.resident_kib - early.resident_kib <= growth_max_kib);

            reading told{deaths.lives()};
            const std::string etag = deaths.etag();
            told.read(master.end());
            BOOST_TEST(told.etag() == etag);
            BOOST_TEST(deaths.lives().size() == cycles + 1U);

            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
            std::cout << deaths.changes() << " changes in " << took.count()
                      << " s: " << told.counted() << "; " << late.descriptors << " descriptors, "
                      << late.threads << " threads, " << late.resident_kib - early.resident_kib
                      << " KiB more" << std::endl;
        }
        BOOST_TEST(processes_with(folder).empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
