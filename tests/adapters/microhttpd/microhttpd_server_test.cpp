// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/microhttpd/microhttpd_server.hpp>

#include <adapters/support/raw_client.hpp>
#include <adapters/support/route_cases.hpp>
#include <adapters/support/running_server.hpp>

#include <forest/adapters/microhttpd/microhttpd_options.hpp>
#include <forest/health_route.hpp>

#include <microhttpd.h>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using forest::accept_unsigned;
using forest::basic_health_route;
using forest::errc;
using forest::microhttpd_errc;
using forest::microhttpd_options;
using forest::microhttpd_server;
using forest::response;
using forest::server_request;
using forest::test::eventually;
using forest::test::get_of;
using forest::test::raw_answer;
using forest::test::raw_client;

/// The forms for which docs/reference/foreign-servers.md lists another status for libmicrohttpd.
int status_of_form(std::string_view form, int usual) {
    if (form == "bare line feeds")
        return 200;
    return form == "nonsense" ? 0 : usual; // it closes the connection
}

struct served_microhttpd {
    microhttpd_server& server() { return mounted; }

    std::uint16_t listen() {
        if (const std::error_code ec = mounted.listen("127.0.0.1", 0))
            throw std::system_error{ec};
        return mounted.port();
    }

    static int status(std::string_view form, int usual) { return status_of_form(form, usual); }

    microhttpd_server mounted;
};

/// A daemon of the application's, with a path of its own. Its requests have a state of its own.
struct application {
    explicit application(microhttpd_server& routes, unsigned flags = MHD_ALLOW_SUSPEND_RESUME)
        : mounted{routes}, flags_{flags} {}

    application(const application&) = delete;
    application& operator=(const application&) = delete;

    ~application() {
        mounted.stop();
        if (daemon != nullptr)
            MHD_stop_daemon(daemon);
    }

    std::uint16_t listen() {
        daemon = MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD | flags_, 0, nullptr, nullptr,
                                  &on_request, this, MHD_OPTION_NOTIFY_COMPLETED, &on_completed,
                                  this, MHD_OPTION_END);
        if (daemon == nullptr)
            throw std::runtime_error("there is no daemon");
        return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    }

    static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                                 const char* method, const char* version, const char*,
                                 std::size_t* upload_data_size, void** request_state) {
        auto& own = *static_cast<application*>(self);
        if (const auto result = own.mounted.handle(connection, url, method, version,
                                                   upload_data_size, request_state))
            return *result;
        if (*request_state == nullptr) {
            *request_state = new int{1};
            return MHD_YES;
        }
        char text[] = "hello";
        const bool known = std::string_view{url} == "/hello";
        MHD_Response* const answer =
            MHD_create_response_from_buffer(known ? 5 : 0, text, MHD_RESPMEM_MUST_COPY);
        const MHD_Result result = MHD_queue_response(connection, known ? 200 : 404, answer);
        MHD_destroy_response(answer);
        return result;
    }

    static void on_completed(void* self, MHD_Connection*, void** request_state,
                             MHD_RequestTerminationCode) {
        auto& own = *static_cast<application*>(self);
        if (!own.mounted.completed(request_state))
            delete static_cast<int*>(*request_state);
    }

    microhttpd_server& mounted;
    MHD_Daemon* daemon = nullptr;
    unsigned flags_;
};

struct served_application {
    microhttpd_server& server() { return mounted; }
    std::uint16_t listen() { return own.listen(); }

    static int status(std::string_view form, int usual) {
        // The daemon decodes the path, unless the application prevents it.
        if (form == "escapes in the path")
            return 200;
        return status_of_form(form, usual);
    }

    microhttpd_server mounted;
    application own{mounted};
};

/// A responder that a handler has kept.
class kept_answer {
public:
    std::error_code mount(microhttpd_server& server) {
        return server.get("/late", [this](const server_request&, auto respond) {
            const std::lock_guard lock{mutex_};
            respond_ = respond;
        });
    }

    bool came() {
        return eventually([this] {
            const std::lock_guard lock{mutex_};
            return respond_ != nullptr;
        });
    }

    void give(const response& answer) { respond_(answer); }

private:
    std::mutex mutex_;
    std::function<void(const response&)> respond_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(microhttpd_server_test)

BOOST_AUTO_TEST_SUITE(own_daemon)
FOREST_ROUTE_CASES(served_microhttpd)
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(daemon_of_an_application)
FOREST_ROUTE_CASES(served_application)
BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(the_paths_of_the_application_stay_its_own) {
    microhttpd_server server;
    basic_health_route route{server, accept_unsigned};
    application own{server};
    raw_client client{own.listen()};
    BOOST_TEST(client.ask(get_of("/hello")).body == "hello");
    BOOST_TEST(client.ask(get_of("/forest/health")).status == 200);
    BOOST_TEST(client.ask(get_of("/hello")).body == "hello");
    BOOST_TEST(client.ask(get_of("/missing")).status == 404);
}

BOOST_AUTO_TEST_CASE(each_mode_of_threads_lets_answers_come_later) {
    for (const unsigned flags :
         {unsigned{MHD_ALLOW_SUSPEND_RESUME}, unsigned{MHD_USE_THREAD_PER_CONNECTION},
          unsigned{MHD_USE_THREAD_PER_CONNECTION} | unsigned{MHD_ALLOW_SUSPEND_RESUME}}) {
        microhttpd_server server;
        kept_answer kept;
        BOOST_TEST_REQUIRE(!kept.mount(server));
        application own{server, flags};
        raw_client client{own.listen()};
        client.send(get_of("/late"));
        BOOST_TEST_REQUIRE(kept.came());
        kept.give({.body = "late", .fields = {}});
        BOOST_TEST(client.read_answer().body == "late");
    }
    microhttpd_server server{{.threads = 3}};
    kept_answer kept;
    BOOST_TEST_REQUIRE(!kept.mount(server));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    client.send(get_of("/late"));
    BOOST_TEST_REQUIRE(kept.came());
    kept.give({.body = "late", .fields = {}});
    BOOST_TEST(client.read_answer().body == "late");
}

BOOST_AUTO_TEST_CASE(a_daemon_that_cannot_suspend_answers_500_to_a_kept_responder) {
    microhttpd_server server;
    kept_answer kept;
    BOOST_TEST_REQUIRE(!kept.mount(server));
    basic_health_route route{server, accept_unsigned};
    application own{server, 0};
    raw_client client{own.listen()};
    BOOST_TEST(client.ask(get_of("/late")).status == 500);
    kept.give({.body = "too late", .fields = {}});
    BOOST_TEST(client.ask(get_of("/forest/health")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_responder_that_is_kept_too_long_answers_503) {
    microhttpd_server server{{.answer_timeout = 50ms}};
    kept_answer kept;
    BOOST_TEST_REQUIRE(!kept.mount(server));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    for (int round = 0; round < 3; ++round) {
        const raw_answer answer = client.ask(get_of("/late"));
        BOOST_TEST(answer.status == 503);
        BOOST_TEST(answer.body == R"({"error":"Service Unavailable"})");
        kept.give({.body = "too late", .fields = {}});
    }
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_its_grace_and_answers_503_to_the_rest) {
    for (const bool in_time : {true, false}) {
        microhttpd_server server;
        kept_answer kept;
        BOOST_TEST_REQUIRE(!kept.mount(server));
        BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
        raw_client client{server.port()};
        client.send(get_of("/late"));
        BOOST_TEST_REQUIRE(kept.came());
        std::jthread stopping{[&] { server.stop(in_time ? forest::duration{20s} : 50ms); }};
        if (in_time)
            kept.give({.body = "whole", .fields = {}});
        stopping.join();
        kept.give({.body = "too late", .fields = {}});
        // Without time the answer may be lost with the connection, but nothing else is sent.
        const raw_answer answer = client.read_answer();
        BOOST_TEST((in_time ? answer.body == "whole" : answer.status == 503 || answer.status == 0));
        BOOST_TEST(server.listen("127.0.0.1", 0) == make_error_code(errc::listen_failed));
    }
}

BOOST_AUTO_TEST_CASE(bodies_are_dropped_up_to_a_limit) {
    microhttpd_server server{{.body_bytes_max = 10}};
    basic_health_route route{server, accept_unsigned};
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    BOOST_TEST(
        client.ask(get_of("/forest/health", "Content-Length: 10\r\n") + "0123456789").status ==
        200);
    BOOST_TEST(client
                   .ask(get_of("/forest/health", "Transfer-Encoding: chunked\r\n") +
                        "5\r\n01234\r\n0\r\n\r\n")
                   .status == 200);
    BOOST_TEST(client.ask(get_of("/forest/health", "Content-Length: 11\r\n")).status == 413);
    BOOST_TEST(client.ended());
    raw_client endless{server.port()};
    endless.send(get_of("/forest/health", "Transfer-Encoding: chunked\r\n") +
                 "b\r\n01234567890\r\n");
    BOOST_TEST(endless.read_answer().status == 0);
}

BOOST_AUTO_TEST_CASE(fields_come_in_the_order_of_the_lines) {
    microhttpd_server server;
    std::string seen;
    BOOST_TEST_REQUIRE(
        !server.get("/fields", [&](const server_request& asked, const auto& respond) {
            seen = asked.fields.text();
            respond({.fields = {}});
        }));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client{server.port()}.ask(
        get_of("/fields", "X-B: 1\r\nX-A: %41\r\nX-Empty:\r\nx-b: 0\r\n"));
    BOOST_TEST(seen == "Host: a\r\nX-B: 1\r\nX-A: %41\r\nX-Empty: \r\nx-b: 0\r\n");
}

BOOST_AUTO_TEST_CASE(an_owned_body_lives_until_it_is_sent) {
    microhttpd_server server;
    // More than the buffers of two sockets hold.
    const auto body = std::make_shared<const std::string>(30'000'000, 'x');
    BOOST_TEST_REQUIRE(!server.get("/owned", [&](const server_request&, const auto& respond) {
        respond({.body = *body, .fields = {}, .body_owner = body});
    }));
    BOOST_TEST_REQUIRE(!server.listen("127.0.0.1", 0));
    raw_client client{server.port()};
    client.send(get_of("/owned"));
    BOOST_TEST_REQUIRE(eventually([&] { return body.use_count() > 1; }));
    BOOST_TEST((client.read_answer().body == *body));
    BOOST_TEST(eventually([&] { return body.use_count() == 1; }));
}

BOOST_AUTO_TEST_CASE(a_unix_socket_is_served_and_its_file_removed) {
    const std::string path = (std::filesystem::temp_directory_path() /
                              ("microhttpd" + std::to_string(::getpid()) + ".sock"))
                                 .string();
    {
        microhttpd_server server;
        basic_health_route route{server, accept_unsigned};
        BOOST_TEST_REQUIRE(!server.listen_unix(path));
        BOOST_TEST(server.port() == 0);
        BOOST_TEST(raw_client{path}.ask(get_of("/forest/health")).status == 200);
        microhttpd_server other;
        BOOST_TEST(other.listen_unix(path) == make_error_code(errc::address_in_use));
        BOOST_TEST(raw_client{path}.ask(get_of("/forest/health")).status == 200);
    }
    BOOST_TEST(!std::filesystem::exists(path));
    BOOST_TEST(!std::filesystem::exists(path + ".lock"));
    microhttpd_server server;
    BOOST_TEST(server.listen_unix("") == make_error_code(errc::path_invalid));
    BOOST_TEST(server.listen_unix("/missing/a.sock") == make_error_code(errc::listen_failed));
}

BOOST_AUTO_TEST_CASE(a_place_where_it_cannot_listen_is_an_error) {
    microhttpd_server server;
    BOOST_TEST(server.listen("256.0.0.1", 0) == make_error_code(errc::resolve_failed));
    BOOST_TEST(server.listen("192.0.2.1", 0) == make_error_code(errc::listen_failed));
    const forest::test::running_server other;
    BOOST_TEST(server.listen("127.0.0.1", other.port) == make_error_code(errc::address_in_use));
    BOOST_TEST(server.port() == 0);
    BOOST_TEST(!server.listen("127.0.0.1", 0)); // an error left nothing behind
    BOOST_TEST(server.port() != 0);
    BOOST_TEST(server.listen("127.0.0.1", 0) == make_error_code(errc::listen_failed));
    server.stop();
    server.stop();
}

BOOST_AUTO_TEST_CASE(an_option_out_of_its_range_is_named) {
    const std::vector<std::pair<microhttpd_options, microhttpd_errc>> wrong{
        {{.answer_timeout = 0s}, microhttpd_errc::invalid_answer_timeout},
        {{.answer_timeout = std::chrono::days{367}}, microhttpd_errc::invalid_answer_timeout},
        {{.connections_max = 0}, microhttpd_errc::invalid_connections_max},
        {{.head_bytes_max = 4095}, microhttpd_errc::invalid_head_bytes_max},
        {{.head_bytes_max = (std::size_t{16} << 20U) + 1}, microhttpd_errc::invalid_head_bytes_max},
        {{.idle_timeout = -1s}, microhttpd_errc::invalid_idle_timeout},
        {{.threads = 0}, microhttpd_errc::invalid_threads},
        {{.threads = 1025}, microhttpd_errc::invalid_threads}};
    for (const auto& [options, error] : wrong) {
        const std::error_code ec = options.validate();
        BOOST_TEST(ec == error);
        const std::string name{forest::name(ec)};
        BOOST_TEST(
            ec.message().starts_with("microhttpd_options." + name.substr(name.find('_') + 1)));
        BOOST_CHECK_EXCEPTION(
            microhttpd_server{options}, std::system_error,
            [&](const std::system_error& thrown) { return thrown.code() == error; });
    }
    BOOST_TEST(!microhttpd_options{}.validate());
}

BOOST_AUTO_TEST_SUITE_END()
