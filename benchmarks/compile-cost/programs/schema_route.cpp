// SPDX-License-Identifier: BSL-1.0

// A program that serves a schema.

#include <forest/default_routes.hpp>

#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/adapters/openssl/sha1.hpp>

#include <asio/io_context.hpp>

int main() {
    asio::io_context io;
    forest::asio_server server{io};
    forest::schema_route schema{server, forest::hmac_sha256_verifier{"secret"}, forest::sha1_hex,
                                R"({"collections":[]})"};
    if (server.listen("127.0.0.1", 3000))
        return 1;
    io.run();
}
