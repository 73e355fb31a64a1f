// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_EXCHANGE_RUNNER_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_EXCHANGE_RUNNER_HPP

#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/time.hpp>
#include <forest/form.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/conformance/detail/findings.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/detail/scenario.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/detail/views.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Sends the requests of the battery for servers as bytes, and reads the answers.

namespace forest::inline FOREST_FORM::sim::conformance::detail {

// A responder of any server.
using responder = std::function<void(const response&)>;

// A request as the handler saw it.
struct seen_request {
    http_method method;
    std::string path;
    std::string fields;
    wall_time received;
};

// A server whose responders can hold an answer.
template <typename T>
concept holds_answers =
    requires { typename T::responder; } && holding_responder<typename T::responder>;

// What became of a hold.
struct hold_record {
    std::atomic<bool> held = false;
    std::atomic<int> ends = 0; // calls at its end
};

// A responder that a handler has kept, and the number in the request.
struct kept_responder {
    std::string number;
    responder respond;
};

// The bytes that came back on one connection.
struct exchange {
    bool closed = false; // by the server
    std::string bytes;
};

// An answer, parsed.
struct answer_parts {
    int status = 0;
    std::string fields;
    std::string body;
    std::size_t surplus = 0; // the bytes after it, if it states its length
};

// Parses an answer; `head` means that the request was HEAD. Returns nothing if the answer is no
// HTTP.
FOREST_DECL std::optional<answer_parts> parse_answer(std::string bytes, bool head);

template <server_harness Harness>
class exchange_runner {
public:
    using exchange_ptr = std::shared_ptr<exchange>;
    using handler = std::function<void(const server_request&, const responder&)>;

    static constexpr std::string_view path = "/conformance";
    static constexpr std::string_view other_path = "/conformance/longer";
    static constexpr duration patience = std::chrono::seconds{10};

    explicit exchange_runner(Harness& harness) : harness_{harness} {
        const auto thrown = thrown_by([this] {
            for (const std::string_view each : {path, other_path})
                harness_.server().get(
                    std::string{each},
                    [state = state_](const server_request& request, auto respond) {
                        if constexpr (holding_responder<decltype(respond)>)
                            state->hold(respond);
                        state->handle(request, std::move(respond));
                    });
        });
        if (thrown)
            found_->add("server.threw", say("get(): ", *thrown));
    }

    [[nodiscard]] std::vector<violation> take_findings() { return found_->take(); }

    // Plays one scenario. The scenario calls all other members.
    template <typename Scenario>
    void play(std::string_view name, const Scenario& scenario) {
        situation_ = name;
        on_request(
            [](const server_request&, const responder& respond) { respond({.fields = {}}); });
        if (const auto thrown = thrown_by(scenario))
            found_->add("server.threw", say(name, ": ", *thrown));
        on_request({});
        take_responders();
    }

    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        return found_->expect(holds, broken, situation_, ": ", parts...);
    }

    // Sets what the handlers of both paths do.
    void on_request(handler action) {
        const std::lock_guard lock{state_->mutex};
        state_->on_request = std::move(action);
    }

    // Makes the handlers hold the next answer before anything else.
    std::shared_ptr<hold_record> hold_next() {
        auto record = std::make_shared<hold_record>();
        const std::lock_guard lock{state_->mutex};
        state_->hold_next = record;
        return record;
    }

    // Makes the handlers keep their responders, so no request is answered yet. `first` is called
    // before that, if it is given.
    void keep_responders(handler first = {}) {
        on_request([state = state_, first = std::move(first)](const server_request& request,
                                                              const responder& respond) {
            if (first)
                first(request, respond);
            state->keep(request, respond);
        });
    }

    // Waits until a request has come, and returns the responders that are kept.
    std::vector<kept_responder> kept_responders() {
        const auto any = [this] {
            const std::lock_guard lock{state_->mutex};
            return !state_->kept.empty();
        };
        comes_true(harness_, any, patience);
        run_for(harness_, 2 * unit);
        return take_responders();
    }

    // The requests that handlers have got.
    std::vector<seen_request> seen() const {
        const std::lock_guard lock{state_->mutex};
        return state_->seen;
    }

    exchange_ptr send(std::string_view method, std::string_view target,
                      std::string_view fields = {}) {
        const auto sent = std::make_shared<exchange>();
        harness_.send(say(method, " ", target, " HTTP/1.1\r\nHost: conformance.example\r\n", fields,
                          "Connection: close\r\n\r\n"),
                      [sent, state = state_](std::string bytes) {
                          const std::lock_guard lock{state->mutex};
                          sent->bytes = std::move(bytes);
                          sent->closed = true;
                      });
        return sent;
    }

    // Waits for the answer. If none comes, `if_none` is broken.
    std::optional<answer_parts> wait(const exchange_ptr& sent, std::string_view method,
                                     rule_name if_none) {
        const auto closed = [&] {
            const std::lock_guard lock{state_->mutex};
            return sent->closed;
        };
        if (!expect(comes_true(harness_, closed, patience) && !sent->bytes.empty(), if_none,
                    "no answer came"))
            return {};
        auto parts = parse_answer(sent->bytes, method == "HEAD");
        expect(parts.has_value(), "server.malformed_answer",
               "this is no answer: ", quoted{sent->bytes});
        return parts;
    }

    std::optional<answer_parts> ask(std::string_view method, std::string_view target,
                                    std::string_view fields = {}) {
        return wait(send(method, target, fields), method, "server.never_answered");
    }

    static response answer(std::string_view body, int status = 200) {
        response built{
            .status = status, .content_type = "text/conformance", .body = body, .fields = {}};
        (void)built.fields.add("X-Answer", "one");
        (void)built.fields.add("X-Answer", "two, three");
        (void)built.fields.add("ETag", "\"a b\"");
        return built;
    }

    // Expects the answer that was passed to the responder.
    void expect_answer(const answer_parts& got, const response& expected) {
        const std::string tried = say("the responder was given ", expected.status, " with ",
                                      expected.body.size(), " bytes: ");
        expect(got.status == expected.status, "server.wrong_status", tried, "expected the status ",
               expected.status, ", got ", got.status);
        expect(got.body == expected.body, "server.wrong_body", tried,
               difference(expected.body, got.body));
        const auto came = lines(got.fields);
        const std::string type =
            missing_fields({say("Content-Type: ", expected.content_type)}, came, same_field);
        expect(expected.body.empty() || type.empty(), "server.wrong_content_type", tried, type);
        const std::string missing = missing_fields(lines(expected.fields.text()), came, same_field);
        expect(missing.empty(), "server.wrong_fields", tried, missing);
    }

private:
    // The data that the handlers share. The server may still call the handlers after the battery
    // has ended.
    struct shared_state {
        explicit shared_state(std::shared_ptr<findings> results) : found{std::move(results)} {}

        void handle(server_request request, const responder& respond) {
            handler action;
            if (dangles(request.path) || dangles(request.fields.text())) {
                found->add("server.request_dangles", "the path or the fields of a request point "
                                                     "into memory that is free already");
                request = {request.method, {}, field_view{}, request.received};
            }
            {
                const std::lock_guard lock{mutex};
                seen.push_back({request.method, std::string{request.path}, as_lines(request.fields),
                                request.received});
                action = on_request;
            }
            if (action)
                action(request, respond);
        }

        template <typename Responder>
        void hold(Responder& respond) {
            std::shared_ptr<hold_record> record;
            {
                const std::lock_guard lock{mutex};
                record.swap(hold_next);
            }
            if (record != nullptr)
                record->held = respond.hold([record](hold_end) { ++record->ends; });
        }

        void keep(const server_request& request, const responder& respond) {
            const std::lock_guard lock{mutex};
            kept.push_back({std::string{request.fields.find("X-Number").value_or("")}, respond});
        }

        std::shared_ptr<findings> found;
        std::mutex mutex;
        handler on_request;
        std::vector<seen_request> seen;
        std::vector<kept_responder> kept;
        std::shared_ptr<hold_record> hold_next;
    };

    // The caller drops responders outside the lock, because dropping one makes the server answer.
    std::vector<kept_responder> take_responders() {
        const std::lock_guard lock{state_->mutex};
        return std::exchange(state_->kept, {});
    }

    Harness& harness_;
    std::shared_ptr<findings> found_ = std::make_shared<findings>();
    std::shared_ptr<shared_state> state_ = std::make_shared<shared_state>(found_);
    std::string_view situation_;
};

} // namespace forest::inline FOREST_FORM::sim::conformance::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/sim/conformance/detail/impl/exchange_runner.ipp>
#endif

#endif
