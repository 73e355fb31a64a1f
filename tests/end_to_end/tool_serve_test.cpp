// SPDX-License-Identifier: BSL-1.0
#include "tool_process.hpp"

#include <support/sanitized.hpp>

#include <adapters/support/raw_client.hpp>
#include <adapters/support/test_certificates.hpp>
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/core/detail/http/http_date.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// `forest-health serve`, and what `check` and `watch` say to servers of other makes.

namespace {

bool has_ipv6_loopback() {
    const int probe = ::socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 loopback{};
    loopback.sin6_family = AF_INET6;
    loopback.sin6_addr = in6addr_loopback;
    const bool bound = probe >= 0 && ::bind(probe, reinterpret_cast<const sockaddr*>(&loopback),
                                            sizeof loopback) == 0;
    if (probe >= 0)
        ::close(probe);
    return bound;
}

using asio::ip::tcp;
using forest::test::raw_client;
using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::test_certificates;
using forest::test::tool_process;
using forest::test::tool_result;

// The whole answer to one request, on a connection of its own.
std::string answer_to(int port, std::string_view request) {
    asio::io_context io;
    tcp::socket socket{io};
    socket.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)});
    asio::write(socket, asio::buffer(request));
    std::string answer;
    std::error_code ec;
    asio::read(socket, asio::dynamic_buffer(answer), ec);
    return answer;
}

std::string with_line_ends(const std::string& lines) {
    std::string result;
    for (const char byte : lines)
        result += byte == '\n' ? std::string{"\r\n"} : std::string(1, byte);
    return result;
}

/// A server that answers one request with bytes of the test's choice.
class one_answer_server {
public:
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/health";
    }

    /// The head of the request.
    std::string serve(std::string_view answer) {
        acceptor_.non_blocking(true);
        tcp::socket socket{io_};
        std::error_code ec;
        const bool came = forest::test::eventually([&] {
            acceptor_.accept(socket, ec);
            return !ec;
        });
        BOOST_REQUIRE(came);
        socket.non_blocking(false);
        std::string request;
        asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
        asio::write(socket, asio::buffer(answer));
        return request;
    }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
};

std::string json_answer(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// A request that the server accepts as often as it comes.
std::string signed_request() {
    return "GET /forest/health HTTP/1.1\r\nHost: localhost\r\n" +
           with_line_ends(run_tool({"sign"}, secret).out) + "\r\n";
}

void set_limit(const tool_process& process, int resource, rlim_t most) {
    const rlimit limit{most, most};
    BOOST_REQUIRE(
        ::prlimit(process.id(), static_cast<__rlimit_resource>(resource), &limit, nullptr) == 0);
}

rlimit limit_of(pid_t process, int resource) {
    rlimit limit{};
    BOOST_REQUIRE(::prlimit(process, static_cast<__rlimit_resource>(resource), nullptr, &limit) ==
                  0);
    return limit;
}

// The rest of what a server says when it begins.
std::vector<std::string> further_lines(serving_tool& server, std::size_t count) {
    std::vector<std::string> lines;
    for (std::size_t line = 0; line < count; ++line)
        lines.push_back(server.process.line().value_or("the end"));
    return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(tool_serve_test)

BOOST_AUTO_TEST_CASE(its_first_line_says_where_it_listens) {
    const serving_tool server;
    const std::string prefix = "http://127.0.0.1:";
    BOOST_TEST(server.base.rfind(prefix, 0) == 0U);
    BOOST_TEST(server.base.find_first_not_of("0123456789", prefix.size()) == std::string::npos);
    BOOST_TEST(server.port() > 0);
}

BOOST_AUTO_TEST_CASE(it_listens_on_ipv6_in_brackets) {
    if (!has_ipv6_loopback()) {
        BOOST_TEST_MESSAGE("this machine has no IPv6");
        return;
    }
    const serving_tool server{{"--listen", "[::1]:0"}};
    BOOST_TEST(server.base.rfind("http://[::1]:", 0) == 0U);
    BOOST_TEST(run_tool({"check", server.url()}, secret).status == 0);
}

BOOST_AUTO_TEST_CASE(it_listens_on_a_unix_socket_and_removes_the_file) {
    const test_certificates directory;
    const std::string path = directory.directory() + "/a b.sock";
    serving_tool server{{"--unix", path, "--grace", "0s"}};
    BOOST_TEST(server.base.rfind("http+unix://%2F", 0) == 0U);
    BOOST_TEST(run_tool({"check", server.url()}, secret).status == 0);
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(it_speaks_tls_to_clients_that_trust_its_authority) {
    test_certificates made;
    const auto files = made.server();
    const serving_tool server{
        {"--tls-cert", files.certificate, "--tls-key", files.key, "--listen", "localhost:0"}};
    BOOST_TEST(server.base.rfind("https://localhost:", 0) == 0U);
    BOOST_TEST(run_tool({"check", "--ca-file", made.ca_file(), server.url()}, secret).status == 0);

    const tool_result untrusted = run_tool({"check", "--json", server.url()}, secret);
    BOOST_TEST(untrusted.status == 1);
    BOOST_TEST(nlohmann::json::parse(untrusted.out).at("error") == "tls_failed");

    const std::string plain = "http" + server.url().substr(5);
    const tool_result without_tls = run_tool({"check", "--json", plain}, secret);
    BOOST_TEST(nlohmann::json::parse(without_tls.out).at("error") == "tls_expected");

    const auto client = made.client();
    const tool_result with_certificate =
        run_tool({"check", "--ca-file", made.ca_file(), "--cert", client.certificate, "--key",
                  client.key, server.url()},
                 secret);
    BOOST_TEST(with_certificate.status == 0);
    const tool_result with_wrong_key =
        run_tool({"check", "--ca-file", made.ca_file(), "--cert", client.certificate, "--key",
                  files.key, server.url()},
                 secret);
    BOOST_TEST(with_wrong_key.status == 2);
    BOOST_TEST(with_wrong_key.err.find(files.key) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_check_accepts_common_names_on_request) {
    test_certificates made;
    const auto files = made.common_name_server();
    const serving_tool server{
        {"--tls-cert", files.certificate, "--tls-key", files.key, "--listen", "localhost:0"}};
    const auto check = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--ca-file", made.ca_file(), server.url()});
        return run_tool(arguments, secret).status;
    };
    BOOST_TEST(check({"check"}) == 1);
    BOOST_TEST(check({"check", "--accept-common-names"}) == 0);
}

BOOST_AUTO_TEST_CASE(an_address_in_use_ends_it_with_1) {
    const serving_tool server;
    const tool_result second = run_tool({"serve", "--listen", server.address()}, secret);
    BOOST_TEST(second.status == 1);
    BOOST_TEST(second.out.empty());
    BOOST_TEST(second.err.find("--listen " + server.address()) != std::string::npos);
    BOOST_TEST(second.err.find("another process listens") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_listens_on_all_addresses_of_a_name_on_one_port) {
    if (!has_ipv6_loopback()) {
        BOOST_TEST_MESSAGE("this machine has no IPv6");
        return;
    }
    serving_tool server{{"--listen", "localhost:0", "--grace", "0s"}};
    const std::string port = std::to_string(server.port());
    BOOST_TEST(server.base == "http://localhost:" + port);
    const auto lines = further_lines(server, 2);
    for (const std::string host : {"[::1]", "127.0.0.1"}) {
        const std::string line = "  http://" + host + ":" + port;
        BOOST_TEST((lines[0] == line || lines[1] == line), lines[0] + lines[1]);
        const tool_result answer =
            run_tool({"check", "http://" + host + ":" + port + "/forest/health"}, secret);
        BOOST_TEST(answer.status == 0);
    }
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    BOOST_TEST(server.process.out().find(lines[1] + "\n") + lines[1].size() + 1 ==
               server.process.out().size());
}

// In a network namespace without IPv6, where this machine lets us have one.
BOOST_AUTO_TEST_CASE(a_family_that_the_machine_lacks_is_skipped_and_reported) {
    constexpr const char* unshare = "FOREST_UNSHARE";
    ::setenv(unshare, "/usr/bin/unshare", 1);
    const std::string prepare = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && "
                                "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && ";
    if (!std::filesystem::exists("/usr/bin/unshare") ||
        run_tool({"--net", "sh", "-c", prepare + "true"}, {}, unshare).status != 0) {
        BOOST_TEST_MESSAGE("skipped: no network namespaces");
        return;
    }
    forest::test::serving_process server{
        {{"--net", "sh", "-c", prepare + "exec \"$0\" serve --listen localhost:0 --grace 0s",
          std::getenv("FOREST_HEALTH")},
         secret,
         {},
         false,
         unshare}};
    const std::string port = std::to_string(server.port());
    BOOST_TEST(server.base == "http://localhost:" + port);
    BOOST_TEST(server.process.line().value_or("") == "  http://127.0.0.1:" + port);
    server.process.read_error_until("not listening on http://[::1]:" + port);
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_star_is_every_interface) {
    serving_tool server{{"--listen", "*:0"}};
    const std::string port = std::to_string(server.port());
    BOOST_TEST(server.base == "http://*:" + port);
    BOOST_TEST(further_lines(server, 1)[0] == "  http://0.0.0.0:" + port);
    if (has_ipv6_loopback())
        BOOST_TEST(further_lines(server, 1)[0] == "  http://[::]:" + port);
    for (const std::string host : {"127.0.0.1", "127.0.0.2", "[::1]"}) {
        if (host != "[::1]" || has_ipv6_loopback()) {
            const tool_result answer =
                run_tool({"check", "http://" + host + ":" + port + "/forest/health"}, secret);
            BOOST_TEST(answer.status == 0, host + answer.out);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_socket_file_has_the_mode_that_was_asked_for) {
    const test_certificates directory;
    const std::string path = directory.directory() + "/mode.sock";
    const serving_tool server{{"--unix", path, "--unix-mode", "0606"}};
    struct stat found{};
    BOOST_TEST(::stat(path.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777U) == 0606U);
    for (const char* mode : {"", "0", "888", "1000", "660 ", "-1", "rw"}) {
        const tool_result refused =
            run_tool({"serve", "--unix", path + "2", "--unix-mode", mode}, secret);
        BOOST_TEST(refused.status == 2);
        BOOST_TEST(refused.err.find("--unix-mode") != std::string::npos);
    }
    BOOST_TEST(run_tool({"serve", "--unix-mode", "600"}, secret).status == 2);
}

BOOST_AUTO_TEST_CASE(its_limit_of_descriptors_is_raised) {
    const rlimit own = limit_of(::getpid(), RLIMIT_NOFILE);
    rlimit lower = own;
    lower.rlim_cur = std::min<rlim_t>(own.rlim_cur, 128);
    BOOST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
    std::unique_ptr<serving_tool> server;
    try {
        server = std::make_unique<serving_tool>();
    } catch (...) {
        ::setrlimit(RLIMIT_NOFILE, &own);
        throw;
    }
    ::setrlimit(RLIMIT_NOFILE, &own);
    BOOST_TEST(limit_of(server->process.id(), RLIMIT_NOFILE).rlim_cur == own.rlim_max);
}

// B23.
BOOST_AUTO_TEST_CASE(without_descriptors_a_signed_check_is_answered_among_strangers) {
    if (forest::test::sanitized) {
        BOOST_TEST_MESSAGE("skipped: UBSan opens descriptors to examine an object");
        return;
    }
    const std::string check = signed_request();
    for (const rlim_t most : {32U, 33U, 48U, 100U}) {
        const serving_tool server;
        const auto port = static_cast<std::uint16_t>(server.port());
        set_limit(server.process, RLIMIT_NOFILE, most);
        std::vector<raw_client> strangers;
        for (int round = 0; round < 8; ++round) {
            for (int each = 0; each < 40; ++each) {
                raw_client& stranger = strangers.emplace_back(port);
                switch (each % 4) {
                case 0: break; // silent
                case 1: stranger.send("GET /fo"); break;
                case 2: stranger.shutdown_sending(); break;
                default:
                    for (int request = 0; request < 10; ++request)
                        stranger.send("GET /forest/health HTTP/1.1\r\nHost: a\r\n\r\n");
                }
            }
            BOOST_TEST(raw_client{port}.ask(check).status == 200);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_thousand_bodies_do_not_exhaust_its_memory) {
    if (forest::test::sanitized) {
        BOOST_TEST_MESSAGE("skipped: a sanitizer needs more memory than the bound");
        return;
    }
    serving_tool server{{"--grace", "0s"}};
    const std::string check = signed_request();
    const auto port = static_cast<std::uint16_t>(server.port());
    constexpr rlim_t most = rlim_t{64} << 20U;
    set_limit(server.process, RLIMIT_AS, most);
    const std::string body(65536, 'x');
    std::vector<raw_client> posting;
    for (int each = 0; each < 1000; ++each) {
        posting.emplace_back(port);
        posting.back().send("POST /forest/health HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n"
                            "\r\n" +
                            body.substr(1));
    }
    BOOST_TEST(raw_client{port}.ask(check).status == 200);
    BOOST_TEST(posting.back().ask("x").status == 405);
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
}

BOOST_AUTO_TEST_CASE(path_and_version_are_what_was_asked_for) {
    const serving_tool server{{"--path", "/up", "--version", "2.0-rc", "--unsigned"}};
    const tool_result found = run_tool({"check", "--unsigned", "--json", server.base + "/up"});
    BOOST_TEST(found.status == 0);
    BOOST_TEST(nlohmann::json::parse(found.out).at("version") == "2.0-rc");
    const tool_result elsewhere = run_tool({"check", "--unsigned", "--json", server.url()});
    BOOST_TEST(nlohmann::json::parse(elsewhere.out).at("status") == 404);
}

BOOST_AUTO_TEST_CASE(what_sign_prints_is_accepted_once_within_the_replay_window) {
    serving_tool server{{"--replay-window", "601s", "--verbose", "--grace", "0s"}};
    const tool_result lines = run_tool({"sign"}, secret);
    const std::string request = "GET /forest/health HTTP/1.1\r\nHost: localhost\r\n" +
                                with_line_ends(lines.out) + "Connection: close\r\n\r\n";
    BOOST_TEST(answer_to(server.port(), request).rfind("HTTP/1.1 200 ", 0) == 0U);
    const std::string replayed = answer_to(server.port(), request);
    BOOST_TEST(replayed.rfind("HTTP/1.1 401 ", 0) == 0U);
    // The reason is reported to the log, and not to the stranger.
    BOOST_TEST(replayed.find("replay") == std::string::npos);
    const std::string sent = run_tool({"check", server.url()}, "another").out;
    BOOST_TEST(sent.find("a signature was sent") != std::string::npos, sent);
    BOOST_TEST(sent.find("--header-style") != std::string::npos, sent);
    const std::string none = run_tool({"check", "--unsigned", server.url()}).out;
    BOOST_TEST(none.find("no signature was sent") != std::string::npos, none);
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    const std::string& log = server.process.err();
    BOOST_TEST(log.find(" 401: the signature was accepted before") != std::string::npos, log);
    BOOST_TEST(log.find(" 401: the signature does not belong") != std::string::npos, log);
    BOOST_TEST(log.find(" 401: the request has no timestamp or no signature") != std::string::npos,
               log);
}

BOOST_AUTO_TEST_CASE(what_the_replay_guard_forgets_is_logged) {
    serving_tool server{{"--replay-window", "601s", "--replay-entries", "1", "--grace", "0s"}};
    for (int n = 0; n < 3; ++n)
        BOOST_TEST(run_tool({"check", server.url()}, secret).status == 0);
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    const std::string& log = server.process.err();
    BOOST_TEST(log.find("1 signature was forgotten") != std::string::npos, log);
    BOOST_TEST(log.find("2 signatures were forgotten") != std::string::npos, log);
    BOOST_TEST(log.find("--replay-entries") != std::string::npos, log);
}

BOOST_AUTO_TEST_CASE(an_HTTP_date_is_accepted_only_by_an_option) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto date = forest::detail::format_http_date(now);
    const std::string_view text{date.data(), date.size()};
    const auto signature = forest::hmac_sha256{secret}.sign(text);
    const std::string request =
        "GET /forest/health HTTP/1.1\r\nHost: localhost\r\nX_TIMESTAMP: " + std::string{text} +
        "\r\nX_SIGNATURE: " + std::string{signature.data(), signature.size()} +
        "\r\nConnection: close\r\n\r\n";
    const serving_tool with{{"--accept-http-dates"}};
    const serving_tool without;
    BOOST_TEST(answer_to(with.port(), request).rfind("HTTP/1.1 200 ", 0) == 0U);
    BOOST_TEST(answer_to(without.port(), request).rfind("HTTP/1.1 401 ", 0) == 0U);
}

BOOST_AUTO_TEST_CASE(more_digits_of_the_timestamp_are_accepted) {
    const serving_tool server{{"--replay-window", "601s"}};
    for (const char* const digits : {"3", "6", "9"})
        BOOST_TEST(run_tool({"check", "--timestamp-digits", digits, server.url()}, secret).status ==
                   0);
}

BOOST_AUTO_TEST_CASE(it_keeps_answering_for_the_grace_period_and_ends_with_0) {
    serving_tool server{{"--grace", "500ms"}};
    const auto begun = std::chrono::steady_clock::now();
    server.process.signal(SIGTERM);
    BOOST_TEST(server.process.wait() == 0);
    const auto lasted = std::chrono::steady_clock::now() - begun;
    BOOST_TEST((lasted >= std::chrono::milliseconds{500}));
    BOOST_TEST(server.process.err().find("stopping") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(B48_a_held_check_learns_of_the_stop_at_once) {
    serving_tool server{{"--hold-max", "240s", "--grace", "0s"}};
    const std::string plain = signed_request();
    std::string held = plain;
    held.insert(held.size() - 2, "Prefer: wait=240\r\n");
    raw_client client{static_cast<std::uint16_t>(server.port())};
    client.send(held);
    BOOST_TEST(
        raw_client{static_cast<std::uint16_t>(server.port())}.ask(plain).has("Forest-Hold: 240"));
    BOOST_TEST(!client.has_received()); // It came first, and is held.
    server.process.signal(SIGTERM);
    const auto answer = client.read_answer();
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.body.find("stopping") != std::string::npos);
    BOOST_TEST(answer.has("Preference-Applied: wait=240"));
    BOOST_TEST(server.process.wait() == 0);
}

BOOST_AUTO_TEST_CASE(answers_are_not_held_unless_asked_for) {
    const serving_tool server;
    std::string request = signed_request();
    request.insert(request.size() - 2, "Prefer: wait=240\r\n");
    const auto answer = raw_client{static_cast<std::uint16_t>(server.port())}.ask(request);
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(!answer.has_name("Forest-Hold"));
}

BOOST_AUTO_TEST_CASE(each_answer_is_logged_when_asked_for) {
    serving_tool server{{"--verbose", "--grace", "0s"}};
    run_tool({"check", server.url()}, secret);
    run_tool({"check", server.url()}, "a wrong one");
    server.process.signal(SIGINT);
    BOOST_TEST(server.process.wait() == 0);
    BOOST_TEST(server.process.err().find("GET /forest/health 200\n") != std::string::npos);
    BOOST_TEST(server.process.err().find("GET /forest/health 401: ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_header_style_is_what_goes_over_the_wire) {
    for (const bool dashed : {false, true}) {
        one_answer_server server;
        tool_process check{
            {{"check", "--header-style", dashed ? "dash" : "underscore", server.url()},
             secret,
             {},
             false}};
        const std::string head = server.serve(json_answer(R"({"status":"ok"})"));
        BOOST_TEST(check.wait() == 0);
        BOOST_TEST((head.find("\r\nX-Timestamp: ") != std::string::npos) == dashed);
        BOOST_TEST((head.find("\r\nX-Signature: ") != std::string::npos) == dashed);
        BOOST_TEST((head.find("\r\nX_TIMESTAMP: ") != std::string::npos) == !dashed);
        BOOST_TEST((head.find("\r\nX_SIGNATURE: ") != std::string::npos) == !dashed);
    }
}

BOOST_AUTO_TEST_CASE(a_version_cannot_move_the_cursor) {
    // An escape sequence, a C1 control in UTF-8, a right-to-left override and an emoji.
    const std::string answer = json_answer(
        "{\"status\":\"ok\",\"version\":\"\\u001b[31m\xc2\x9b\xe2\x80\xae\xf0\x9f\x8c\xb2\"}");
    one_answer_server first;
    tool_process told{{{"check", "--unsigned", first.url()}, "", {}, false}};
    first.serve(answer);
    BOOST_TEST(told.wait() == 0);
    BOOST_TEST(told.out().find(R"(version  \u001b[31m\u009b\u202e\ud83c\udf32)") !=
                   std::string::npos,
               told.out());

    one_answer_server second;
    tool_process json{{{"check", "--unsigned", "--json", second.url()}, "", {}, false}};
    second.serve(answer);
    BOOST_TEST(json.wait() == 0);
    BOOST_TEST(json.out().find_first_not_of('\n') == 0U);
    for (const char byte : json.out())
        BOOST_TEST(((' ' <= byte && byte <= '~') || byte == '\n'));
    BOOST_TEST(nlohmann::json::parse(json.out()).at("version") ==
               "\x1b[31m\xc2\x9b\xe2\x80\xae\xf0\x9f\x8c\xb2");
}

// B11.
BOOST_AUTO_TEST_CASE(a_clock_that_is_wrong_is_named_as_the_likely_cause) {
    one_answer_server server;
    tool_process check{{{"check", "--json", server.url()}, secret, {}, false}};
    server.serve("HTTP/1.1 401 Unauthorized\r\nDate: Tue, 09 Dec 2014 12:00:00 GMT\r\n"
                 "Content-Length: 0\r\n\r\n");
    BOOST_TEST(check.wait() == 1);
    const auto event = nlohmann::json::parse(check.out());
    BOOST_TEST(event.at("error") == "unauthorized");
    BOOST_TEST(event.at("clock_skew_s").get<double>() < -3600.0);
}

BOOST_AUTO_TEST_CASE(a_server_that_says_nothing_fails_at_the_timeout) {
    asio::io_context io;
    const tcp::acceptor silent{io, {asio::ip::address_v4::loopback(), 0}};
    const std::string url =
        "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/";
    const tool_result result = run_tool({"check", "--json", "--timeout", "200ms", url}, secret);
    BOOST_TEST(result.status == 1);
    const auto event = nlohmann::json::parse(result.out);
    BOOST_TEST(event.at("error") == "timed_out");
    BOOST_TEST(event.at("latency_ms").get<double>() >= 200.0);
}

BOOST_AUTO_TEST_SUITE_END()
