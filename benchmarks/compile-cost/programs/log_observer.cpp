// SPDX-License-Identifier: BSL-1.0

// A program that writes events as lines of a log.

#include <forest/adapters/fmt/log_observer.hpp>

#include <forest/core/event.hpp>

int main() {
    forest::log_observer log;
    log.on_event({});
}
