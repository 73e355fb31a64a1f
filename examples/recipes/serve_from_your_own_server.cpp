// SPDX-License-Identifier: BSL-1.0

// A server for which there is no adapter serves the health check: here one of Boost.Beast, with a
// thread that reads one request from each connection.

#include <forest/adapters/asio/async_check.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/response.hpp>
#include <forest/core/url.hpp>
#include <forest/core/verdict.hpp>
#include <forest/health_route.hpp>
#include <forest/route_table.hpp>

#include <asio/io_context.hpp>

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
#include <system_error>
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

    asio::io_context io;
    std::error_code result;
    const auto port = std::to_string(acceptor.local_endpoint().port());
    forest::async_check(io, forest::url{"http://127.0.0.1:" + port + health.path()},
                        std::chrono::seconds{5}, forest::hmac_sha256_signer{secret},
                        [&](const forest::verdict& found) { result = found.error; });
    io.run();
    thread.join();
    std::cout << (result ? result.message() : "healthy") << '\n';
    return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
