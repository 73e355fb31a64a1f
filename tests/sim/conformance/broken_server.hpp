// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_SIM_CONFORMANCE_BROKEN_SERVER_HPP
#define FOREST_TESTS_SIM_CONFORMANCE_BROKEN_SERVER_HPP

#include <sim/conformance/fault_of_a_model.hpp>

#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/fields.hpp>
#include <forest/policy/server.hpp>
#include <forest/sim/conformance/conformance.hpp>
#include <forest/sim/time/event_queue.hpp>
#include <forest/sim/time/host.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace forest::tests {

/// A server in memory with a single fault.
class broken_server {
    // What a connection sends when the handler has returned.
    struct wire {
        std::string bytes;
        bool closed = false;
        std::function<void(std::string)> done;
    };

    // One connection, with one request.
    struct connection {
        connection(broken_server& server, std::function<void(std::string)> done)
            : queue{*server.queue_},
              fault{server.fault_},
              waiting{server.waiting_},
              out{std::make_shared<wire>(std::string{}, false, std::move(done))} {}
        connection(const connection&) = delete;
        connection& operator=(const connection&) = delete;

        ~connection() {
            if (!answered && !fault.is("server.dropped_not_500"))
                send({.status = fault.is("server.dropped_not_500", 1) ? 200 : 500, .fields = {}});
        }

        // Called by a responder, in the connection that `self` owns.
        static bool hold(const std::shared_ptr<connection>& self,
                         std::function<void(hold_end)> on_end) {
            const fault_of_a_model& fault = self->fault;
            if (self->answered || fault.is("server.hold_refused"))
                return false;
            if (fault.is("server.hold_ended"))
                self->queue.after(std::chrono::milliseconds{1},
                                  [on_end] { on_end(hold_end::answer_now); });
            if (fault.is("server.hold_ended", 1))
                self->on_end = std::move(on_end);
            if (fault.is("server.held_answer_lost")) // It has its time, as any answer.
                self->queue.after(std::chrono::milliseconds{300},
                                  [self] { self->send({.status = 503, .fields = {}}); });
            return true;
        }

        // Called by a responder.
        void answer(const response& content) {
            if (on_end)
                on_end(hold_end::client_gone);
            if (fault.is("server.threw") && content.body.empty())
                throw std::length_error{"an empty body"};
            if (fault.is("server.never_answered") && content.body.empty())
                answered = true;
            if (!fault.is("server.answers_mixed_up") || waiting->empty())
                return send(content);
            std::shared_ptr<connection> oldest;
            while (!waiting->empty() && (oldest == nullptr || oldest->answered)) {
                oldest = waiting->front().lock();
                waiting->pop_front();
            }
            if (oldest != nullptr)
                oldest->send(content);
        }

        void send(const response& content) {
            if (std::exchange(answered, true)) {
                if (fault.is("server.second_answer_sent") && !out->closed)
                    out->bytes = render(content, fault, head);
                if (fault.is("server.second_answer_sent", 1) && !out->closed)
                    out->bytes += render(content, fault, head);
                return;
            }
            out->bytes = render(content, fault, head);
            if (fault.is("server.answer_not_copied") && content.body.size() == 1000)
                queue.after({}, [out = out, views = content, fault = fault] {
                    out->bytes = render(views, fault, false);
                });
            queue.after({}, [out = out] {
                out->closed = true;
                out->done(out->bytes);
            });
        }

        static std::string render(const response& content, const fault_of_a_model& fault,
                                  bool head) {
            const bool other = fault.is("server.wrong_status") && content.status == 401;
            std::string text = "HTTP/1.1 " + std::to_string(other ? 403 : content.status) + " \r\n";
            if (fault.is("server.malformed_answer"))
                text = "HTTP/1.1 " + std::to_string(content.status) + "\n";
            const bool has_body = content.status != 204 && content.status != 304;
            std::string_view body = content.body;
            if (fault.is("server.wrong_body"))
                body = body.substr(0, 65'536);
            const bool html = fault.is("server.wrong_content_type");
            if (has_body)
                text.append("Content-Type: ").append(html ? "text/html" : content.content_type);
            if (has_body && !(head && fault.is("server.head_fields_differ")))
                text.append("\r\nContent-Length: ").append(std::to_string(body.size()));
            if (has_body)
                text.append("\r\n");
            std::string_view fields = content.fields.text();
            if (fault.is("server.wrong_fields"))
                fields = fields.substr(0, fields.find('\n') + 1);
            text.append(fault.reordered(fields, "server.wrong_fields")).append("\r\n");
            if (has_body && (!head || fault.is("server.head_has_body")))
                text.append(body);
            return text;
        }

        sim::event_queue& queue;
        fault_of_a_model fault;
        std::shared_ptr<std::deque<std::weak_ptr<connection>>> waiting;
        std::shared_ptr<wire> out;
        std::function<void(hold_end)> on_end;
        bool head = false;
        bool answered = false;
    };

public:
    class responder {
    public:
        explicit responder(std::shared_ptr<connection> client) : client_{std::move(client)} {}
        void operator()(const response& content) const { client_->answer(content); }

        template <typename OnEnd>
        bool hold(OnEnd on_end) const {
            return connection::hold(client_, [end = std::make_shared<OnEnd>(std::move(on_end))](
                                                 hold_end why) { (*end)(why); });
        }

    private:
        std::shared_ptr<connection> client_;
    };

    using handler_type = std::function<void(const server_request&, responder)>;

    broken_server(sim::event_queue& queue, const fault_of_a_model& fault)
        : queue_{&queue}, fault_{fault} {}

    void get(std::string path, handler_type handler) {
        routes_.insert_or_assign(std::move(path), std::move(handler));
    }

    void serve(std::string bytes, std::function<void(std::string)> closed) {
        const auto client = std::make_shared<connection>(*this, std::move(closed));
        forest::detail::request_parser parser;
        const std::size_t kept = parser.parse(bytes);
        const std::span<const char> data{bytes.data(), kept};
        client->head = parser.method() == http_method::head;
        const auto route = find(parser.path(data));
        if (route == routes_.end())
            client->send({.status = fault_.is("server.unknown_path_not_404") ? 400 : 404,
                          .body = "none",
                          .fields = {}});
        else if (parser.method() == http_method::other &&
                 !fault_.is("server.handler_called_for_others", 1))
            refuse(*client);
        else if (client->head && fault_.is("server.handler_not_called"))
            client->send({.fields = {}});
        else
            call(route->second, parser, data, client);
    }

private:
    std::map<std::string, handler_type>::iterator find(std::string_view path) {
        return std::find_if(routes_.begin(), routes_.end(), [&](const auto& each) {
            return each.first == path || (fault_.is("server.handler_called_for_others") &&
                                          path.starts_with(each.first + "x"));
        });
    }

    void refuse(connection& client) const {
        response refused{.status = fault_.is("server.other_method_not_405") ? 404 : 405,
                         .body = "other",
                         .fields = {}};
        if (!fault_.is("server.other_method_not_405", 1))
            (void)refused.fields.add("Allow", "GET, HEAD");
        client.send(refused);
    }

    void call(const handler_type& handler, const forest::detail::request_parser& parser,
              std::span<const char> data, const std::shared_ptr<connection>& client) {
        std::string fields;
        parser.fields(data).for_each([&](std::string_view name, std::string_view value) {
            if (!fault_.is("server.fields_lost") || !field_view{fields}.find(name))
                fields.append(name).append(": ").append(value).append("\r\n");
        });
        fields = fault_.reordered(fields, "server.fields_lost");
        server_request request{parser.method(), parser.path(data), field_view{fields},
                               sim::host::epoch};
        if (fault_.is("server.request_dangles"))
            request.path = *std::make_unique<std::string>(request.path);
        if (fault_.is("server.wrong_method") && client->head)
            request.method = http_method::get;
        if (fault_.is("server.wrong_path"))
            request.path = parser.target(data);
        if (fault_.is("server.received_unset"))
            request.received = {};
        waiting_->push_back(client);
        handler(request, responder{client});
        if (fault_.is("server.handler_called_twice") && request.fields.find("X_TIMESTAMP"))
            handler(request, responder{client});
        if (fault_.is("server.late_answer_lost"))
            client->send({.status = 500, .fields = {}});
    }

    sim::event_queue* queue_;
    fault_of_a_model fault_;
    std::shared_ptr<std::deque<std::weak_ptr<connection>>> waiting_ =
        std::make_shared<std::deque<std::weak_ptr<connection>>>();
    std::map<std::string, handler_type> routes_;
};

struct broken_servers : sim::conformance::virtual_time {
    broken_server tested;

    explicit broken_servers(const fault_of_a_model& planted) : tested{queue, planted} {}

    broken_server& server() noexcept { return tested; }

    void send(std::string bytes, std::function<void(std::string)> done) {
        queue.after({}, [this, bytes = std::move(bytes), done = std::move(done)] {
            tested.serve(bytes, done);
        });
    }
};

} // namespace forest::tests

#endif
