// SPDX-License-Identifier: BSL-1.0
#include <end_to_end/master_process.hpp>

#include <adapters/support/raw_client.hpp>

#include <forest/adapters/openssl/header_style.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

// nginx between the master and a warehouse (PROTOCOL.md, 4), all of them processes.

namespace {

using forest::header_style;
using forest::test::count;
using forest::test::following_master;
using forest::test::mortal_warehouse;
using forest::test::raw_answer;
using forest::test::raw_client;
using nlohmann::json;
using strings = std::vector<std::string>;

// Where nginx is, or nothing. Debian keeps it where only root looks.
std::string find_nginx() {
    if (const char* const given = std::getenv("FOREST_NGINX"))
        return given;
    const char* const path = std::getenv("PATH");
    std::string folders = std::string{path == nullptr ? "" : path} + ":/usr/sbin:";
    for (std::size_t end = 0; (end = folders.find(':')) != std::string::npos;
         folders.erase(0, end + 1)) {
        const std::string file = folders.substr(0, end) + "/nginx";
        if (::access(file.c_str(), X_OK) == 0)
            return file;
    }
    return {};
}

// Says so on its own account, since Boost is silent about what it skips.
boost::test_tools::assertion_result nginx_is_installed(boost::unit_test::test_unit_id) {
    const bool found = !find_nginx().empty();
    if (!found)
        std::cout << "skipped: there is no nginx\n";
    return found;
}

// nginx in front of a server, with a folder and an address of its own.
class proxy {
public:
    // Each of `http` and `server` is put into the block of that name.
    explicit proxy(const std::string& upstream, const std::string& server = {},
                   const std::string& http = {})
        : process_{setup(upstream, server, http)} {
        // It says so when it listens already. One that cannot ends.
        for (;;) {
            const auto line = process_.line();
            BOOST_REQUIRE_MESSAGE(line, "nginx ended: " << process_.out() << process_.err());
            if (line->find("using the \"epoll\" event method") != std::string::npos)
                break;
        }
    }

    [[nodiscard]] std::string url() const { return "http://" + port_.address(); }

    [[nodiscard]] raw_client connect() const {
        const std::string& address = port_.address();
        return raw_client{
            static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)))};
    }

    // What it was asked and answered, after its end: the path, its status and that of the server
    // behind, each time.
    strings end() {
        process_.signal(SIGTERM);
        BOOST_TEST(process_.wait() == 0);
        std::ifstream log{folder_.file("access.log")};
        strings lines;
        for (std::string line; std::getline(log, line);)
            lines.push_back(line);
        return lines;
    }

private:
    forest::test::tool_setup setup(const std::string& upstream, const std::string& server,
                                   const std::string& http) {
        ::setenv("FOREST_NGINX", find_nginx().c_str(), 0);
        // One process, so that none is left when it is killed. Relative names are in the folder.
        std::ofstream{folder_.file("nginx.conf")}
            << "daemon off;\n"
               "master_process off;\n"
               "pid nginx.pid;\n"
               "error_log /dev/stdout notice;\n"
               "events {}\n"
               "http {\n"
               "    error_log error.log;\n"
               "    log_format outcome '$uri $status $upstream_status';\n"
               "    access_log access.log outcome;\n"
               "    client_body_temp_path client_body;\n"
               "    proxy_temp_path proxy;\n"
               "    fastcgi_temp_path fastcgi;\n"
               "    uwsgi_temp_path uwsgi;\n"
               "    scgi_temp_path scgi;\n"
            << "    " << http
            << "\n"
               "    server {\n"
               "        listen "
            << port_.address() << ";\n"
            << "        " << server
            << "\n"
               "        location / { proxy_pass "
            << upstream
            << "; }\n"
               "    }\n"
               "}\n";
        return {{"-p", folder_.path.string() + '/', "-c", "nginx.conf", "-e", "error.log"},
                {},
                {},
                false,
                "FOREST_NGINX"};
    }

    forest::test::temporary_folder folder_;
    forest::test::reserved_port port_;
    forest::test::tool_process process_;
};

const strings dashed{"--header-style", "dash"};

strings with(const strings& options, const std::string& url) {
    strings arguments = options;
    arguments.push_back(url);
    return arguments;
}

std::string signature(header_style style) {
    forest::header_fields fields;
    forest::hmac_sha256_signer{forest::test::secret, style}.sign(
        {}, std::chrono::floor<forest::wall_time::duration>(std::chrono::system_clock::now()),
        fields);
    return std::string{fields.text()};
}

strings of_schema(const strings& outcomes) {
    strings found;
    for (const std::string& each : outcomes) {
        if (each.rfind("/forest/rpc-schema ", 0) == 0)
            found.push_back(each.substr(each.find(' ') + 1));
    }
    return found;
}

// Death and return of the server behind the proxy, as the master reports it.
void live_through_an_outage(mortal_warehouse& warehouse, following_master& master) {
    warehouse.kill();
    const json down = master.next("server_down");
    BOOST_TEST(down.at("error") == "unexpected_status");
    BOOST_TEST(down.at("status") == 502);
    warehouse.start();
    BOOST_TEST(master.next("server_up").at("status") == 200);
}

} // namespace

BOOST_AUTO_TEST_SUITE(warehouse_nginx_test, *boost::unit_test::precondition(nginx_is_installed))

BOOST_AUTO_TEST_CASE(by_default_nginx_drops_names_with_underscores) {
    mortal_warehouse warehouse;
    warehouse.start();
    proxy nginx{warehouse.url()};
    following_master master{{nginx.url()}};
    const json failed = master.next("schema_failed");
    BOOST_TEST(failed.at("error") == "unauthorized");
    BOOST_TEST(failed.at("status") == 401);
    const json loaded = master.next("schema_loaded");
    BOOST_TEST(loaded.at("source") == "none");
    BOOST_TEST(loaded.at("collections") == 0);
    const json down = master.next("server_down");
    BOOST_TEST(down.at("error") == "unauthorized");
    BOOST_TEST(down.at("status") == 401);
    const std::vector<json> told = master.end();
    BOOST_TEST(count(told, "check_succeeded") == 0U);
    BOOST_TEST(count(told, "schema_reloaded") == 0U);
    for (const std::string& each : nginx.end())
        BOOST_TEST(each.substr(each.find(' ')) == " 401 401");
}

BOOST_AUTO_TEST_CASE(names_with_dashes_pass_and_so_does_everything_else) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::string before = warehouse.etag();
    proxy nginx{warehouse.url()};
    following_master master{with(dashed, nginx.url())};
    const json loaded = master.next("schema_loaded");
    BOOST_TEST(loaded.at("source") == "server");
    BOOST_TEST(loaded.at("etag") == before);
    BOOST_TEST(loaded.at("collections") == 2);
    master.pass_checks();

    live_through_an_outage(warehouse, master);
    const json unchanged = master.next_of_schema();
    BOOST_TEST(unchanged.at("event") == "schema_unchanged");
    BOOST_TEST(unchanged.at("status") == 304);
    BOOST_TEST(unchanged.at("etag") == before);

    warehouse.change("ALTER TABLE product ADD COLUMN weight_g INTEGER");
    // The change alone is no news; the outage is what has it looked for.
    live_through_an_outage(warehouse, master);
    const json reloaded = master.next_of_schema();
    BOOST_TEST(reloaded.at("event") == "schema_reloaded");
    BOOST_TEST(reloaded.at("etag") != before);
    BOOST_TEST(reloaded.at("etag") == warehouse.etag());

    // A farewell passes, too.
    warehouse.signal(SIGTERM);
    const json down = master.next("server_down");
    BOOST_TEST(down.at("error") == "stopping");
    BOOST_TEST(down.at("status") == 503);

    const std::vector<json> told = master.end();
    BOOST_TEST(count(told, "server_down") == 3U);
    BOOST_TEST(count(told, "server_up") == 2U);
    BOOST_TEST(count(told, "schema_loaded") == 1U);
    BOOST_TEST(count(told, "schema_unchanged") == 1U);
    BOOST_TEST(count(told, "schema_reloaded") == 1U);
    BOOST_TEST(count(told, "schema_failed") == 0U);
    BOOST_TEST(of_schema(nginx.end()) == (strings{"200 200", "304 304", "200 200"}));
}

BOOST_AUTO_TEST_CASE(nginx_passes_underscores_if_it_is_configured_to) {
    mortal_warehouse warehouse;
    warehouse.start();
    proxy nginx{warehouse.url(), "underscores_in_headers on;"};
    following_master master{{nginx.url()}};
    const json loaded = master.next("schema_loaded");
    BOOST_TEST(loaded.at("source") == "server");
    BOOST_TEST(loaded.at("etag") == warehouse.etag());
    master.pass_checks();
    live_through_an_outage(warehouse, master);
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");
    (void)master.end();
    BOOST_TEST(of_schema(nginx.end()) == (strings{"200 200", "304 304"}));
}

BOOST_AUTO_TEST_CASE(compression_is_for_those_who_ask_for_it) {
    mortal_warehouse warehouse;
    warehouse.start();
    const std::string etag = warehouse.etag();
    proxy nginx{warehouse.url(), "gzip on; gzip_types application/json; gzip_min_length 1;"};
    following_master master{with(dashed, nginx.url())};
    BOOST_TEST(master.next("schema_loaded").at("etag") == etag);
    live_through_an_outage(warehouse, master);
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");
    (void)master.end();

    // The Ruby client does, and nginx makes the ETag a weak one.
    const std::string request = "GET /forest/rpc-schema HTTP/1.1\r\n"
                                "Host: localhost\r\n"
                                "Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n"
                                "Connection: close\r\n" +
                                signature(header_style::dash);
    raw_client ruby = nginx.connect();
    ruby.send(request + "\r\n");
    const std::string compressed = ruby.read_to_end();
    BOOST_TEST(compressed.find("\r\nContent-Encoding: gzip\r\n") != std::string::npos);
    BOOST_TEST(compressed.find("\r\nETag: W/\"" + etag + "\"\r\n") != std::string::npos);
    for (const std::string& known : {etag, "W/\"" + etag + '"'}) {
        const raw_answer unchanged =
            nginx.connect().ask(request + "If-None-Match: " + known + "\r\n\r\n");
        BOOST_TEST(unchanged.status == 304);
        BOOST_TEST(!unchanged.has_name("Content-Length"));
    }
}

// A proxy in front of the proxy would ask so.
BOOST_AUTO_TEST_CASE(HTTP_1_0_is_served_behind_nginx) {
    mortal_warehouse warehouse;
    warehouse.start();
    proxy nginx{warehouse.url()};
    for (const std::string version : {"1.0", "1.1"}) {
        const std::string request = "GET /forest/rpc-schema HTTP/" + version +
                                    "\r\nHost: localhost\r\nConnection: close\r\n" +
                                    signature(header_style::dash);
        const raw_answer whole = nginx.connect().ask(request + "\r\n");
        BOOST_TEST(whole.status == 200);
        const std::string etag = json::parse(whole.body).at("etag");
        BOOST_TEST(etag == warehouse.etag());
        BOOST_TEST(nginx.connect().ask(request + "If-None-Match: " + etag + "\r\n\r\n").status ==
                   304);
    }
}

// It asks for everything whatever it is asked, and answers 200 to an etag without quotes.
BOOST_AUTO_TEST_CASE(a_proxy_that_would_cache_hides_no_change_and_makes_none_up) {
    mortal_warehouse warehouse;
    warehouse.start();
    proxy nginx{warehouse.url(), "proxy_cache schemas; proxy_cache_valid 200 1h;",
                "proxy_cache_path cache keys_zone=schemas:1m;"};
    following_master master{with(dashed, nginx.url())};
    BOOST_TEST(master.next("schema_loaded").at("etag") == warehouse.etag());
    live_through_an_outage(warehouse, master);
    BOOST_TEST(master.next_of_schema().at("event") == "schema_unchanged");

    warehouse.change("ALTER TABLE product ADD COLUMN weight_g INTEGER");
    live_through_an_outage(warehouse, master);
    const json reloaded = master.next_of_schema();
    BOOST_TEST(reloaded.at("event") == "schema_reloaded");
    BOOST_TEST(reloaded.at("etag") == warehouse.etag());
    BOOST_TEST(count(master.end(), "schema_reloaded") == 1U);
    for (const std::string& each : of_schema(nginx.end()))
        BOOST_TEST(each == "200 200");
}

BOOST_AUTO_TEST_SUITE_END()
