// SPDX-License-Identifier: BSL-1.0
#include "answer_log.hpp"
#include "listening.hpp"
#include <tool/arguments/exit_status.hpp>
#include <tool/arguments/secret.hpp>
#include <tool/arguments/usage_error.hpp>
#include <tool/commands.hpp>
#include <tool/output/process_resources.hpp>
#include <tool/output/service_manager.hpp>
#include <tool/output/terminal.hpp>
#include <tool/output/text.hpp>

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/tls_context.hpp>
#include <forest/core/time.hpp>
#include <forest/health_route.hpp>
#include <forest/policy/server.hpp>

#include <fmt/format.h>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>

// A health route on the built-in server. It announces its stop before it stops (B21).

namespace forest::cli {

namespace {

// How long an answer that has begun may take after the grace period.
constexpr std::chrono::seconds begun_answers_max{1};

request_verifier make_verifier(const serve_arguments& serve) {
    const auto secret = read_secret(serve.secret);
    if (!secret)
        return accept_unsigned;
    return hmac_sha256_verifier{*secret, serve.verifying};
}

tls_server_options tls_for(const serve_arguments& serve) {
    warn_if_others_may_read("--tls-key", serve.key_file);
    tls_server_options settings;
    settings.certificate_file = serve.certificate_file;
    settings.private_key_file = serve.key_file;
    try {
        const tls_context tried{settings};
    } catch (const std::system_error& failed) {
        throw usage_error(std::string{"--tls-cert and --tls-key: "} + failed.what());
    }
    return settings;
}

void require(const std::error_code& failed, std::string_view option, std::string_view value) {
    if (failed)
        throw runtime_failure(
            fmt::format("{} {}: {}", option, ascii_escape(value), failed.message()));
}

// Listens, and returns the address.
std::string listen(asio_server& server, const serve_arguments& serve) {
    if (!serve.unix_path.empty()) {
        require(server.listen_unix(serve.unix_path, {.mode = serve.unix_mode}), "--unix",
                serve.unix_path);
        return server.endpoints().front();
    }
    const bool tls = !serve.certificate_file.empty();
    const auto& [host, port, text] = serve.address;
    require(tls ? server.listen_tls(host, port, tls_for(serve)) : server.listen(host, port),
            "--listen", text);
    // The name as given, not its address, because a certificate is for the name.
    return fmt::format("{}://{}:{}", tls ? "https" : "http", text.substr(0, text.rfind(':')),
                       server.port());
}

} // namespace

exit_status run(const serve_arguments& serve) {
    terminal out;
    (void)raise_descriptor_limit();
    asio::io_context io{1};
    asio_server server{io.get_executor(), server_limits{}};
    basic_health_route route{
        server,
        make_verifier(serve),
        {.path = serve.path, .version = serve.version, .hold_max = serve.hold_max}};
    route.on_answer(answer_log{serve.verbose});

    const std::string where = listen(server, serve);

    asio::steady_timer grace{io};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    const auto stop = [&](duration for_begun_answers) {
        signals.cancel();
        grace.cancel();
        server.stop(for_begun_answers);
    };
    signals.async_wait([&](std::error_code ec, int) {
        if (ec)
            return;
        route.drain();
        notify_service_manager("STOPPING=1");
        log(fmt::format("stopping: the answer is 503 for {}; another signal ends it at once",
                        readable(serve.grace)));
        grace.expires_after(serve.grace);
        grace.async_wait([&](std::error_code cancelled) {
            if (!cancelled)
                stop(begun_answers_max);
        });
        signals.async_wait([&](std::error_code cancelled, int) {
            if (!cancelled)
                stop(duration::zero());
        });
    });
    // The announcement comes last, because a program that reads it may send a signal at once.
    out.write(announcement(server, where));
    if (out.error())
        throw runtime_failure("standard output: " + out.error().message());
    notify_service_manager("READY=1");
    io.run();
    return exit_status::success;
}

} // namespace forest::cli
