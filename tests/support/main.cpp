// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <support/watchdog.hpp>

// The entry point of every test binary; the suites register themselves from the other files. The
// macro that writes a main would have to come before the precompiled header.

int main(int argc, char** argv) {
    static forest::tests::watchdog ends_what_hangs;
    return boost::unit_test::unit_test_main(
        [] {
            boost::unit_test::framework::register_observer(ends_what_hangs);
            return true;
        },
        argc, argv);
}
