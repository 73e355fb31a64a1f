// SPDX-License-Identifier: BSL-1.0

// A runner of one file: the framework comes from its headers, because the library of the system is
// built with another standard library.
#define BOOST_TEST_MODULE libcxx
#include <boost/test/included/unit_test.hpp>
