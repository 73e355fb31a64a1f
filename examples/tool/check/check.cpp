// SPDX-License-Identifier: BSL-1.0
#include <tool/arguments/by_curl.hpp>
#include <tool/arguments/chosen_probe.hpp>
#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/policies.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/commands.hpp>
#include <tool/output/event_json.hpp>
#include <tool/output/event_text.hpp>
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>

#include <forest/adapters/asio/async_check.hpp>
#ifdef FOREST_TOOL_WITH_CURL
#include <forest/adapters/curl/curl_transport.hpp>
#endif
#include <forest/core/backoff.hpp>
#include <forest/core/event.hpp>
#include <forest/health_client.hpp>

#include <new>
#include <string>
#include <system_error>
#include <utility>

// One check. The status of the process is the verdict, even when nobody reads the output.

namespace forest::cli {

namespace {

verdict perform_by_asio(const check_arguments& check) {
    asio::io_context io{1};
    verdict result;
    single_check request{check.target, check.request.timeout, transport_for(check.request)};
    async_check(io.get_executor(), std::move(request), make_signer(check.request),
                chosen_probe{make_probe(check.probe, check.request)}, [&](const verdict& answer) {
                    result = answer;
                    io.stop();
                });
    io.run();
    return result;
}

#ifdef FOREST_TOOL_WITH_CURL

// The first check of a client.
verdict perform_by_curl(const check_arguments& check) {
    asio::io_context io{1};
    const asio_clock clock{io.get_executor()};
    const probe_choice probe = make_probe(check.probe, check.request);
    curl_transport transport{
        clock, by_curl(transport_for(check.request), check.request, probe.needs_http2())};
    basic_health_client client{std::move(transport),
                               clock,
                               make_signer(check.request),
                               exponential_backoff{},
                               curl_probe{probe},
                               target_for(check.probe, check.target),
                               {.timeout = check.request.timeout}};
    verdict result;
    client.on_event([&](const event& happened) {
        if (!ends_a_check(happened.kind))
            return;
        result = *happened.check;
        client.stop();
        io.stop();
    });
    client.start();
    io.run();
    return result;
}

#endif

verdict perform(const check_arguments& check) {
#ifdef FOREST_TOOL_WITH_CURL
    if (check.request.by_curl)
        return perform_by_curl(check);
#endif
    return perform_by_asio(check);
}

// A single check, reported like the first check of a client.
event as_event(const std::string& target, const verdict& result) noexcept {
    event outcome;
    const bool undecided = is_inconclusive(result.error);
    outcome.kind = result.healthy() ? event_kind::check_succeeded
                   : undecided      ? event_kind::check_inconclusive
                                    : event_kind::check_failed;
    outcome.target = target;
    outcome.attempt = 1;
    outcome.failures = result.healthy() || undecided ? 0 : 1;
    outcome.check = &result;
    return outcome;
}

// An event loop needs descriptors, and a look-up needs memory and threads.
verdict perform_if_possible(const check_arguments& check) {
    try {
        return perform(check);
    } catch (const std::system_error& failed) {
        throw check_not_made{std::string{"this machine could not check: "} + failed.what()};
    } catch (const std::bad_alloc&) {
        throw check_not_made{"this machine could not check: it has too little memory"};
    }
}

exit_status status_of(const verdict& result) noexcept {
    if (result.healthy())
        return exit_status::success;
    return is_inconclusive(result.error) ? exit_status::inconclusive : exit_status::failure;
}

} // namespace

exit_status run(const check_arguments& check) {
    terminal out;
    const verdict result = perform_if_possible(check);
    const std::string target{check.target.text()};
    out.write(check.request.json ? event_json(as_event(target, result), wall_clock_now())
                                 : verdict_text(target, result, out));
    // The exit status still has the verdict.
    if (out.error() && out.error() != std::errc::broken_pipe)
        complain("forest-health: standard output: " + out.error().message() + "\n");
    return status_of(result);
}

} // namespace forest::cli
