// SPDX-License-Identifier: BSL-1.0

// A server for which there is no adapter serves the health check: here one of Boost.Beast, with a
// thread that reads one request from each connection.

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/health_route.hpp>
#include <forest/route_table.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
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
        answer.keep_alive(false);
        answer.set(http::field::content_type, view(given.content_type));
        forest::field_view{given.fields.text()}.for_each(
            [&](auto name, auto value) { answer.insert(view(name), view(value)); });
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

int main() {
    const char* const secret = "s3cret"; // of client and server
    forest::route_table routes;
    forest::basic_health_route health{routes, forest::hmac_sha256_verifier{secret}};

    boost::asio::io_context server;
    tcp::acceptor acceptor{server, {boost::asio::ip::address_v4::loopback(), 0}};
    std::thread thread{[&] { serve(routes, acceptor.accept()); }}; // one client is enough here

    // What a client sends, and what it is answered.
    forest::header_fields signature;
    forest::hmac_sha256_signer{secret}.sign(
        {}, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()),
        signature);
    http::request<http::empty_body> asked{http::verb::get, health.path(), 11};
    asked.set(http::field::host, "localhost");
    forest::field_view{signature.text()}.for_each(
        [&](auto name, auto value) { asked.insert(view(name), view(value)); });
    tcp::socket client{server};
    client.connect(acceptor.local_endpoint());
    http::write(client, asked);
    beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    http::read(client, buffer, answer);
    thread.join();
    std::cout << answer.result_int() << ' ' << answer.body() << '\n';
    return answer.result() == http::status::ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
