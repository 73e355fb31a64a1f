// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SRC_HPP
#define FOREST_SRC_HPP

// The compiled form: define FOREST_SEPARATE_COMPILATION for all files of a program, and include
// this header in one of them. The CMake target forest::compiled does both.

#include <forest/src_core.hpp>
#include <forest/src_stack.hpp>

#endif
