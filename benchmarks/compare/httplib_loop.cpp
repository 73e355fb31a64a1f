// SPDX-License-Identifier: BSL-1.0

// cpp-httplib as one would loop over targets with it: one blocking check after the other.

#include "prober.hpp"
#include "sockets.hpp"

#include <httplib.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace compare;

bool check(httplib::Client& client) {
    const httplib::Result answer = client.Get("/forest/health");
    return answer && answer->status == 200 && says_ok(answer->body);
}

tally run(const prober_options& settings) {
    std::vector<httplib::Client> clients;
    clients.reserve(settings.targets.size());
    for (const std::string& url : settings.targets) {
        clients.emplace_back("http://" + parse_target(url).authority);
        clients.back().set_keep_alive(settings.reuse);
        clients.back().set_tcp_nodelay(true);
    }
    tally made;
    if (settings.flat_out > 0) {
        // One at a time, whatever was allowed; with kept connections as many of them as for others.
        const std::size_t used = settings.reuse
                                     ? std::min<std::size_t>(settings.flat_out, clients.size())
                                     : clients.size();
        for (std::size_t next = 0; goes_on(settings, made.checks); next = (next + 1) % used)
            made.count(check(clients[next]));
        return made;
    }
    schedule due{settings};
    while (goes_on(settings, made.checks)) {
        const auto pause = due.run([&](std::size_t index) {
            if (goes_on(settings, made.checks))
                made.count(check(clients[index]));
        });
        std::this_thread::sleep_for(pause);
    }
    return made;
}

} // namespace

int main(int count, char** arguments) {
    return compare::main(count, arguments, run);
}
