// SPDX-License-Identifier: BSL-1.0

#include "opened_descriptors.hpp"

#include <names/lookup_outcome.hpp>
#include <names/name_server.hpp>
#include <support/child_process.hpp>
#include <support/sanitized.hpp>

#include <forest/adapters/cares/cares_resolver.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

// The descriptors and the thread of a cares_resolver in other processes (B27).

using namespace forest;
using namespace forest::test;

BOOST_AUTO_TEST_SUITE(cares_descriptors_test)

BOOST_AUTO_TEST_CASE(B27_the_sockets_of_c_ares_are_close_on_exec_from_the_beginning) {
    if (sanitized)
        return; // The calls are not seen.
    name_server server;
    server.set("host", {.addresses = {0x7F000001, 0x7F000002}});
    opened_descriptors& opened = opened_descriptors::get();
    opened.begin();
    cares_resolver subject{{.servers = server.address()}};
    lookup_outcome found;
    subject.async_resolve("host", found.handler());
    BOOST_TEST(found.ended());
    BOOST_TEST(!found.error);
    BOOST_TEST(opened.calls("socket") > 0U);
    // c-ares reads its configuration itself, which is described as an exception.
    for (const std::string& each : opened.end())
        BOOST_TEST(each.rfind("fopen ", 0) == 0U, each);
}

BOOST_AUTO_TEST_CASE(B27_a_child_does_not_wait_for_the_thread_of_c_ares) {
    name_server server;
    server.set("host", {.addresses = {0x7F000001}});
    auto subject = std::make_unique<cares_resolver>(cares_options{.servers = server.address()});
    lookup_outcome first;
    subject->async_resolve("host", first.handler());
    BOOST_TEST(first.ended());
    BOOST_TEST(in_child([&] { subject.reset(); }) == "exit 0");
    lookup_outcome second;
    subject->async_resolve("host", second.handler());
    BOOST_TEST(second.ended());
    BOOST_TEST(!second.error);
}

BOOST_AUTO_TEST_SUITE_END()
