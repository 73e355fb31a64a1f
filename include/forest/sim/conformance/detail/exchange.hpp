// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_SIM_CONFORMANCE_DETAIL_EXCHANGE_HPP
#define FOREST_SIM_CONFORMANCE_DETAIL_EXCHANGE_HPP

#include <forest/core/detail/http/framing.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/http_method.hpp>
#include <forest/core/time.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/conformance/detail/lines.hpp>
#include <forest/sim/conformance/detail/text.hpp>
#include <forest/sim/conformance/detail/views.hpp>
#include <forest/sim/conformance/harness.hpp>
#include <forest/sim/conformance/rules.hpp>

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

// The requests of the battery for servers, byte by byte, and what comes back.

namespace forest::sim::conformance::detail {

/// A harness for servers: time, and
///
/// - `server()`: the server, the same each time;
/// - `send(bytes, done)`: opens a connection, sends a request on it, and calls `done` with all that
///   comes back when the server has closed it, which the request asks for.
///
/// All paths are registered before the first request is sent.
template <typename T>
concept server_harness = time_harness<T> && requires(T& harness, std::string bytes,
                                                     std::function<void(std::string)> done) {
    { harness.server() } -> forest::server;
    harness.send(bytes, done);
};

// Any responder.
using respond = std::function<void(const response&)>;

// A request as the handler saw it.
struct seen_request {
    http_method method;
    std::string path;
    std::string fields;
    wall_time received;
};

// A responder that a handler has kept, and what the request said of its number.
struct kept_responder {
    std::string number;
    respond give;
};

// What came back on one connection.
struct exchange {
    bool closed = false;
    std::string bytes;
};

// An answer, understood.
struct answer_parts {
    int status = 0;
    std::string fields;
    std::string body;
    std::size_t surplus = 0; // bytes behind it, if it says how long it is
};

inline std::optional<answer_parts> understand(std::string bytes, bool head) {
    constexpr std::string_view empty_line = "\r\n\r\n";
    const std::size_t end = bytes.find(empty_line);
    if (end == std::string::npos)
        return {};
    answer_parts parts;
    forest::detail::response_parser parser{{.body_bytes_max = bytes.size()}};
    if (head) { // What its fields say of a body is not so.
        parts.body = bytes.substr(end + empty_line.size());
        bytes.resize(end + empty_line.size());
    }
    const std::size_t size = bytes.size();
    const std::size_t kept = parser.parse(bytes);
    if (!head && !parser.done())
        parser.finish();
    if (parser.status() == 0 || (!head && parser.error()))
        return {};
    parts.status = parser.status();
    parser.fields({bytes.data(), kept})
        .for_each([&](std::string_view name, std::string_view value) {
            parts.fields.append(name).append(": ").append(value).append("\r\n");
        });
    if (!head) {
        parts.body = parser.body({bytes.data(), kept});
        if (field_view{parts.fields}.find("Content-Length"))
            parts.surplus = size - kept;
    }
    return parts;
}

template <server_harness Harness>
class exchange_battery : protected battery<Harness> {
protected:
    using battery<Harness>::unit;
    using exchange_ptr = std::shared_ptr<exchange>;
    using handler = std::function<void(const server_request&, const respond&)>;

    static constexpr std::string_view path = "/conformance";
    static constexpr std::string_view other_path = "/conformance/longer";
    static constexpr duration patience = std::chrono::seconds{10};

    explicit exchange_battery(Harness& harness) : battery<Harness>{harness} {
        this->attempt("server.threw", "get()", [this] {
            for (const std::string_view each : {path, other_path})
                this->harness_.server().get(
                    std::string{each},
                    [ledger = ledger_](const server_request& asked, auto responder) {
                        ledger->handle(asked, std::move(responder));
                    });
        });
    }

    // What handlers share with the battery, and outlives it.
    struct ledger {
        explicit ledger(std::shared_ptr<findings> to) : found{std::move(to)} {}

        void handle(server_request asked, respond give) {
            handler now;
            if (dangles(asked.path) || dangles(asked.fields.text())) {
                found->add("server.request_dangles", "the path or the fields of a request point "
                                                     "into memory that is free already");
                asked = {asked.method, {}, field_view{}, asked.received};
            }
            {
                const std::lock_guard lock{mutex};
                seen_request as_seen{asked.method, std::string{asked.path}, {}, asked.received};
                asked.fields.for_each([&](std::string_view name, std::string_view value) {
                    as_seen.fields.append(name).append(": ").append(value).append("\r\n");
                });
                seen.push_back(std::move(as_seen));
                now = on_request;
            }
            if (now)
                now(asked, give);
        }

        void keep(const server_request& asked, const respond& give) {
            const std::lock_guard lock{mutex};
            kept.push_back({std::string{asked.fields.find("X-Number").value_or("")}, give});
        }

        std::shared_ptr<findings> found;
        std::mutex mutex;
        handler on_request;
        std::vector<seen_request> seen;
        std::vector<kept_responder> kept;
    };

    template <typename Scenario>
    void scenario(std::string_view situation, Scenario&& play) {
        situation_ = situation;
        on_request([](const server_request&, const respond& give) { give({.fields = {}}); });
        this->attempt("server.threw", situation, play);
        on_request({});
        take_responders();
    }

    void on_request(handler then) {
        const std::lock_guard lock{ledger_->mutex};
        ledger_->on_request = std::move(then);
    }

    // Answers nothing yet.
    void keep_responders() {
        on_request([ledger = ledger_](const server_request& asked, const respond& give) {
            ledger->keep(asked, give);
        });
    }

    // Those of the requests that have come, when one has.
    std::vector<kept_responder> kept_responders() {
        const auto one = [this] {
            const std::lock_guard lock{ledger_->mutex};
            return !ledger_->kept.empty();
        };
        this->comes_true(one, patience);
        this->run_for(2 * unit);
        return take_responders();
    }

    // Dropped by the caller, outside the lock, because the server answers then.
    std::vector<kept_responder> take_responders() {
        const std::lock_guard lock{ledger_->mutex};
        return std::exchange(ledger_->kept, {});
    }

    std::vector<seen_request> seen() const {
        const std::lock_guard lock{ledger_->mutex};
        return ledger_->seen;
    }

    template <typename... Parts>
    bool expect(bool holds, rule_name broken, const Parts&... parts) {
        return this->found_->expect(holds, broken, situation_, ": ", parts...);
    }

    exchange_ptr send(std::string_view method, std::string_view target,
                      std::string_view fields = {}) {
        const auto one = std::make_shared<exchange>();
        this->harness_.send(say(method, " ", target, " HTTP/1.1\r\nHost: conformance.example\r\n",
                                fields, "Connection: close\r\n\r\n"),
                            [one, ledger = ledger_](std::string bytes) {
                                const std::lock_guard lock{ledger->mutex};
                                one->bytes = std::move(bytes);
                                one->closed = true;
                            });
        return one;
    }

    // The answer, if one came. `unanswered` is what it means here if none did.
    std::optional<answer_parts> wait(const exchange_ptr& one, std::string_view method,
                                     rule_name unanswered) {
        const auto closed = [&] {
            const std::lock_guard lock{ledger_->mutex};
            return one->closed;
        };
        if (!expect(this->comes_true(closed, patience) && !one->bytes.empty(), unanswered,
                    "no answer came"))
            return {};
        auto parts = understand(one->bytes, method == "HEAD");
        expect(parts.has_value(), "server.malformed_answer",
               "this is no answer: ", quoted{one->bytes});
        return parts;
    }

    std::optional<answer_parts> ask(std::string_view method, std::string_view target,
                                    std::string_view fields = {}) {
        return wait(send(method, target, fields), method, "server.never_answered");
    }

    static response answer(std::string_view body, int status = 200) {
        response given{
            .status = status, .content_type = "text/conformance", .body = body, .fields = {}};
        (void)given.fields.add("X-Answer", "one");
        (void)given.fields.add("X-Answer", "two, three");
        (void)given.fields.add("ETag", "\"a b\"");
        return given;
    }

    void expect_given(const answer_parts& got, const response& given) {
        const std::string tried =
            say("the responder was given ", given.status, " with ", given.body.size(), " bytes: ");
        expect(got.status == given.status, "server.wrong_status", tried, "expected the status ",
               given.status, ", got ", got.status);
        expect(got.body == given.body, "server.wrong_body", tried,
               difference(given.body, got.body));
        const auto came = lines(got.fields);
        const std::string type =
            missing_fields({say("Content-Type: ", given.content_type)}, came, same_field);
        expect(given.body.empty() || type.empty(), "server.wrong_content_type", tried, type);
        const std::string missing = missing_fields(lines(given.fields.text()), came, same_field);
        expect(missing.empty(), "server.wrong_fields", tried, missing);
    }

    std::shared_ptr<ledger> ledger_ = std::make_shared<ledger>(this->found_);
    std::string_view situation_;
};

} // namespace forest::sim::conformance::detail

#endif
