// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>

#include <adapters/support/golden_signatures.hpp>
#include <forest/adapters/fmt/log_observer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/backoff.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/health_client.hpp>
#include <forest/health_route.hpp>
#include <forest/sim/network/memory_server.hpp>
#include <forest/sim/network/memory_transport.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace {

using namespace forest;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

static_assert(std::copyable<hmac_sha256_signer>);
static_assert(!std::convertible_to<std::string_view, hmac_sha256_signer>);

constexpr std::size_t written_size = std::string_view{"2025-12-09T12:00:00.000Z"}.size();

// The vectors whose timestamp has the form that is sent.
std::vector<tests::golden_signature> sent_signatures() {
    std::vector<tests::golden_signature> sent;
    for (const auto& golden : tests::golden_signatures) {
        if (golden.timestamp.size() == written_size)
            sent.push_back(golden);
    }
    return sent;
}

wall_time time_of(const std::string& timestamp) {
    return *parse_timestamp(timestamp) +
           std::chrono::milliseconds{std::stoi(timestamp.substr(20, 3))};
}

std::string signed_by(hmac_sha256_signer& signer, wall_time at) {
    header_fields fields;
    signer.sign(request{}, at, fields);
    return std::string{fields.text()};
}

BOOST_AUTO_TEST_SUITE(hmac_sha256_signer_test)

BOOST_DATA_TEST_CASE(golden_vectors_are_sent_with_underscores, data::make(sent_signatures())) {
    hmac_sha256_signer signer{sample.secret};
    BOOST_TEST(signed_by(signer, time_of(sample.timestamp)) ==
               "X_TIMESTAMP: " + sample.timestamp + "\r\nX_SIGNATURE: " + sample.signature +
                   "\r\n");
}

BOOST_DATA_TEST_CASE(golden_vectors_are_sent_with_dashes_if_asked, data::make(sent_signatures())) {
    hmac_sha256_signer signer{sample.secret, header_style::dash};
    BOOST_TEST(signed_by(signer, time_of(sample.timestamp)) ==
               "X-Timestamp: " + sample.timestamp + "\r\nX-Signature: " + sample.signature +
                   "\r\n");
}

BOOST_AUTO_TEST_CASE(all_but_two_golden_vectors_have_the_form_that_is_sent) {
    BOOST_TEST(sent_signatures().size() == tests::golden_signatures.size() - 2);
}

// By `printf %s TIMESTAMP | openssl dgst -sha256 -hmac SECRET`.
struct precise_vector {
    int digits;
    precise_time at;
    const char* timestamp;
    const char* signature;

    friend std::ostream& operator<<(std::ostream& out, const precise_vector& shown) {
        return out << shown.timestamp;
    }
};

const wall_time precise_noon = *parse_timestamp("2025-12-09T12:00:00Z");

const std::vector<precise_vector> precise_vectors{
    {4,
     {precise_noon, 100'000ns},
     "2025-12-09T12:00:00.0001Z",
     "984f2f5099ebde5930f0b48c6621544739a738416b69a66b883686c777967340"},
    {6,
     {precise_noon + 123ms, 456'789ns},
     "2025-12-09T12:00:00.123456Z",
     "22dae97b8f09539f4266479fc7db5a2e57f5de299f9cce7d93206a326db39568"},
    {9,
     {precise_noon, 1ns},
     "2025-12-09T12:00:00.000000001Z",
     "5bafce7c63a8311bafc63ea5f612895ab2962753d7b3b5361c6ed195f9230177"},
    {9,
     {*parse_timestamp("2026-02-28T23:59:59Z") + 999ms, 999'999ns},
     "2026-02-28T23:59:59.999999999Z",
     "fcd83942ca09c333f76746a8a8395ba181839798240959c08be24514317663c5"},
};

BOOST_DATA_TEST_CASE(golden_vectors_with_more_digits_are_sent_if_asked,
                     data::make(precise_vectors)) {
    hmac_sha256_signer signer{"s3cret", {.fraction_digits = sample.digits}};
    header_fields fields;
    signer.sign(request{}, sample.at, fields);
    BOOST_TEST(fields.text() == "X_TIMESTAMP: " + std::string{sample.timestamp} +
                                    "\r\nX_SIGNATURE: " + sample.signature + "\r\n");
    const hmac_sha256_verifier verify{"s3cret"};
    BOOST_TEST(verify({.fields = field_view{fields.text()}, .received = sample.at.at}));
}

BOOST_DATA_TEST_CASE(other_numbers_of_digits_are_refused_by_name, data::make({-1, 0, 2, 10, 99})) {
    BOOST_CHECK_EXCEPTION((hmac_sha256_signer{"s3cret", {.fraction_digits = sample}}),
                          std::system_error, [](const auto& thrown) {
                              return thrown.code() == signature_errc::invalid_fraction_digits;
                          });
}

// So many clients of one secret that check at one moment, on a server that refuses replays; answers
// how many it has refused.
int refused_of(std::uint64_t first_seed, int fraction_digits) {
    constexpr std::uint64_t at_once = 120;
    using client = basic_health_client<sim::memory_transport, sim::virtual_clock,
                                       hmac_sha256_signer, exponential_backoff>;
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::memory_server server{clock};
    int refused = 0;
    basic_health_route route{server, hmac_sha256_verifier{"s3cret", {.replay_window = 601s}}};
    route.on_answer([&](const route_answer& given) {
        refused += given.status == 401 ? 1 : 0;
        BOOST_TEST_REQUIRE((given.status == 200 || given.verified.why == refusal::replayed));
    });
    std::vector<client> clients;
    for (std::uint64_t number = 0; number < at_once; ++number) {
        clients.emplace_back(sim::memory_transport{queue, server, 5ms}, clock,
                             hmac_sha256_signer{"s3cret", {.fraction_digits = fraction_digits}},
                             exponential_backoff{}, url{"http://warehouse.example/forest/health"},
                             options{}, random_generator{first_seed * at_once + number});
        clients.back().start();
    }
    queue.run_for(1s);
    BOOST_TEST_REQUIRE(refused < static_cast<int>(at_once));
    return refused;
}

BOOST_AUTO_TEST_CASE(of_120_checks_at_once_none_is_a_false_replay_with_nine_digits) {
    int with_three = 0;
    for (std::uint64_t round = 0; round < 20; ++round) {
        BOOST_TEST(refused_of(round, 9) == 0);
        with_three += refused_of(round, 3);
    }
    BOOST_TEST_MESSAGE("with milliseconds " << with_three << " of 2400 were refused");
    // 120 of 1000 milliseconds: some 7 of them are taken twice.
    BOOST_TEST(with_three > 20 * 4);
    BOOST_TEST(with_three < 20 * 10);
}

BOOST_AUTO_TEST_CASE(what_is_in_the_fields_stays) {
    hmac_sha256_signer signer{"secret"};
    header_fields fields;
    BOOST_TEST(!fields.add("Accept", "application/json"));
    signer.sign(request{}, wall_time{}, fields);
    BOOST_TEST(fields.text().substr(0, 38) == "Accept: application/json\r\nX_TIMESTAMP:");
}

BOOST_AUTO_TEST_CASE(a_copy_and_what_was_moved_sign_the_same) {
    hmac_sha256_signer original{"secret", header_style::dash};
    const std::string expected = signed_by(original, wall_time{});
    hmac_sha256_signer copy{original};
    BOOST_TEST(signed_by(copy, wall_time{}) == expected);
    hmac_sha256_signer moved{std::move(original)};
    BOOST_TEST(signed_by(moved, wall_time{}) == expected);
}

BOOST_AUTO_TEST_CASE(the_request_does_not_change_the_signature) {
    hmac_sha256_signer signer{"secret"};
    header_fields here;
    header_fields there;
    signer.sign(request{url{"http://here/"}, {}, {}}, wall_time{1s}, here);
    signer.sign(request{url{"https://there/forest"}, {}, {}}, wall_time{1s}, there);
    BOOST_TEST(here.text() == there.text());
}

BOOST_AUTO_TEST_CASE(an_empty_secret_is_refused) {
    BOOST_CHECK_EXCEPTION(
        hmac_sha256_signer{""}, std::system_error,
        [](const std::system_error& thrown) { return thrown.code() == errc::secret_missing; });
}

// A client and a route in memory, with all that they say at the most talkative level.
struct watched_route {
    explicit watched_route(std::string_view clients_secret)
        : route{server, verifying()},
          client{sim::memory_transport{queue, server, 5ms}, clock,
                 hmac_sha256_signer{clients_secret}, exponential_backoff{},
                 "http://warehouse.example/forest/health"} {
        client.on_event(
            basic_log_observer{severity::debug, [this](severity, std::string_view line) {
                                   log.append(line) += '\n';
                               }});
        client.on_server_down([](const outage&) { throw std::runtime_error("no pager"); });
        client.start();
    }

    request_verifier verifying() {
        return
            [this, verify = hmac_sha256_verifier{"the-real-secret"}](const server_request& asked) {
                signatures.emplace_back(asked.fields.find("X_SIGNATURE").value_or(""));
                return verify(asked);
            };
    }

    std::string log;
    std::vector<std::string> signatures;
    sim::event_queue queue;
    sim::virtual_clock clock{queue};
    sim::memory_server server{clock};
    basic_health_route<sim::memory_server> route;
    basic_health_client<sim::memory_transport, sim::virtual_clock, hmac_sha256_signer,
                        exponential_backoff>
        client;
};

BOOST_AUTO_TEST_CASE(a_client_with_the_secret_is_let_in_at_every_check) {
    watched_route with{"the-real-secret"};
    with.queue.run_for(1h - 1s);
    BOOST_TEST((with.client.status() == target_status::up));
    BOOST_TEST(with.signatures.size() == 120U);
    BOOST_TEST(with.log.find("failed") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(B11_a_client_with_a_wrong_secret_goes_down_as_unauthorized) {
    watched_route with{"the-wrong-secret"};
    with.queue.run_for(1min);
    BOOST_TEST((with.client.status() == target_status::down));
    BOOST_TEST(with.log.find("server is down (after 3 failures, unauthorized, HTTP 401)") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(B11_a_refused_client_says_whether_it_has_sent_a_signature) {
    watched_route with{"the-wrong-secret"};
    std::vector<outage> downs;
    with.client.on_server_down([&](const outage& of) { downs.push_back(of); });
    with.queue.run_for(1min);
    BOOST_TEST(with.log.find("unauthorized, HTTP 401, a signature was sent") != std::string::npos,
               with.log);
    BOOST_TEST(with.log.find("a signature was sent, and the server refused it; check the secret") !=
                   std::string::npos,
               with.log);
    BOOST_TEST_REQUIRE(downs.size() == 1U);
    BOOST_TEST(downs.front().signature_sent);

    basic_health_client unsigned_client{sim::memory_transport{with.queue, with.server, 5ms},
                                        with.clock, unsigned_requests{}, exponential_backoff{},
                                        "http://warehouse.example/forest/health"};
    std::string log;
    unsigned_client.on_event(basic_log_observer{
        severity::debug, [&](severity, std::string_view line) { log.append(line) += '\n'; }});
    unsigned_client.start();
    with.queue.run_for(1min);
    BOOST_TEST(log.find("unauthorized, HTTP 401, no signature was sent") != std::string::npos, log);
    BOOST_TEST(log.find("no signature was sent, and the server asks for one") != std::string::npos,
               log);
}

BOOST_DATA_TEST_CASE(no_secret_and_no_signature_gets_into_the_log,
                     data::make({"the-real-secret", "the-wrong-secret"})) {
    watched_route with{sample};
    with.queue.run_for(10min);
    with.client.stop();
    BOOST_TEST(!with.log.empty());
    BOOST_TEST(with.log.find("-secret") == std::string::npos);
    BOOST_TEST_REQUIRE(!with.signatures.empty());
    for (const std::string& signature : with.signatures) {
        BOOST_TEST(signature.size() == 64U);
        BOOST_TEST(with.log.find(signature) == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
