// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_REPLY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_REPLY_HPP

#include <forest/core/fields.hpp>
#include <forest/core/options.hpp>
#include <forest/core/time.hpp>
#include <forest/core/url.hpp>
#include <forest/sim/conformance/detail/get.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/peer.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// The part of the battery for transports whose peers answer: what is sent, and what comes back.

namespace forest::sim::conformance::detail {

template <transport_harness Harness>
class reply_battery : protected get_battery<Harness> {
protected:
    using base = get_battery<Harness>;
    using base::answer;
    using base::ask;
    using base::expect;
    using base::expect_answer;
    using base::patience;
    using base::plan;
    using base::plan_answer;
    using base::unit;

    using base::base;

    static header_fields all_kinds_of_fields() {
        header_fields fields;
        const std::string long_one(3000, 'x');
        for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{
                                              "X_TIMESTAMP", "2026-01-01T00:00:00.000Z"},
                                          {"X-miXed-CASE", "a: b, \"c\";\td"},
                                          {"X-Twice", "2"},
                                          {"X-Twice", "1"},
                                          {"X-Empty", ""},
                                          {"X-Opaque", "caf\xc3\xa9"},
                                          {"X-Long", long_one}})
            (void)fields.add(name, value);
        return fields;
    }

    void an_answer() {
        const auto given = plan(answer());
        if (!expect(given.has_value(), "transport.never_called",
                    "the peer of the harness cannot answer, so that nothing can be said"))
            return;
        const std::size_t before = this->harness_.received().size();
        auto transport = this->harness_.make();
        const header_fields fields = all_kinds_of_fields();
        const auto& one = ask(transport, {.timeout = patience, .fields = fields});
        usable_ = expect_answer(one, *given);
        if (!usable_)
            return;
        const std::vector<peer_request> received = this->harness_.received();
        if (received.empty()) // This peer does not see requests.
            return;
        const url target{std::string{this->harness_.target()}};
        expect(received.back().target == target.target(), "transport.target_changed",
               "the peer was asked for ", quoted{received.back().target}, ", expected ",
               quoted{target.target()});
        const std::string missing = missing_fields(
            lines(fields.text()), lines(received.back().fields), std::equal_to<std::string>{});
        expect(missing.empty(), "transport.fields_changed",
               "the fields of the request arrived changed: ", missing);
        this->expect_only_asked(before);
    }

    void idle() {
        const std::size_t before = this->harness_.received().size();
        auto transport = this->harness_.make();
        this->expect_only_asked(before);
    }

    void answers() {
        std::string every_byte;
        for (int byte = 0; byte < 256; ++byte)
            every_byte += static_cast<char>(byte);
        auto transport = this->harness_.make();
        for (const auto& [status, body, chunked] :
             {std::tuple<int, std::string, bool>{200, "", false},
              {200, every_byte, false},
              {200, std::string(40'000, 'x'), false},
              {200, every_byte, true},
              {204, "", false},
              {302, "elsewhere", false},
              {401, R"({"error":"Unauthorized"})", false},
              {503, "", false}}) {
            peer_plan what = answer();
            what.status = status;
            what.body = body;
            what.chunked = chunked;
            if (status == 302) // which is not followed
                what.fields += "Location: /elsewhere\r\n";
            if (const auto given = plan(what); given && !expect_answer(ask(transport), *given))
                return;
        }
        // Whatever clients may ask for is before its end.
        const peer_plan given = plan_answer();
        expect_answer(ask(transport, {.timeout = options::duration_max}), given);
    }

    void limits() {
        auto transport = this->harness_.make();
        for (const bool chunked : {false, true}) {
            peer_plan what = answer();
            what.chunked = chunked;
            const auto given = plan(what);
            if (!given || given->chunked != chunked || given->body.empty())
                continue;
            const std::size_t size = given->body.size();
            if (!expect_answer(
                    ask(transport, {.timeout = patience, .limits = {.body_bytes_max = size}}),
                    *given, "transport.limit_too_strict"))
                return;
            for (const std::size_t limit : {size - 1, std::size_t{0}})
                expect_too_large(
                    ask(transport, {.timeout = patience, .limits = {.body_bytes_max = limit}}),
                    "a body of ", size, " bytes, with a limit of ", limit);
        }
        peer_plan what = answer();
        what.fields += "X-Long: " + std::string(2000, 'x') + "\r\n";
        if (const auto given = plan(what); given && given->fields == what.fields)
            expect_too_large(
                ask(transport, {.timeout = patience, .limits = {.head_bytes_max = 1000}}),
                "a header section of more than 2000 bytes, with a limit of 1000");
    }

    template <typename... Parts>
    void expect_too_large(const get& one, const Parts&... parts) {
        if (expect(this->ends(one), "transport.never_called", parts..., ", never ended") &&
            expect(bool{one.error}, "transport.limit_ignored", parts..., ", was accepted") &&
            !one.foreign)
            expect(one.error == errc::response_too_large, "transport.wrong_error", parts...,
                   ": expected ", make_error_code(errc::response_too_large), ", got ", one.error);
    }

    void fresh_connections() {
        const peer_plan given = plan_answer();
        auto transport = this->harness_.make();
        std::optional<std::uint64_t> before;
        for (int round = 0; round < 3; ++round) {
            expect_answer(ask(transport, {.timeout = patience, .fresh_connection = round > 0}),
                          given);
            const std::vector<peer_request> received = this->harness_.received();
            if (received.empty())
                return;
            expect(received.back().connection != before, "transport.kept_connection_used",
                   "a GET that asked for a fresh connection came on the one before");
            before = received.back().connection;
        }
    }

    bool usable_ = false; // an answer came through
};

} // namespace forest::sim::conformance::detail

#endif
