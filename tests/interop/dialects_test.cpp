// SPDX-License-Identifier: BSL-1.0
#include "dialects.hpp"
#include "scripted_agent.hpp"

#include <forest/adapters/asio/asio_clock.hpp>
#include <forest/adapters/asio/asio_transport.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/error.hpp>
#include <forest/core/event.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/datasource.hpp>
#include <forest/version.hpp>

#include <asio/io_context.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// The datasource, over sockets, against agents that speak as those in production do (PROTOCOL.md, 3
// and 4), and against what else has been seen of servers and proxies.

using namespace forest;
using namespace forest::test;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

using strings = std::vector<std::string>;

constexpr std::string_view secret = "not-to-be-printed";
constexpr std::string_view health_path = datasource_options::health_path;
constexpr std::string_view schema_path = datasource_options::schema_path;

const std::string shop = R"({"collections":[{"name":"product"}],"charts":[]})";
const std::string bigger_shop =
    R"({"collections":[{"name":"product"},{"name":"shelf"}],"charts":[]})";

// A copy of an event of a datasource.
struct reported_event {
    event_kind kind;
    std::error_code error;
    int status;
    schema_source source;
};

// Signs as it should, or with a signature that is too short.
struct test_signer {
    hmac_sha256_signer by{secret};
    bool too_short = false;

    void sign(const request& what, wall_time at, header_fields& fields) {
        if (!too_short)
            return by.sign(what, at, fields);
        const auto timestamp = format_timestamp(at);
        (void)fields.add("X_TIMESTAMP", {timestamp.data(), timestamp.size()});
        (void)fields.add("X_SIGNATURE", "abc");
    }
};

using tested_datasource =
    basic_datasource<asio_transport, asio_clock, test_signer, exponential_backoff>;

struct setup {
    bool reuse_connections = false;
    test_signer signer{};
    std::optional<duration> schema_poll{};
};

// A datasource that checks every few milliseconds, so that outages are short, and all that it
// reports.
class follower {
public:
    explicit follower(const std::string& uri, const setup& settings = {})
        : source{asio_transport{clock, {.reuse_connections = settings.reuse_connections}},
                 asio_transport{clock, {.reuse_connections = settings.reuse_connections}},
                 clock,
                 settings.signer,
                 exponential_backoff{},
                 {.uri = uri,
                  .mode =
                      settings.schema_poll ? datasource_mode::schema_poll : datasource_mode::health,
                  .health_check_interval = 20ms,
                  .health_check_failure_threshold = 1,
                  .health_check_timeout = patience,
                  .schema_poll = settings.schema_poll,
                  .schema_timeout = patience}} {
        source.on_event([this](const event& happened) {
            events.push_back({happened.kind,
                              happened.check ? happened.check->error : std::error_code{},
                              happened.check ? happened.check->status : 0, happened.source});
        });
        source.on_reload([this](const schema& next) { reloads.push_back(next.etag()); });
        source.start();
    }

    template <typename Condition>
    void run_until(const Condition& holds) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!holds()) {
            BOOST_REQUIRE(std::chrono::steady_clock::now() < end);
            io.run_one_for(patience);
        }
    }

    // Runs until there has been an event of each kind.
    void run_until_told(std::initializer_list<event_kind> kinds) {
        for (const event_kind kind : kinds)
            run_until([&] { return count(kind) > 0; });
    }

    // Runs until the next event of that kind, and passes over those before it.
    reported_event next(event_kind kind) {
        BOOST_TEST_CONTEXT("waiting for " << name(kind)) {
            run_until([&] {
                while (passed_ < events.size() && events[passed_].kind != kind)
                    ++passed_;
                return passed_ < events.size();
            });
        }
        return events[passed_++];
    }

    [[nodiscard]] std::size_t count(event_kind kind) const {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(),
                          [kind](const reported_event& each) { return each.kind == kind; }));
    }

    // The names of all events of the schema.
    [[nodiscard]] strings of_schema() const {
        strings names;
        for (const reported_event& each : events) {
            if (is_of_schema(each.kind))
                names.emplace_back(name(each.kind));
        }
        return names;
    }

    asio::io_context io;
    asio_clock clock{io.get_executor()};
    std::vector<reported_event> events;
    strings reloads; // the etags
    tested_datasource source;

private:
    static constexpr std::chrono::seconds patience{20};

    std::size_t passed_ = 0;
};

// The agent stops answering, and answers again.
void live_through_an_outage(scripted_agent& agent, follower& master) {
    agent.answer_health("");
    BOOST_TEST(master.next(event_kind::server_down).error == errc::connection_lost);
    agent.answer_health(std::nullopt);
    (void)master.next(event_kind::server_up);
}

// Every byte of a request; the condition, the time and its signature are those of the request.
std::string expected_text(const scripted_agent& agent, const seen_request& asked, bool kept) {
    std::string text = "GET " + asked.path() + " HTTP/1.1\r\n";
    text += "Host: " + agent.host() + "\r\n";
    text += "User-Agent: forest/" + std::string{version} + "\r\n";
    text += "Accept: application/json\r\n";
    if (const std::string condition = asked.field("If-None-Match"); !condition.empty())
        text += "If-None-Match: " + condition + "\r\n";
    text += "X_TIMESTAMP: " + asked.field("X_TIMESTAMP") + "\r\n";
    text += "X_SIGNATURE: " + asked.field("X_SIGNATURE") + "\r\n";
    return text + (kept ? "" : "Connection: close\r\n") + "\r\n";
}

// The condition of each request for the schema, and the status of its answer.
strings asked_and_answered(const scripted_agent& agent) {
    strings lines;
    for (const seen_request& each : agent.requests(schema_path))
        lines.push_back(each.field("If-None-Match") + " " + std::to_string(each.status));
    return lines;
}

struct whole_answer {
    const char* name;
    std::string bytes;
};

std::ostream& operator<<(std::ostream& out, const whole_answer& row) {
    return out << row.name;
}

// An answer that is none of a schema.
struct failed_answer {
    const char* name;
    std::string bytes;
    errc error;
    int status;
};

std::ostream& operator<<(std::ostream& out, const failed_answer& row) {
    return out << row.name;
}

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string json_type = "Content-Type: application/json\r\n";

const whole_answer framings[] = {
    {"a length and nothing else", ok + "Content-Length: %LENGTH%\r\n\r\n%BODY%"},
    {"one chunk", ok + "Transfer-Encoding: chunked\r\n\r\n%CHUNKS%"},
    {"many chunks", ok + "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(shop, 7)},
    {"chunks with extensions and trailers",
     ok + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + number_text(shop.size(), 16) +
         ";name=\"value\"\r\n" + shop + "\r\n0;last\r\nX-Sum: 1\r\n\r\n"},
    {"up to the close", ok + "Connection: close\r\n\r\n%BODY%"},
    {"HTTP/1.0 up to the close", "HTTP/1.0 200 OK\r\n" + json_type + "\r\n%BODY%"},
    {"HTTP/1.0 with a length", "HTTP/1.0 200 OK\r\nContent-Length: %LENGTH%\r\n\r\n%BODY%"},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: %LENGTH%\r\n\r\n%BODY%"},
    {"100 and 103 first", "HTTP/1.1 100 Continue\r\n\r\n"
                          "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" +
                              ok + "Transfer-Encoding: chunked\r\n\r\n%CHUNKS%"},
    {"no reason phrase", "HTTP/1.1 200 \r\nContent-Length: %LENGTH%\r\n\r\n%BODY%"},
    {"another status of success", "HTTP/1.1 203 Transformed\r\nContent-Length: %LENGTH%\r\n\r\n"
                                  "%BODY%"},
    {"fields without values", ok + "Vary: \r\nX-Nothing:\r\nContent-Length: %LENGTH%\r\n\r\n"
                                   "%BODY%"},
    {"a length said twice", ok + "Content-Length: %LENGTH%\r\nContent-Length: " +
                                number_text(shop.size()) + "\r\n\r\n%BODY%"},
    {"an encoding that is none",
     ok + "Content-Encoding: identity\r\nContent-Length: %LENGTH%\r\n\r\n%BODY%"},
};

const whole_answer not_modified_answers[] = {
    {"no field at all", "HTTP/1.1 304 Not Modified\r\n\r\n"},
    {"HTTP/1.0", "HTTP/1.0 304 Not Modified\r\n\r\n"},
    {"no reason phrase", "HTTP/1.1 304 \r\n\r\n"},
    {"an etag", "HTTP/1.1 304 Not Modified\r\nETag: \"%ETAG%\"\r\n\r\n"},
    {"the length that a 200 would have",
     "HTTP/1.1 304 Not Modified\r\nContent-Length: 4711\r\n\r\n"},
    {"the framing that a 200 would have",
     "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"100 first", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"},
};

const failed_answer failed_answers[] = {
    {"no answer", "", errc::connection_lost, 0},
    {"200 with a length of 0", ok + json_type + "Content-Length: 0\r\n\r\n", errc::malformed_body,
     200},
    // As Rails answers `head :ok`.
    {"200 with an empty chunk",
     ok + "Content-Type: text/html\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
          "0\r\n\r\n",
     errc::malformed_body, 200},
    {"200 that ends at once", ok + "Connection: close\r\n\r\n", errc::malformed_body, 200},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", errc::malformed_body, 204},
    {"200 with an ETag alone", ok + "ETag: \"abc\"\r\nContent-Length: 0\r\n\r\n",
     errc::malformed_body, 200},
    {"301", "HTTP/1.1 301 Moved Permanently\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
     errc::unexpected_status, 301},
    {"401 of Ruby", ruby_current().refused, errc::unauthorized, 401},
    {"403 of Node", node().refused, errc::unauthorized, 403},
    {"403 up to the close", "HTTP/1.0 403 Forbidden\r\n\r\nno", errc::unauthorized, 403},
    {"500 of Node", node().broken, errc::unexpected_status, 500},
    {"500 of puma",
     "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html; charset=UTF-8\r\n"
     "X-Request-Id: 1b90405d-228f-4e99-9626-9a0391b68b66\r\nX-Runtime: 0.004018\r\n"
     "%CONNECTION%Content-Length: 0\r\n\r\n",
     errc::unexpected_status, 500},
    {"404 of Sinatra",
     "HTTP/1.1 404 Not Found\r\nX-Cascade: pass\r\nContent-Type: text/html;charset=utf-8\r\n"
     "%CONNECTION%Content-Length: 18\r\n\r\n<h1>Not Found</h1>",
     errc::unexpected_status, 404},
    {"502 of nginx",
     "HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nDate: %DATE%\r\nContent-Type: text/html\r\n"
     "Content-Length: 24\r\nConnection: close\r\n\r\n<html>\r\n502\r\n</html>\r\n\r\n",
     errc::unexpected_status, 502},
    {"a body that is no JSON", ok + "Content-Length: 5\r\n\r\n<p/>\n", errc::malformed_body, 200},
    {"JSON that is no schema",
     ok + "Content-Length: 15\r\n\r\n"
          R"({"status":"ok"})",
     errc::malformed_schema, 200},
    {"errors under 200",
     ok + "Content-Length: 13\r\n\r\n"
          R"({"errors":[]})",
     errc::malformed_schema, 200},
    {"gzip that nobody asked for",
     ok + "Content-Encoding: gzip\r\nContent-Length: %LENGTH%\r\n\r\n%BODY%",
     errc::unsupported_encoding, 200},
    {"a length that is too long", ok + "Content-Length: 4711\r\n\r\n%BODY%", errc::connection_lost,
     200},
    {"chunks without an end", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"col\r\n",
     errc::connection_lost, 200},
    {"a length of 1 GB", ok + "Content-Length: 1000000000\r\n\r\n{", errc::response_too_large, 200},
    {"no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", errc::other_protocol, 0},
};

} // namespace

BOOST_AUTO_TEST_SUITE(dialects_test)

BOOST_DATA_TEST_CASE(a_schema_is_loaded_then_unchanged_then_reloaded_once,
                     data::make(dialects) * data::make({false, true}), spoken, kept) {
    scripted_agent agent{spoken, secret, shop};
    follower master{agent.uri(), {.reuse_connections = kept}};
    const std::string etag = agent.etag();
    BOOST_TEST((master.next(event_kind::schema_loaded).source == schema_source::server));
    BOOST_TEST(master.source.schema()->etag() == etag);
    BOOST_TEST(master.source.schema()->collections() == strings{"product"});

    live_through_an_outage(agent, master);
    const reported_event unchanged = master.next(event_kind::schema_unchanged);
    BOOST_TEST(unchanged.status == 304);
    BOOST_TEST(!unchanged.error);

    agent.change_schema(bigger_shop);
    live_through_an_outage(agent, master);
    BOOST_TEST(master.next(event_kind::schema_reloaded).status == 200);
    BOOST_TEST(master.source.schema()->etag() == agent.etag());
    BOOST_TEST(master.source.schema()->collections() == (strings{"product", "shelf"}));

    live_through_an_outage(agent, master);
    (void)master.next(event_kind::schema_unchanged);
    BOOST_TEST(master.reloads == strings{agent.etag()});
    BOOST_TEST(master.of_schema() == (strings{"schema_loaded", "schema_unchanged",
                                              "schema_reloaded", "schema_unchanged"}));

    // The etag goes out as it stands in the body, or in the header between the quotes.
    BOOST_TEST(asked_and_answered(agent) ==
               (strings{" 200", etag + " 304", etag + " 200", agent.etag() + " 304"}));
    std::set<std::string> timestamps;
    std::set<int> connections;
    for (const seen_request& each : agent.requests()) {
        BOOST_TEST(each.status < 400);
        BOOST_TEST(each.text == expected_text(agent, each, kept));
        // What a kept connection swallowed is sent once more as it was.
        if (each.status != 0)
            BOOST_TEST(timestamps.insert(each.field("X_TIMESTAMP")).second);
        if (each.path() == schema_path)
            connections.insert(each.connection);
        else
            BOOST_TEST(each.field("If-None-Match").empty());
    }
    BOOST_TEST(connections.size() == (kept ? 1U : 4U));
}

BOOST_DATA_TEST_CASE(a_server_that_forgets_the_304_causes_no_reload,
                     data::make(dialects) * data::make({false, true}), spoken, kept) {
    dialect forgetful = spoken;
    forgetful.forgets_304 = true;
    scripted_agent agent{forgetful, secret, shop};
    follower master{agent.uri(), {.reuse_connections = kept}};
    (void)master.next(event_kind::schema_loaded);
    for (int round = 0; round < 2; ++round) {
        live_through_an_outage(agent, master);
        BOOST_TEST(master.next(event_kind::schema_unchanged).status == 200);
    }
    BOOST_TEST(master.reloads.empty());
    BOOST_TEST(asked_and_answered(agent) ==
               (strings{" 200", agent.etag() + " 200", agent.etag() + " 200"}));
}

// Without one there is nothing to ask with, so that the texts are compared.
BOOST_AUTO_TEST_CASE(a_server_without_an_etag_is_asked_for_everything) {
    dialect plain = ruby_older();
    plain.schema = plain.health;
    scripted_agent agent{plain, secret, shop};
    follower master{agent.uri()};
    (void)master.next(event_kind::schema_loaded);
    BOOST_TEST(master.source.schema()->etag().empty());
    live_through_an_outage(agent, master);
    (void)master.next(event_kind::schema_unchanged);
    agent.change_schema(bigger_shop);
    live_through_an_outage(agent, master);
    (void)master.next(event_kind::schema_reloaded);
    BOOST_TEST(asked_and_answered(agent) == (strings{" 200", " 200", " 200"}));
    BOOST_TEST(master.reloads.size() == 1U);
}

// nginx weakens the ETag of what it compresses; the etag that it came from is meant.
BOOST_AUTO_TEST_CASE(an_etag_that_a_proxy_weakened_goes_out_raw) {
    dialect weakened = ruby_older();
    const std::string strong = "ETag: \"";
    weakened.schema.replace(weakened.schema.find(strong), strong.size(), "ETag: W/\"");
    scripted_agent agent{weakened, secret, shop};
    follower master{agent.uri()};
    (void)master.next(event_kind::schema_loaded);
    live_through_an_outage(agent, master);
    (void)master.next(event_kind::schema_unchanged);
    BOOST_TEST(asked_and_answered(agent) == (strings{" 200", agent.etag() + " 304"}));
}

BOOST_DATA_TEST_CASE(a_schema_comes_in_any_framing, framings) {
    scripted_agent agent{ruby_older(), secret, shop};
    agent.answer_schema(sample.bytes);
    follower master{agent.uri()};
    const reported_event loaded = master.next(event_kind::schema_loaded);
    BOOST_TEST((loaded.source == schema_source::server));
    BOOST_TEST(!loaded.error);
    BOOST_TEST(master.source.schema()->collections() == strings{"product"});
}

BOOST_DATA_TEST_CASE(a_304_has_no_body_whatever_it_says,
                     data::make(not_modified_answers) * data::make({false, true}), given, kept) {
    scripted_agent agent{node(), secret, shop};
    follower master{agent.uri(), {.reuse_connections = kept}};
    (void)master.next(event_kind::schema_loaded);
    agent.answer_schema(given.bytes);
    live_through_an_outage(agent, master);
    BOOST_TEST(master.next(event_kind::schema_unchanged).status == 304);

    // The next answer of a connection that was kept begins where that one has ended.
    agent.answer_schema(std::nullopt);
    agent.change_schema(bigger_shop);
    live_through_an_outage(agent, master);
    (void)master.next(event_kind::schema_reloaded);
    BOOST_TEST(master.reloads == strings{agent.etag()});
    BOOST_TEST(master.of_schema() ==
               (strings{"schema_loaded", "schema_unchanged", "schema_reloaded"}));
}

BOOST_DATA_TEST_CASE(a_fetch_that_fails_at_the_start_is_repeated, failed_answers) {
    scripted_agent agent{node(), secret, shop};
    agent.answer_schema(sample.bytes);
    follower master{agent.uri()};
    const reported_event failed = master.next(event_kind::schema_failed);
    BOOST_TEST(failed.error == sample.error);
    BOOST_TEST(failed.status == sample.status);
    BOOST_TEST((master.next(event_kind::schema_loaded).source == schema_source::none));
    BOOST_TEST(master.reloads.empty());
    BOOST_TEST(master.source.schema()->collections().empty());

    agent.answer_schema(std::nullopt);
    (void)master.next(event_kind::schema_reloaded);
    BOOST_TEST(master.reloads == strings{agent.etag()});
    BOOST_TEST(master.count(event_kind::check_failed) == 0U);
}

BOOST_DATA_TEST_CASE(a_fetch_that_fails_later_leaves_the_schema_as_it_was, failed_answers) {
    scripted_agent agent{node(), secret, shop};
    follower master{agent.uri()};
    (void)master.next(event_kind::schema_loaded);
    agent.answer_schema(sample.bytes);
    live_through_an_outage(agent, master);
    const reported_event failed = master.next(event_kind::schema_failed);
    BOOST_TEST(failed.error == sample.error);
    BOOST_TEST(failed.status == sample.status);
    BOOST_TEST(master.source.schema()->etag() == agent.etag());

    agent.answer_schema(std::nullopt);
    BOOST_TEST(master.next(event_kind::schema_unchanged).status == 304);
    BOOST_TEST(master.reloads.empty());
}

// Nobody has asked whether it changed.
BOOST_AUTO_TEST_CASE(a_304_to_the_first_request_is_a_failure) {
    scripted_agent agent{node(), secret, shop};
    agent.answer_schema("HTTP/1.1 304 Not Modified\r\n\r\n");
    follower master{agent.uri()};
    const reported_event failed = master.next(event_kind::schema_failed);
    BOOST_TEST(failed.error == errc::unexpected_status);
    BOOST_TEST(failed.status == 304);
    BOOST_TEST((master.next(event_kind::schema_loaded).source == schema_source::none));
}

BOOST_DATA_TEST_CASE(a_wrong_secret_is_unauthorized, data::make(dialects)) {
    scripted_agent agent{sample, "another secret", shop};
    follower master{agent.uri()};
    master.run_until_told({event_kind::server_down, event_kind::schema_failed});
    for (const reported_event& each : master.events) {
        if (each.error) {
            BOOST_TEST(each.error == errc::unauthorized);
            BOOST_TEST(each.status == (sample.name == "Node" ? 403 : 401));
        }
    }
    BOOST_TEST(master.count(event_kind::check_succeeded) == 0U);
    BOOST_TEST(master.source.schema()->collections().empty());
}

BOOST_AUTO_TEST_CASE(names_with_dashes_are_read_by_ruby_alone) {
    for (const dialect& spoken : dialects) {
        scripted_agent agent{spoken, secret, shop};
        follower master{agent.uri(), {.signer = {hmac_sha256_signer{secret, header_style::dash}}}};
        const reported_event first = master.next(event_kind::schema_loaded);
        BOOST_TEST(
            (first.source == (spoken.takes_dashes ? schema_source::server : schema_source::none)));
        for (const seen_request& each : agent.requests()) {
            BOOST_TEST(each.status == (spoken.takes_dashes ? 200 : 403));
            BOOST_TEST(each.field("X_TIMESTAMP").empty());
            BOOST_TEST(!each.field("X-Timestamp").empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_signature_of_the_wrong_length_is_500_at_node) {
    scripted_agent agent{node(), secret, shop};
    follower master{agent.uri(), {.signer = {.too_short = true}}};
    const reported_event down = master.next(event_kind::server_down);
    BOOST_TEST(down.error == errc::unexpected_status);
    BOOST_TEST(down.status == 500);
}

// puma closes them after 20 s and Node after 6 s.
BOOST_AUTO_TEST_CASE(kept_connections_that_the_agent_has_closed_are_no_failure) {
    dialect impatient = ruby_current();
    impatient.hangs_up = true;
    scripted_agent agent{impatient, secret, shop};
    follower master{agent.uri(), {.reuse_connections = true}};
    (void)master.next(event_kind::schema_loaded);
    for (int round = 0; round < 3; ++round)
        (void)master.next(event_kind::check_succeeded);
    live_through_an_outage(agent, master);
    (void)master.next(event_kind::schema_unchanged);
    BOOST_TEST(master.count(event_kind::check_failed) == 1U);
    BOOST_TEST(master.count(event_kind::schema_failed) == 0U);
}

BOOST_AUTO_TEST_CASE(an_agent_without_a_health_route_is_polled_by_its_schema) {
    scripted_agent agent{node(), secret, shop};
    agent.answer_health("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    follower master{agent.uri(), {.reuse_connections = true, .schema_poll = 1s}};
    (void)master.next(event_kind::schema_loaded);
    (void)master.next(event_kind::schema_unchanged);
    agent.change_schema(bigger_shop);
    (void)master.next(event_kind::schema_reloaded);
    BOOST_TEST(master.reloads == strings{agent.etag()});
    BOOST_TEST(master.count(event_kind::check_failed) == 0U);
    BOOST_TEST(agent.requests(health_path).empty());
    for (const seen_request& each : agent.requests())
        BOOST_TEST(each.connection == 1);
}

BOOST_AUTO_TEST_SUITE_END()
