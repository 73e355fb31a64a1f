// SPDX-License-Identifier: BSL-1.0

// Asio as most programs include it.

#include <asio.hpp>
#include <asio/ssl.hpp>

int main() {}
