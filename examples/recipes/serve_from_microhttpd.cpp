// SPDX-License-Identifier: BSL-1.0

// An application that has a daemon of GNU libmicrohttpd serves the health check with it.

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/microhttpd/microhttpd_server.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/health_route.hpp>

#include <asio/io_context.hpp>
#include <microhttpd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <system_error>

namespace {

// The callback of the application. A request that is for none of the routes is its own.
MHD_Result on_request(void* server, MHD_Connection* connection, const char* url, const char* method,
                      const char* version, const char*, std::size_t* upload_data_size,
                      void** request_state) {
    auto& routes = *static_cast<forest::microhttpd_server*>(server);
    if (const auto result =
            routes.handle(connection, url, method, version, upload_data_size, request_state))
        return *result;
    char text[] = "hello";
    MHD_Response* const answer =
        MHD_create_response_from_buffer(sizeof text - 1, text, MHD_RESPMEM_MUST_COPY);
    const MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, answer);
    MHD_destroy_response(answer);
    return result;
}

void on_completed(void* server, MHD_Connection*, void** request_state, MHD_RequestTerminationCode) {
    static_cast<forest::microhttpd_server*>(server)->completed(request_state);
}

} // namespace

int main() {
    const char* const secret = "s3cret"; // of client and server
    forest::microhttpd_server server;
    forest::basic_health_route health{server, forest::hmac_sha256_verifier{secret}};
    MHD_Daemon* const daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, &on_request,
        &server, MHD_OPTION_NOTIFY_COMPLETED, &on_completed, &server, MHD_OPTION_END);
    if (daemon == nullptr)
        return EXIT_FAILURE;
    const auto port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;

    asio::io_context io;
    std::error_code result;
    forest::async_check(io, forest::url{"http://127.0.0.1:" + std::to_string(port) + health.path()},
                        std::chrono::seconds{5}, forest::hmac_sha256_signer{secret},
                        [&](const forest::verdict& found) { result = found.error; });
    io.run();

    server.stop(); // before the daemon: no request may be suspended then
    MHD_stop_daemon(daemon);
    std::cout << (result ? result.message() : "healthy") << '\n';
    return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
