// SPDX-License-Identifier: BSL-1.0

// The health document by Boost.Beast on one thread, as its examples of asynchronous servers do it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

class session : public std::enable_shared_from_this<session> {
public:
    explicit session(tcp::socket&& socket) : stream_{std::move(socket)} {}

    void read() {
        request_ = {};
        stream_.expires_after(std::chrono::seconds{30});
        http::async_read(stream_, buffer_, request_,
                         [self = shared_from_this()](error_code ec, std::size_t) {
                             if (!ec)
                                 self->answer();
                         });
    }

private:
    void answer() {
        const bool found = request_.target() == "/forest/health";
        answer_ = {found ? http::status::ok : http::status::not_found, request_.version()};
        answer_.set(http::field::content_type, "application/json");
        answer_.keep_alive(request_.keep_alive());
        if (found)
            answer_.body() = R"({"status":"ok","version":"1.16.10"})";
        answer_.prepare_payload();
        http::async_write(stream_, answer_,
                          [self = shared_from_this()](error_code ec, std::size_t) {
                              if (!ec && self->answer_.keep_alive())
                                  self->read();
                          });
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    http::request<http::empty_body> request_;
    http::response<http::string_body> answer_;
};

void accept(tcp::acceptor& acceptor) {
    acceptor.async_accept([&acceptor](error_code ec, tcp::socket socket) {
        if (!ec) {
            socket.set_option(tcp::no_delay{true}, ec);
            std::make_shared<session>(std::move(socket))->read();
        }
        accept(acceptor);
    });
}

} // namespace

int main(int count, char** arguments) {
    const int port = count == 2 ? std::atoi(arguments[1]) : 0;
    if (port <= 0 || port > 65535) {
        std::fputs("usage: beast_server PORT\n", stderr);
        return 2;
    }
    try {
        asio::io_context io{1};
        tcp::acceptor acceptor{
            io, tcp::endpoint{asio::ip::address_v4::loopback(), static_cast<unsigned short>(port)}};
        accept(acceptor);
        std::puts("listening");
        std::fflush(stdout);
        io.run();
        return EXIT_SUCCESS;
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "beast_server: %s\n", failed.what());
        return EXIT_FAILURE;
    }
}
