// SPDX-License-Identifier: BSL-1.0

// What nearly every file of a program includes already.

#include <chrono>
#include <functional>
#include <string>

int main() {}
