// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_SERVER_BATTERY_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_SERVER_BATTERY_HPP

#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/response.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/conformance/detail/exchange_runner.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// The scenarios for a server.
template <server_harness Harness>
class server_battery {
public:
    explicit server_battery(Harness& harness) : harness_{harness}, exchanges_{harness} {}

    std::vector<violation> run(const progress_callback& on_progress) {
        const std::vector<scenario> scenarios{
            {"a GET", [this] { a_get(); }},
            {"another path", [this] { paths(); }},
            {"another method", [this] { methods(); }},
            {"an answer", [this] { answers(); }},
            {"a HEAD", [this] { a_head(); }},
            {"an answer in memory that changes", [this] { copying(); }},
            {"a responder that is kept", [this] { late_answer(); }},
            {"a responder that is called again", [this] { second_answer(); }},
            {"a responder that is dropped", [this] { no_answer(); }},
            {"requests at once", [this] { concurrent_requests(); }},
            {"an answer that is held", [this] { held_answer(); }}};
        play_all(
            scenarios, on_progress,
            [this](std::string_view name, const auto& body) { exchanges_.play(name, body); },
            [this] { return usable_; });
        return exchanges_.take_findings();
    }

private:
    using exchanges = exchange_runner<Harness>;
    using exchange_ptr = typename exchanges::exchange_ptr;

    static constexpr std::string_view path = exchanges::path;
    static constexpr std::string_view other_path = exchanges::other_path;
    static constexpr duration hold_time = std::chrono::milliseconds{500};

    void a_get() {
        constexpr std::string_view fields = "X_TIMESTAMP: 2026-01-01T00:00:00.000Z\r\n"
                                            "X-Twice: 2\r\n"
                                            "X-Twice: 1\r\n"
                                            "x-opaque: caf\xc3\xa9\r\n";
        // This field is not among the expected ones: some servers drop a field without a value, and
        // no route needs one.
        const std::string sent = std::string{fields}.append("X-Empty: \r\n");
        exchanges_.on_request([](const server_request&, const responder& respond) {
            respond(exchanges::answer("well"));
        });
        const auto got = exchanges_.ask("GET", path, sent);
        const auto requests = exchanges_.seen();
        usable_ = exchanges_.expect(!requests.empty(), "server.handler_not_called",
                                    "the handler was not called") &&
                  got.has_value();
        if (!usable_)
            return;
        exchanges_.expect(requests.size() == 1, "server.handler_called_twice",
                          "the handler was called ", requests.size(), " times");
        exchanges_.expect(requests[0].method == http_method::get, "server.wrong_method",
                          "the handler got HEAD, expected GET");
        exchanges_.expect(requests[0].path == path, "server.wrong_path",
                          "the handler got the path ", quoted{requests[0].path}, ", expected ",
                          quoted{path});
        const std::string lost =
            missing_fields(lines(fields), lines(requests[0].fields), same_field);
        exchanges_.expect(lost.empty(), "server.fields_lost",
                          "the handler got other fields than those of the request: ", lost);
        exchanges_.expect(requests[0].received != wall_time{}, "server.received_unset",
                          "the handler got no time of the request");
        exchanges_.expect_answer(*got, exchanges::answer("well"));
    }

    void paths() {
        for (const std::string_view behind : {"?a=b", "?", "?/a?b=%20"}) {
            exchanges_.ask("GET", std::string{path}.append(behind));
            for (const auto& each : exchanges_.seen())
                exchanges_.expect(each.path == path, "server.wrong_path", "the request had ",
                                  behind, " behind its path, and the handler got the path ",
                                  quoted{each.path});
        }
        const std::size_t before = exchanges_.seen().size();
        exchanges_.ask("GET", other_path);
        const auto requests = exchanges_.seen();
        if (exchanges_.expect(requests.size() > before, "server.handler_not_called",
                              "the handler of a longer path was not called"))
            exchanges_.expect(requests.back().path == other_path, "server.wrong_path",
                              "the handler of another path got the path ",
                              quoted{requests.back().path}, ", expected ", quoted{other_path});
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
            exchanges_.expect(
                fields.lists("Allow", "GET") && fields.lists("Allow", "HEAD"),
                "server.other_method_not_405", method,
                " was answered without both methods in the field Allow: expected \"Allow: GET, "
                "HEAD\", got ",
                quoted_list(with_the_name_of("Allow:", lines(got->fields))));
        }
    }

    auto expect_refused(std::string_view method, std::string_view target, int status,
                        rule_name broken) {
        const std::size_t before = exchanges_.seen().size();
        auto got = exchanges_.ask(method, target, method == "GET" ? "" : "Content-Length: 0\r\n");
        if (exchanges_.expect(exchanges_.seen().size() == before,
                              "server.handler_called_for_others", "the handler was called for ",
                              method, " ", target) &&
            got)
            exchanges_.expect(got->status == status, broken, method, " ", target, " was answered ",
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
            const response answer = exchanges::answer(body, status);
            exchanges_.on_request(
                [answer](const server_request&, const responder& respond) { respond(answer); });
            if (const auto got = exchanges_.ask("GET", path))
                exchanges_.expect_answer(*got, answer);
        }
    }

    void a_head() {
        exchanges_.on_request([](const server_request&, const responder& respond) {
            respond(exchanges::answer("well"));
        });
        const auto whole = exchanges_.ask("GET", path);
        const std::size_t before = exchanges_.seen().size();
        const auto head = exchanges_.ask("HEAD", path);
        if (!whole || !head)
            return;
        const auto requests = exchanges_.seen();
        if (!exchanges_.expect(requests.size() > before, "server.handler_not_called",
                               "the handler was not called for a HEAD"))
            return;
        exchanges_.expect(requests.back().method == http_method::head, "server.wrong_method",
                          "the handler got GET, expected HEAD");
        exchanges_.expect(head->body.empty(), "server.head_has_body", head->body.size(),
                          " bytes came behind the header section");
        exchanges_.expect(head->status == whole->status, "server.wrong_status", "GET was answered ",
                          whole->status, " and HEAD ", head->status);
        // Further fields are accepted, for example those that list alternatives.
        const std::string missing =
            missing_fields(without_date(whole->fields), lines(head->fields), same_field);
        exchanges_.expect(missing.empty(), "server.head_fields_differ",
                          "HEAD was answered without fields of GET: ", missing);
    }

    // The date is left out, because a second may have passed between the two answers.
    static std::vector<std::string> without_date(std::string_view fields) {
        std::vector<std::string> kept = lines(fields);
        std::erase_if(kept, [](const std::string& each) { return same_name(each, "Date:"); });
        return kept;
    }

    // The memory is changed, not freed. So a view of it certainly shows the change.
    void copying() {
        const auto body = std::make_shared<std::string>(1000, 'a');
        const auto type = std::make_shared<std::string>("text/first");
        exchanges_.on_request([body, type](const server_request&, const responder& respond) {
            respond({.content_type = *type, .body = *body, .fields = {}});
            body->assign(1000, 'b');
            type->assign("text/other");
        });
        if (const auto got = exchanges_.ask("GET", path))
            exchanges_.expect(
                got->body.find('b') == std::string::npos &&
                    field_view{got->fields}.find("Content-Type") != *type,
                "server.answer_not_copied",
                "the answer has bytes that were written after the responder had returned");
    }

    void late_answer() {
        exchanges_.keep_responders();
        const auto sent = exchanges_.send("GET", path);
        for (const auto& each : exchanges_.kept_responders())
            harness_.elsewhere([&] { each.respond(exchanges::answer("late")); });
        const auto got = exchanges_.wait(sent, "GET", "server.late_answer_lost");
        late_ = expect_given(got, "late", "server.late_answer_lost");
    }

    // Expects the body that the responder was given when the handler had returned.
    bool expect_given(const std::optional<answer_parts>& got, std::string_view given,
                      rule_name broken) {
        const std::string_view body = got ? std::string_view{got->body} : std::string_view{};
        return exchanges_.expect(!got || body == given, broken, "the responder was given ",
                                 quoted{given}, " later, and the answer was ",
                                 got ? got->status : 0, " with ", quoted{body}) &&
               got.has_value();
    }

    void second_answer() {
        exchanges_.keep_responders([](const server_request&, const responder& respond) {
            respond(exchanges::answer("first"));
            respond(exchanges::answer("second", 500));
        });
        const auto sent = exchanges_.send("GET", path);
        for (const auto& each : exchanges_.kept_responders())
            each.respond(exchanges::answer("third", 500));
        const auto got = exchanges_.wait(sent, "GET", "server.never_answered");
        exchanges_.expect(
            !got || (got->body == "first" && got->surplus == 0), "server.second_answer_sent",
            "a second answer was sent instead of the first one, or behind it: expected "
            "\"first\", got ",
            quoted{got ? std::string_view{got->body} : std::string_view{}}, ", and ",
            got ? got->surplus : 0, " bytes behind it");
    }

    void no_answer() {
        exchanges_.on_request([](const server_request&, const responder&) {});
        expect_internal_error(exchanges_.send("GET", path));
        exchanges_.keep_responders();
        const auto later = exchanges_.send("GET", path);
        exchanges_.kept_responders().clear();
        expect_internal_error(later);
    }

    void expect_internal_error(const exchange_ptr& sent) {
        const auto got = exchanges_.wait(sent, "GET", "server.dropped_not_500");
        exchanges_.expect(!got || got->status == 500, "server.dropped_not_500", "it was answered ",
                          got ? got->status : 0, ", expected 500");
    }

    // The answer comes much later than that of `late_answer`.
    void held_answer() {
        if constexpr (holds_answers<std::remove_cvref_t<decltype(harness_.server())>>) {
            if (!late_)
                return; // It is known already.
            exchanges_.keep_responders();
            const auto record = exchanges_.hold_next();
            const auto sent = exchanges_.send("GET", path);
            const auto waiting = exchanges_.kept_responders();
            run_for(harness_, hold_time);
            if (!waiting.empty())
                exchanges_.expect(record->held, "server.hold_refused", "hold() returned false");
            const bool early = record->ends > 0;
            for (const auto& each : waiting)
                harness_.elsewhere([&] { each.respond(exchanges::answer("held")); });
            const auto got = exchanges_.wait(sent, "GET", "server.held_answer_lost");
            expect_given(got, "held", "server.held_answer_lost");
            run_for(harness_, 2 * unit);
            exchanges_.expect(record->ends == 0, "server.hold_ended",
                              "the function for the end of the hold was called ",
                              early ? "while the client waited" : "after the answer");
        }
    }

    // The server may handle the requests at once or one by one.
    void concurrent_requests() {
        constexpr std::size_t many = 8;
        exchanges_.keep_responders();
        std::vector<exchange_ptr> sent;
        for (std::size_t number = 0; number < many; ++number)
            sent.push_back(exchanges_.send("GET", path, say("X-Number: ", number, "\r\n")));
        for (std::size_t answered = 0; answered < many;) {
            const auto waiting = exchanges_.kept_responders();
            if (waiting.empty())
                break;
            std::for_each(waiting.rbegin(), waiting.rend(),
                          [](const auto& each) { each.respond(exchanges::answer(each.number)); });
            answered += waiting.size();
        }
        for (std::size_t number = 0; number < many; ++number) {
            const auto got = exchanges_.wait(sent[number], "GET", "server.never_answered");
            if (got && exchanges_.expect(got->status == 200, "server.late_answer_lost",
                                         "expected the answer, got the status ", got->status))
                exchanges_.expect(got->body == std::to_string(number), "server.answers_mixed_up",
                                  "request number ", number, " got the answer to number ",
                                  quoted{got->body});
        }
    }

    Harness& harness_;
    exchanges exchanges_;
    bool usable_ = false; // a GET was answered
    bool late_ = false;   // a responder was called later
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#endif
