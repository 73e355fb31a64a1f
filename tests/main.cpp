// SPDX-License-Identifier: BSL-1.0

// The entry point of every test binary; the suites come from the other files.

#define BOOST_TEST_MODULE forest
#include <boost/test/unit_test.hpp>
