// SPDX-License-Identifier: BSL-1.0

// usage: matrix_server asio|httplib|microhttpd plain
//        matrix_server asio|httplib|microhttpd tls CERTIFICATE KEY
//        matrix_server asio|httplib|microhttpd unix PATH
//
// One of the servers, for server_matrix.sh: with a health route and a schema route on a free port
// of 127.0.0.1, which it prints, or on a unix socket, where it prints 0. It runs until its standard
// input ends.

#include <forest/adapters/asio/asio_server.hpp>
#include <forest/adapters/asio/background.hpp>
#include <forest/adapters/httplib/httplib_server.hpp>
#include <forest/adapters/microhttpd/microhttpd_server.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>
#include <forest/health_route.hpp>
#include <forest/schema_route.hpp>

#include <httplib.h>
#include <microhttpd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace {

struct settings {
    std::string certificate; // empty without TLS
    std::string key;
    std::string socket; // empty: TCP

    [[nodiscard]] bool tls() const { return !certificate.empty(); }
};

void check(const std::error_code& ec) {
    if (ec)
        throw std::system_error{ec};
}

template <typename Server>
struct routes {
    explicit routes(Server& server)
        : health{server, verify},
          schema{server, verify, forest::sha1_hex, R"({"collections":[{"name":"product"}]})"} {}

    forest::request_verifier verify =
        forest::hmac_sha256_verifier{std::getenv("FOREST_AUTH_SECRET")};
    forest::basic_health_route<Server> health;
    forest::basic_schema_route<Server> schema;
};

void run(std::uint16_t port) {
    std::cout << port << std::endl; // NOLINT(performance-avoid-endl): the script waits for it
    while (std::cin.get() != std::char_traits<char>::eof())
        ;
}

template <typename Server>
std::error_code listen(Server& server, const settings& chosen) {
    return chosen.socket.empty() ? server.listen("127.0.0.1", 0)
                                 : server.listen_unix(chosen.socket);
}

void run_asio(const settings& chosen) {
    forest::background background;
    forest::asio_server server{background};
    const routes<forest::asio_server> mounted{server};
    if (chosen.tls())
        check(server.listen_tls(
            "127.0.0.1", 0,
            {.certificate_file = chosen.certificate, .private_key_file = chosen.key}));
    else
        check(listen(server, chosen));
    run(server.port());
}

void run_httplib(const settings& chosen) {
    std::unique_ptr<httplib::Server> own;
    if (chosen.tls())
        own = std::make_unique<httplib::SSLServer>(chosen.certificate.c_str(), chosen.key.c_str());
    else
        own = std::make_unique<httplib::Server>();
    own->set_keep_alive_timeout(1);
    forest::httplib_server server{*own};
    const routes<forest::httplib_server> mounted{server};
    check(listen(server, chosen));
    run(server.port());
}

std::string content(const std::string& file) {
    std::ifstream input{file};
    return {std::istreambuf_iterator<char>{input}, {}};
}

MHD_Result on_request(void* server, MHD_Connection* connection, const char* url, const char* method,
                      const char* version, const char*, std::size_t* upload_data_size,
                      void** request_state) {
    return static_cast<forest::microhttpd_server*>(server)
        ->handle(connection, url, method, version, upload_data_size, request_state)
        .value_or(MHD_NO);
}

void on_completed(void* server, MHD_Connection*, void** request_state, MHD_RequestTerminationCode) {
    static_cast<forest::microhttpd_server*>(server)->completed(request_state);
}

void run_microhttpd(const settings& chosen) {
    forest::microhttpd_server server;
    const routes<forest::microhttpd_server> mounted{server};
    if (!chosen.tls()) {
        check(listen(server, chosen));
        return run(server.port());
    }
    const std::string key = content(chosen.key);
    const std::string certificate = content(chosen.certificate);
    MHD_Daemon* const daemon =
        MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TLS, 0,
                         nullptr, nullptr, &on_request, &server, MHD_OPTION_NOTIFY_COMPLETED,
                         &on_completed, &server, MHD_OPTION_HTTPS_MEM_KEY, key.c_str(),
                         MHD_OPTION_HTTPS_MEM_CERT, certificate.c_str(), MHD_OPTION_END);
    if (daemon == nullptr)
        throw std::runtime_error("there is no daemon with TLS");
    run(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    server.stop();
    MHD_stop_daemon(daemon);
}

} // namespace

int main(int argc, char** argv) try {
    const std::string_view way = argc > 2 ? argv[2] : "";
    settings chosen;
    if (way == "tls" && argc == 5) {
        chosen.certificate = argv[3];
        chosen.key = argv[4];
    } else if (way == "unix" && argc == 4) {
        chosen.socket = argv[3];
    } else if (way != "plain" || argc != 3) {
        return 2;
    }
    const std::string_view server = argv[1];
    if (server == "asio")
        run_asio(chosen);
    else if (server == "httplib")
        run_httplib(chosen);
    else
        run_microhttpd(chosen);
    return EXIT_SUCCESS;
} catch (const std::exception& thrown) {
    std::cerr << thrown.what() << '\n';
    return EXIT_FAILURE;
}
