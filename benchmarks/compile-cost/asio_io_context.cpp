// SPDX-License-Identifier: BSL-1.0

// The least that a program with Asio pays.

#include <asio/io_context.hpp>

int main() {}
