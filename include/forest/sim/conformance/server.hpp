// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_SERVER_HPP
#define FOREST_SIM_CONFORMANCE_SERVER_HPP

#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/conformance/detail/exchange.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Holds a server to what docs/reference/server.md promises.

namespace forest::sim::conformance {

namespace detail {

template <server_harness Harness>
class server_battery : exchange_battery<Harness> {
public:
    explicit server_battery(Harness& harness) : exchange_battery<Harness>{harness} {}

    std::vector<violation> run(const progress_callback& told) {
        const std::vector<step> steps{
            {"a GET", [this] { a_get(); }},
            {"another path", [this] { paths(); }},
            {"another method", [this] { methods(); }},
            {"an answer", [this] { answers(); }},
            {"a HEAD", [this] { a_head(); }},
            {"an answer that does not last", [this] { copying(); }},
            {"a responder that is kept", [this] { late_answer(); }},
            {"a responder that is called again", [this] { second_answer(); }},
            {"a responder that is dropped", [this] { no_answer(); }},
            {"requests at once", [this] { concurrent_requests(); }}};
        return this->play_all(
            steps, told,
            [this](std::string_view situation, auto& play) { this->scenario(situation, play); },
            [this] { return usable_; });
    }

private:
    using base = exchange_battery<Harness>;
    using base::answer;
    using base::ask;
    using base::expect;
    using base::expect_given;
    using base::on_request;
    using base::path;
    using base::scenario;
    using base::seen;
    using base::unit;

    void a_get() {
        constexpr std::string_view fields = "X_TIMESTAMP: 2026-01-01T00:00:00.000Z\r\n"
                                            "X-Twice: 2\r\n"
                                            "X-Twice: 1\r\n"
                                            "x-opaque: caf\xc3\xa9\r\n";
        // Some servers leave a field without a value out; no route needs one.
        const std::string sent = std::string{fields}.append("X-Empty: \r\n");
        on_request([](const server_request&, const respond& give) { give(answer("well")); });
        const auto got = ask("GET", path, sent);
        const auto requests = seen();
        usable_ =
            expect(!requests.empty(), "server.handler_not_called", "the handler was not called") &&
            got.has_value();
        if (!usable_)
            return;
        expect(requests.size() == 1, "server.handler_called_twice", "the handler was called ",
               requests.size(), " times");
        expect(requests[0].method == http_method::get, "server.wrong_method",
               "the handler was told HEAD, expected GET");
        expect(requests[0].path == path, "server.wrong_path", "the handler was told the path ",
               quoted{requests[0].path}, ", expected ", quoted{path});
        const std::string lost =
            missing_fields(lines(fields), lines(requests[0].fields), same_field);
        expect(lost.empty(), "server.fields_lost",
               "the handler was told other fields than those of the request: ", lost);
        expect(requests[0].received != wall_time{}, "server.received_unset",
               "the handler was told no time of the request");
        expect_given(*got, answer("well"));
    }

    void paths() {
        for (const std::string_view behind : {"?a=b", "?", "?/a?b=%20"}) {
            ask("GET", std::string{path}.append(behind));
            for (const auto& each : seen())
                expect(each.path == path, "server.wrong_path", "behind ", path, " was ", behind,
                       ", and the handler was told the path ", quoted{each.path});
        }
        const std::size_t before = seen().size();
        ask("GET", base::other_path);
        const auto requests = seen();
        if (expect(requests.size() > before, "server.handler_not_called",
                   "the handler of a longer path was not called"))
            expect(requests.back().path == base::other_path, "server.wrong_path",
                   "the handler of another path was told the path ", quoted{requests.back().path},
                   ", expected ", quoted{base::other_path});
        for (const std::string& unknown :
             {std::string{path} + "x", std::string{path} + "/", std::string{path} + "/x",
              std::string{"/"}, std::string{"/CONFORMANCE"}})
            expect_refused("GET", unknown, 404, "server.unknown_path_not_404");
    }

    void methods() {
        for (const std::string_view method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
            const auto got = expect_refused(method, path, 405, "server.other_method_not_405");
            if (!got || got->status != 405)
                continue;
            const field_view fields{got->fields};
            expect(fields.lists("Allow", "GET") && fields.lists("Allow", "HEAD"),
                   "server.other_method_not_405", method,
                   " was answered without both methods in the field Allow: expected \"Allow: GET, "
                   "HEAD\", got ",
                   quoted_list(of_the_name_of("Allow:", lines(got->fields))));
        }
    }

    auto expect_refused(std::string_view method, std::string_view target, int status,
                        rule_name otherwise) {
        const std::size_t before = seen().size();
        auto got = ask(method, target, method == "GET" ? "" : "Content-Length: 0\r\n");
        if (expect(seen().size() == before, "server.handler_called_for_others",
                   "the handler was called for ", method, " ", target) &&
            got)
            expect(got->status == status, otherwise, method, " ", target, " was answered ",
                   got->status, ", expected ", status);
        return got;
    }

    void answers() {
        std::string every_byte;
        for (int byte = 0; byte < 256; ++byte)
            every_byte += static_cast<char>(byte);
        const std::string large(200'000, 'x');
        for (const auto& [status, body] : {std::pair<int, std::string_view>{200, every_byte},
                                           {200, large},
                                           {200, ""},
                                           {401, "{}"},
                                           {404, "mine"},
                                           {503, "{}"},
                                           {204, ""},
                                           {304, ""}}) {
            const response given = answer(body, status);
            on_request([given](const server_request&, const respond& give) { give(given); });
            if (const auto got = ask("GET", path))
                expect_given(*got, given);
        }
    }

    void a_head() {
        on_request([](const server_request&, const respond& give) { give(answer("well")); });
        const auto whole = ask("GET", path);
        const std::size_t before = seen().size();
        const auto head = ask("HEAD", path);
        if (!whole || !head)
            return;
        const auto requests = seen();
        if (!expect(requests.size() > before, "server.handler_not_called",
                    "the handler was not called for a HEAD"))
            return;
        expect(requests.back().method == http_method::head, "server.wrong_method",
               "the handler was not told that it was a HEAD");
        expect(head->body.empty(), "server.head_has_body", head->body.size(),
               " bytes came behind the header section");
        expect(head->status == whole->status, "server.wrong_status", "GET was answered ",
               whole->status, " and HEAD ", head->status);
        // There may be others, such as those that say what could be asked for instead.
        const std::string missing =
            missing_fields(without_date(whole->fields), lines(head->fields), same_field);
        expect(missing.empty(), "server.head_fields_differ",
               "HEAD was answered without fields of GET: ", missing);
    }

    // The date may be the next second.
    static std::vector<std::string> without_date(std::string_view fields) {
        std::vector<std::string> kept = lines(fields);
        std::erase_if(kept, [](const std::string& each) { return same_name(each, "Date:"); });
        return kept;
    }

    // Views of what has changed meanwhile show it; of what is gone, they would show anything.
    void copying() {
        const auto body = std::make_shared<std::string>(1000, 'a');
        const auto type = std::make_shared<std::string>("text/first");
        on_request([body, type](const server_request&, const respond& give) {
            give({.content_type = *type, .body = *body, .fields = {}});
            body->assign(1000, 'b');
            type->assign("text/other");
        });
        if (const auto got = ask("GET", path))
            expect(got->body.find('b') == std::string::npos &&
                       field_view{got->fields}.find("Content-Type") != *type,
                   "server.answer_not_copied",
                   "what was changed after the responder had returned came changed");
    }

    void late_answer() {
        this->keep_responders();
        const auto one = this->send("GET", path);
        for (const auto& each : this->kept_responders())
            this->harness_.elsewhere([&] { each.give(answer("late")); });
        const auto got = this->wait(one, "GET", "server.late_answer_lost");
        expect(!got || got->body == "late", "server.late_answer_lost",
               "the responder was given \"late\" later, and the answer was ", got ? got->status : 0,
               " with ", quoted{got ? std::string_view{got->body} : std::string_view{}});
    }

    void second_answer() {
        on_request([ledger = this->ledger_](const server_request& asked, const respond& give) {
            give(answer("first"));
            give(answer("second", 500));
            ledger->keep(asked, give);
        });
        const auto one = this->send("GET", path);
        for (const auto& each : this->kept_responders())
            each.give(answer("third", 500));
        const auto got = this->wait(one, "GET", "server.never_answered");
        expect(!got || (got->body == "first" && got->surplus == 0), "server.second_answer_sent",
               "a second answer was sent instead of the first one, or behind it: expected "
               "\"first\", got ",
               quoted{got ? std::string_view{got->body} : std::string_view{}}, ", and ",
               got ? got->surplus : 0, " bytes behind it");
    }

    void no_answer() {
        on_request([](const server_request&, const respond&) {});
        expect_internal_error(this->send("GET", path));
        this->keep_responders();
        const auto later = this->send("GET", path);
        this->kept_responders().clear();
        expect_internal_error(later);
    }

    void expect_internal_error(const typename base::exchange_ptr& one) {
        const auto got = this->wait(one, "GET", "server.dropped_not_500");
        expect(!got || got->status == 500, "server.dropped_not_500", "it was answered ",
               got ? got->status : 0, ", expected 500");
    }

    // Whether they are handled at once or one by one, each gets its own.
    void concurrent_requests() {
        constexpr std::size_t many = 8;
        this->keep_responders();
        std::vector<typename base::exchange_ptr> sent;
        for (std::size_t number = 0; number < many; ++number)
            sent.push_back(this->send("GET", path, say("X-Number: ", number, "\r\n")));
        for (std::size_t answered = 0; answered < many;) {
            const auto waiting = this->kept_responders();
            if (waiting.empty())
                break;
            std::for_each(waiting.rbegin(), waiting.rend(),
                          [](const auto& each) { each.give(answer(each.number)); });
            answered += waiting.size();
        }
        for (std::size_t number = 0; number < many; ++number) {
            const auto got = this->wait(sent[number], "GET", "server.never_answered");
            if (got && expect(got->status == 200, "server.late_answer_lost",
                              "instead of the answer came ", got->status))
                expect(got->body == std::to_string(number), "server.answers_mixed_up",
                       "request number ", number, " got the answer to number ", quoted{got->body});
        }
    }

    bool usable_ = false;
};

} // namespace detail

/// Holds the server of a harness to its promises. Takes about a second of its time. Returns what
/// was found wrong, each fault once.
template <detail::server_harness Harness>
[[nodiscard]] std::vector<violation> check_server(Harness&& harness,
                                                  const progress_callback& told = {}) {
    return detail::server_battery<std::remove_cvref_t<Harness>>{harness}.run(told);
}

} // namespace forest::sim::conformance

#endif
