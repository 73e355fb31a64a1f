// SPDX-License-Identifier: BSL-1.0

// The memory of an idle target, as malloc counts it.

#include <support/virtual_fleet.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace forest;
using forest::tests::url_number;
using forest::tests::url_on_one_server;
using forest::tests::virtual_fleet;
namespace data = boost::unit_test::data;

namespace {

// The memory from malloc, with its overhead; always 0 where malloc has no such function.
std::size_t allocated() {
#ifdef __GLIBC__
    const auto now = mallinfo2();
    return now.uordblks + now.hblkhd;
#else
    return 0;
#endif
}

using naming = std::string (*)(std::size_t);

std::size_t bytes_of_urls(std::size_t count, naming name) {
    std::vector<url> urls;
    urls.reserve(count);
    const std::size_t before = allocated();
    for (std::size_t n = 0; n < count; ++n)
        urls.emplace_back(name(n));
    return allocated() - before;
}

// Sanitizers have a malloc of their own.
bool is_accounted() {
    return bytes_of_urls(1000, url_number) > 0;
}

// The memory of targets that were checked and wait for the next check.
std::size_t bytes_of_targets(std::size_t count, naming name) {
    virtual_fleet watched{fleet_options{}};
    watched.network.records = false;
    watched.network.otherwise(sim::healthy(1ms));
    watched.fleet->on_event({});
    const std::size_t before = allocated();
    for (std::size_t n = 0; n < count; ++n)
        watched.fleet->add(name(n));
    watched.fleet->start();
    watched.queue.run_for(31s);
    BOOST_TEST(watched.fleet->count(target_status::up) == count);
    return allocated() - before;
}

std::size_t bytes_of_a_target(std::size_t count, naming name) {
    return (bytes_of_targets(count, name) - bytes_of_urls(count, name) + count - 1) / count;
}

// Some numbers are just above the sizes at which the containers of the targets grow.
const auto counts = data::make(
    {std::size_t{49'200}, std::size_t{65'600}, std::size_t{98'400}, std::size_t{100'000}});

} // namespace

BOOST_AUTO_TEST_SUITE(health_fleet_memory_test)

BOOST_DATA_TEST_CASE(an_idle_target_costs_at_most_256_bytes_and_its_url,
                     counts* data::make({url_number, url_on_one_server}), count, name) {
    if (is_accounted())
        BOOST_TEST(bytes_of_a_target(count, name) <= 256U);
    else
        BOOST_TEST_MESSAGE("skipped: this malloc does not say what it gives away");
}

BOOST_AUTO_TEST_SUITE_END()
