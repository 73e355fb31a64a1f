// SPDX-License-Identifier: BSL-1.0

// A server for which there is no adapter serves the health check: here one of Boost.Beast, with a
// thread that reads one request from each connection. Boost.Asio and Asio cannot be in one file.

#include "beast_server.hpp"

#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/route_table.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}
beast::string_view view(std::string_view text) {
    return {text.data(), text.size()};
}

// One request, until it is answered.
struct exchange {
    tcp::socket socket;
    http::request<http::string_body> asked{};

    void send(const forest::response& given) {
        http::response<http::string_body> answer{static_cast<http::status>(given.status),
                                                 asked.version(), std::string{given.body}};
        if (!given.content_type.empty())
            answer.set(http::field::content_type, view(given.content_type));
        forest::field_view{given.fields.text()}.for_each(
            [&](auto name, auto value) { answer.insert(view(name), view(value)); });
        answer.keep_alive(false);
        answer.prepare_payload();
        if (asked.method() == http::verb::head)
            answer.body().clear(); // after its length was written
        beast::error_code failed;  // of a client that has gone
        http::write(socket, answer, failed);
    }
};

void serve(const forest::route_table& routes, tcp::socket socket) {
    const auto own = std::make_shared<exchange>(exchange{std::move(socket)});
    beast::flat_buffer buffer;
    beast::error_code failed;
    http::read(own->socket, buffer, own->asked, failed);
    if (failed)
        return;
    const auto& asked = own->asked;
    forest::received_request request{view(asked.method_string()), view(asked.target()),
                                     static_cast<int>(asked.version() % 10)};
    for (const auto& field : asked)
        request.add_field(view(field.name_string()), view(field.value()));
    routes.serve(request,
                 forest::route_responder{[own](const auto& answer) { own->send(answer); }});
}

} // namespace

struct beast_server::parts {
    explicit parts(const forest::route_table& routes)
        : thread{[this, &routes] { serve(routes, acceptor.accept()); }} {}

    boost::asio::io_context io;
    tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
    std::thread thread;
};

beast_server::beast_server(const forest::route_table& routes)
    : parts_{std::make_unique<parts>(routes)} {}

beast_server::~beast_server() {
    parts_->thread.join();
}

std::uint16_t beast_server::port() const {
    return parts_->acceptor.local_endpoint().port();
}
