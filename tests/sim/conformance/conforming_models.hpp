// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_CONFORMING_MODELS_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_CONFORMING_MODELS_HPP

#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/network/memory_transport.hpp>
#include <forest/sim/network/network_transport.hpp>
#include <forest/sim/network/quick_signer.hpp>
#include <forest/sim/network/scripted_transport.hpp>
#include <forest/sim/time/virtual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The harnesses of the models that forest::sim ships.

namespace forest::tests {

namespace conformance = sim::conformance;

/// Clocks of a host, which may drift within the tolerance `late`.
struct virtual_clocks : conformance::virtual_time {
    sim::host host{queue};
    duration late{};

    [[nodiscard]] duration tolerance() const noexcept { return late; }
    sim::virtual_clock make() { return sim::virtual_clock{host}; }
};

struct scripted_transports : conformance::virtual_time {
    std::vector<sim::scripted_transport> made;
    sim::scripted_reply next;

    sim::scripted_transport make() {
        made.emplace_back(queue).otherwise(next);
        return made.back();
    }

    [[nodiscard]] std::string target() const { return "http://peer.example/x?a=b"; }

    bool plan(conformance::peer_plan& plan) {
        using enum conformance::peer_act;
        plan.chunked = false;
        switch (plan.act) {
        case answer: next = sim::answering(plan.status, plan.body, plan.fields); break;
        case silence:
        case drip: next = sim::silent(); break;
        case refuse: next = sim::failing(errc::connection_refused); break;
        case reset:
        case truncate: next = sim::failing(errc::connection_lost); break;
        case garbage: next = sim::failing(errc::malformed_response); break;
        case hold: return false; // It decides when a request comes when the answer comes.
        }
        for (auto& each : made)
            each.otherwise(next);
        return true;
    }

    void release() {}

    [[nodiscard]] std::vector<conformance::peer_request> received() const {
        std::vector<conformance::peer_request> all;
        for (const auto& each : made)
            for (const auto& request : each.requests())
                all.push_back(
                    {std::string{url{request.target}.target()}, request.fields, all.size()});
        return all;
    }
};

/// A transport and the server at the other end, in memory.
struct memory_transports : conformance::virtual_time {
    static constexpr std::string_view path = "/forest/health";

    sim::memory_server server{sim::virtual_clock{queue}};
    conformance::peer_plan planned;
    std::vector<conformance::peer_request> requests;
    std::vector<std::function<void()>> held;
    std::vector<sim::memory_server::responder> silent; // never used: without them the answer is 500

    memory_transports() {
        server.get(std::string{path}, [this](const server_request& request, auto respond) {
            auto& arrived =
                requests.emplace_back(std::string{request.path}, std::string{}, requests.size());
            request.fields.for_each([&](std::string_view name, std::string_view value) {
                arrived.fields.append(name).append(": ").append(value).append("\r\n");
            });
            const auto answer = [respond, given = planned] { respond_as(given, respond); };
            if (planned.act == conformance::peer_act::silence)
                silent.emplace_back(respond);
            else if (planned.act == conformance::peer_act::hold)
                held.emplace_back(answer);
            else
                answer();
        });
    }

    template <typename Responder>
    static void respond_as(const conformance::peer_plan& plan, const Responder& respond) {
        response answer{.status = plan.status, .body = plan.body, .fields = {}};
        field_view{plan.fields}.for_each([&](std::string_view name, std::string_view value) {
            (void)answer.fields.add(name, value);
        });
        respond(answer);
    }

    sim::memory_transport make() { return {queue, server, std::chrono::milliseconds{1}}; }

    [[nodiscard]] std::string target() const { return "http://peer.example" + std::string{path}; }

    bool plan(conformance::peer_plan& plan) {
        using enum conformance::peer_act;
        plan.chunked = false;
        planned = plan;
        return plan.act == answer || plan.act == hold || plan.act == silence;
    }

    void release() {
        for (const auto& each : std::exchange(held, {}))
            each();
    }

    [[nodiscard]] const std::vector<conformance::peer_request>& received() const {
        return requests;
    }
};

/// A server process with the real schema route, over a link.
struct network_transports : conformance::virtual_time {
    sim::host host{queue};
    sim::link link{queue, sim::constant(std::chrono::milliseconds{1}), 1};
    conformance::peer_act act{};
    bool keeps = false; // connections
    std::vector<conformance::peer_request> requests;
    sim::server_process server{queue,
                               "peer",
                               [this](const server_request& request) { return arrived(request); },
                               [](std::string_view text) { return sim::quick_hex(text); },
                               {}};

    bool arrived(const server_request& request) {
        auto& added =
            requests.emplace_back(std::string{request.path}, std::string{}, requests.size());
        request.fields.for_each([&](std::string_view name, std::string_view value) {
            added.fields.append(name).append(": ").append(value).append("\r\n");
        });
        if (act == conformance::peer_act::hold) // Holds back the answer, which comes next.
            link.clog();
        return true;
    }

    sim::network_transport make() {
        return sim::network_transport{{.client = &host, .over = &link, .server = &server}};
    }

    [[nodiscard]] std::string target() const { return "http://peer.example/forest/rpc-schema"; }

    bool plan(conformance::peer_plan& plan) {
        using enum conformance::peer_act;
        if (plan.act == garbage)
            return false; // A garbled answer may still be valid.
        act = plan.act;
        server.frozen = act == silence;
        link.refusing = act == refuse;
        link.resetting = act == reset;
        link.truncating = act == truncate;
        link.dripping = act == drip;
        link.drip = std::chrono::hours{1};
        return act == silence || act == refuse || prepare(plan);
    }

    // Makes the process answer as planned, as far as it can, and changes the plan to its answer.
    bool prepare(conformance::peer_plan& plan) {
        try {
            server.change_schema(plan.body);
        } catch (const std::exception&) {
            return false;
        }
        const auto acting = std::exchange(act, conformance::peer_act::answer);
        std::string request = "GET /forest/rpc-schema HTTP/1.1\r\nHost: a\r\n\r\n";
        const auto take = [&plan](std::string_view answer) {
            const std::size_t fields = answer.find("\r\n") + 2;
            const std::size_t body = answer.find("\r\n\r\n") + 4;
            plan.fields = answer.substr(fields, body - 2 - fields);
            plan.body = answer.substr(body);
        };
        server.serve(request, take, keeps);
        act = acting;
        requests.pop_back();
        plan.status = 200;
        plan.chunked = false;
        return true;
    }

    void release() {
        act = conformance::peer_act::answer;
        while (link.holds_back())
            link.unclog();
    }

    [[nodiscard]] const std::vector<conformance::peer_request>& received() const {
        return requests;
    }
};

/// The same with connections that are opened step by step, and kept.
struct stepwise_transports : network_transports {
    sim::client_network network{
        host, sim::connection_setup{.addresses = 2, .tls_flights = 1, .kept = true}};

    stepwise_transports() { keeps = true; }

    sim::network_transport make() {
        return sim::network_transport{
            {.client = &host, .over = &link, .server = &server, .network = &network}};
    }

    [[nodiscard]] std::string target() const { return "http://10.0.0.0/forest/rpc-schema"; }
};

struct sim_server : conformance::virtual_time {
    sim::memory_server tested{sim::virtual_clock{queue}};

    sim::memory_server& server() noexcept { return tested; }

    void send(std::string bytes, std::function<void(std::string)> done) {
        queue.after({}, [this, bytes = std::move(bytes), done = std::move(done)]() mutable {
            tested.serve(bytes, [done = std::move(done)](std::string_view answer) {
                done(std::string{answer});
            });
        });
    }
};

} // namespace forest::tests

#endif
