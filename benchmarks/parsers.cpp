// SPDX-License-Identifier: BSL-1.0
#include <forest/core/detail/http/request_parser.hpp>
#include <forest/core/detail/http/response_parser.hpp>
#include <forest/core/detail/json/health_document_parser.hpp>
#include <forest/core/time.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/core/url.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What it costs to read the messages of one check, as real peers send them.

namespace {

using namespace forest;

constexpr std::string_view health_body = R"({"status":"ok","version":"1.16.10"})";

void count_bytes(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

std::string sized_answer() {
    return "HTTP/1.1 200 OK\r\nX-Powered-By: Express\r\nContent-Type: application/json; "
           "charset=utf-8\r\nContent-Length: 35\r\nETag: W/\"23-abc\"\r\nDate: Tue, 09 Dec 2025 "
           "12:00:00 GMT\r\nConnection: close\r\n\r\n" +
           std::string{health_body};
}

std::string chunked_answer() {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nCache-Control: "
           "max-age=0, private, must-revalidate\r\nX-Request-Id: "
           "4bf37177-ac24-4d54-9100-4a1b32e567bf\r\nX-Runtime: 0.001822\r\nTransfer-Encoding: "
           "chunked\r\n\r\n23\r\n" +
           std::string{health_body} + "\r\n0\r\n\r\n";
}

// The copy of a few hundred bytes is part of the measurement, because parsing chunks moves bytes;
// `copying` says what it costs.
void parse_response(benchmark::State& state, const std::string& answer) {
    std::string buffer = answer;
    forest::detail::response_parser parser;
    for (auto _ : state) {
        buffer = answer;
        parser.reset();
        benchmark::DoNotOptimize(parser.parse(buffer));
    }
    if (!parser.done() || parser.error())
        state.SkipWithError("the answer was refused");
    count_bytes(state, answer.size());
}

void response_with_length(benchmark::State& state) {
    parse_response(state, sized_answer());
}
BENCHMARK(response_with_length);

void response_in_chunks(benchmark::State& state) {
    parse_response(state, chunked_answer());
}
BENCHMARK(response_in_chunks);

void response_byte_by_byte(benchmark::State& state) {
    std::string buffer = sized_answer();
    forest::detail::response_parser parser;
    for (auto _ : state) {
        parser.reset();
        for (std::size_t size = 1; size <= buffer.size(); ++size)
            benchmark::DoNotOptimize(parser.parse(std::span{buffer}.first(size)));
    }
    count_bytes(state, buffer.size());
}
BENCHMARK(response_byte_by_byte);

void copying(benchmark::State& state) {
    const std::string answer = chunked_answer();
    std::string buffer = answer;
    for (auto _ : state) {
        buffer = answer;
        benchmark::DoNotOptimize(buffer.data());
        benchmark::ClobberMemory();
    }
    count_bytes(state, answer.size());
}
BENCHMARK(copying);

void request_of_a_check(benchmark::State& state) {
    std::string buffer =
        "GET /forest/health HTTP/1.1\r\nHost: warehouse.example:3000\r\nUser-Agent: "
        "forest/1.0.0\r\nAccept: application/json\r\nX_TIMESTAMP: "
        "2025-12-09T12:00:00.000Z\r\nX_SIGNATURE: "
        "b1fa47dd01adb84e4dcb6b8a5aad1b7b9ce8228ecdbd912aa6e888b7582cf6e2\r\nConnection: "
        "close\r\n\r\n";
    forest::detail::request_parser parser;
    for (auto _ : state) {
        parser = forest::detail::request_parser{};
        benchmark::DoNotOptimize(parser.parse(buffer));
    }
    if (!parser.done() || parser.error())
        state.SkipWithError("the request was refused");
    count_bytes(state, buffer.size());
}
BENCHMARK(request_of_a_check);

void health_document_of_a_server(benchmark::State& state) {
    forest::health_document document;
    for (auto _ : state)
        benchmark::DoNotOptimize(forest::detail::parse_health_document(health_body, document));
    count_bytes(state, health_body.size());
}
BENCHMARK(health_document_of_a_server);

void health_document_of_64_KiB(benchmark::State& state) {
    std::string body = R"({"details":[)";
    while (body.size() < 64 * 1024 - 64)
        body += R"({"name":"db\u0020one","latency":1.25e-3,"up":true},)";
    body += R"(null],"status":"ok"})";
    forest::health_document document;
    for (auto _ : state)
        benchmark::DoNotOptimize(forest::detail::parse_health_document(body, document));
    if (document.status != forest::health_document::state::ok)
        state.SkipWithError("the document was refused");
    count_bytes(state, body.size());
}
BENCHMARK(health_document_of_64_KiB);

void url_of_a_target(benchmark::State& state) {
    url target;
    for (auto _ : state)
        benchmark::DoNotOptimize(
            url::parse("https://warehouse.example:3000/forest/health?from=master", target));
}
BENCHMARK(url_of_a_target);

void timestamp_read(benchmark::State& state) {
    std::string_view text = "2025-12-09T12:00:00.000Z";
    for (auto _ : state) {
        benchmark::DoNotOptimize(text);
        benchmark::DoNotOptimize(parse_timestamp(text));
    }
}
BENCHMARK(timestamp_read);

void timestamp_written(benchmark::State& state) {
    wall_time time{std::chrono::milliseconds{1765281600000}};
    for (auto _ : state) {
        benchmark::DoNotOptimize(format_timestamp(time));
        time += std::chrono::milliseconds{1};
    }
}
BENCHMARK(timestamp_written);

} // namespace

BENCHMARK_MAIN();
