// SPDX-License-Identifier: BSL-1.0
#include <adapters/support/bad_peer.hpp>
#include <adapters/support/running_server.hpp>
#include <adapters/support/test_certificates.hpp>

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/curl/curl_connections.hpp>
#include <forest/adapters/curl/curl_transport.hpp>
#include <forest/core/error.hpp>
#include <forest/policy/transport.hpp>

#include <asio/io_context.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <system_error>

// HTTP/2, by the hook, from an nginx.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 20s;
const std::error_code none;

const char* find_nginx() {
    for (const char* const each : {"/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"}) {
        if (::access(each, X_OK) == 0)
            return each;
    }
    return nullptr;
}

boost::test_tools::assertion_result nginx_is_installed(boost::unit_test::test_unit_id) {
    if (find_nginx() == nullptr)
        std::cout << "skipped: there is no nginx\n";
    return find_nginx() != nullptr;
}

// It answers in HTTP/2 over TLS, and says which version and which field it has got.
class nginx {
public:
    explicit nginx(const certificate_files& files)
        : folder_{"/tmp/forest-http2-" + std::to_string(::getpid())} {
        std::filesystem::create_directories(folder_);
        std::ofstream{folder_ + "/nginx.conf"}
            << "daemon off; master_process off; pid nginx.pid; error_log error.log;\n"
               "events {}\n"
               "http {\n"
               "  access_log off; underscores_in_headers on;\n"
               "  client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f;\n"
               "  uwsgi_temp_path u; scgi_temp_path s;\n"
               "  server {\n    listen 127.0.0.1:"
            << port_ << " ssl http2;\n    ssl_certificate " << files.certificate
            << ";\n    ssl_certificate_key " << files.key
            << ";\n"
               "    location / {\n"
               "      default_type application/json;\n"
               "      add_header X-Got \"$server_protocol $http_x_signature\";\n"
               "      return 200 '{\"status\":\"ok\"}';\n"
               "    }\n  }\n}\n";
        child_ = ::fork();
        if (child_ == 0) {
            const std::string prefix = folder_ + "/";
            ::execl(find_nginx(), "nginx", "-p", prefix.c_str(), "-c", "nginx.conf", "-e",
                    "error.log", nullptr);
            ::_exit(EXIT_FAILURE);
        }
    }
    nginx(const nginx&) = delete;
    nginx& operator=(const nginx&) = delete;
    ~nginx() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::string url() const {
        return "https://127.0.0.1:" + std::to_string(port_) + "/forest/health";
    }

private:
    std::string folder_;
    std::uint16_t port_ = refused_port();
    pid_t child_ = -1;
};

struct outcome {
    std::error_code error;
    int status = 0;
    std::string body;
    std::string got;
    unsigned connections_opened = 0;
    bool ended = false;

    void keep(const reply& answer) {
        error = answer.error;
        status = answer.status;
        body = answer.body;
        got = answer.fields.find("X-Got").value_or("");
        connections_opened = answer.connections_opened;
        ended = true;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(curl_http2_test, *boost::unit_test::precondition(nginx_is_installed))

BOOST_AUTO_TEST_CASE(GETs_share_a_connection_of_HTTP_2_and_keep_their_limits) {
    test_certificates certificates;
    const nginx server{certificates.server()};
    asio::io_context io;
    const asio_clock clock{io.get_executor()};
    curl_options options;
    options.reuse_connections = true;
    options.tls.ca_file = certificates.ca_file();
    options.configure = [](CURL* handle) {
        curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    };
    const curl_connections connections{clock, options};
    std::array<curl_transport, 3> transports{
        curl_transport{connections}, curl_transport{connections}, curl_transport{connections}};
    request asked{.target = url{server.url()}};
    BOOST_TEST(!asked.fields.add("X_SIGNATURE", "abc"));
    const auto get = [&](curl_transport& transport) {
        outcome result;
        transport.async_get(asked, deadline, [&](const reply& answer) { result.keep(answer); });
        io.restart();
        io.run_for(deadline + 10s);
        BOOST_TEST(result.ended);
        return result;
    };
    // It needs a moment until it listens.
    BOOST_REQUIRE(eventually([&] { return get(transports[0]).error == none; }));
    for (curl_transport& each : transports) {
        const outcome result = get(each);
        BOOST_TEST(result.error == none);
        BOOST_TEST(result.status == 200);
        BOOST_TEST(result.body == R"({"status":"ok"})");
        BOOST_TEST(result.got == "HTTP/2.0 abc");
        BOOST_TEST(result.connections_opened == 0U);
    }
    std::array<outcome, 3> together;
    for (std::size_t index = 0; index < together.size(); ++index)
        transports[index].async_get(asked, deadline, [&together, index](const reply& answer) {
            together[index].keep(answer);
        });
    io.restart();
    io.run_for(deadline);
    for (const outcome& each : together) {
        BOOST_TEST(each.error == none);
        BOOST_TEST(each.connections_opened == 0U);
    }
    asked.limits.body_bytes_max = 14;
    BOOST_TEST(get(transports[0]).error == make_error_code(errc::response_too_large));
    asked.limits = {.head_bytes_max = 40};
    BOOST_TEST(get(transports[0]).error == make_error_code(errc::response_too_large));
    asked.limits = {};
    BOOST_TEST(get(transports[1]).error == none);
}

BOOST_AUTO_TEST_SUITE_END()
