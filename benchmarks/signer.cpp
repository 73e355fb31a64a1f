// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/openssl/hmac_sha256.hpp>
#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/adapters/openssl/hmac_sha256_verifier.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/timestamp.hpp>
#include <forest/policy/server.hpp>
#include <forest/policy/transport.hpp>

#include <benchmark/benchmark.h>
#include <fmt/chrono.h>
#include <fmt/core.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <time.h>

#include <chrono>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

// The signer against OpenSSL's one-shot HMAC() in the same run. A ratio of times that were measured
// one after the other moves with whatever else the machine does, so `at_equal_load` takes both in
// turns and reports `times_faster` (docs/measurements.md). The rest show where the time goes.

namespace {

using namespace forest;

const std::string secret(64, 'k');
constexpr std::string_view timestamp = "2025-12-09T12:00:00.000Z";
constexpr wall_time at{std::chrono::sys_days{std::chrono::year{2025} / 12 / 9} +
                       std::chrono::hours{12}};

hmac_sha256::digest one_shot(std::string_view message) {
    hmac_sha256::digest result{};
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(message.data()), message.size(), result.data(),
         &size);
    return result;
}

// As one would write it at first: formatted timestamp, one-shot call, formatted digits.
std::string straightforward_headers(wall_time when) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(when);
    const std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                                         fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                                         (when - whole).count());
    std::string digits;
    for (const unsigned char byte : one_shot(text))
        fmt::format_to(std::back_inserter(digits), "{:02x}", byte);
    return fmt::format("X_TIMESTAMP: {}\r\nX_SIGNATURE: {}\r\n", text, digits);
}

void one_shot_hmac(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(one_shot(timestamp));
}

void keyed_hmac(benchmark::State& state) {
    hmac_sha256 key{secret};
    for (auto _ : state)
        benchmark::DoNotOptimize(key.digest_of(timestamp));
}

void keyed_hmac_in_hex(benchmark::State& state) {
    hmac_sha256 key{secret};
    for (auto _ : state)
        benchmark::DoNotOptimize(key.sign(timestamp));
}

void one_shot_headers(benchmark::State& state) {
    for (auto _ : state)
        benchmark::DoNotOptimize(straightforward_headers(at));
}

void signer_headers(benchmark::State& state) {
    hmac_sha256_signer signer{secret};
    const request get;
    header_fields fields;
    for (auto _ : state) {
        fields.clear();
        signer.sign(get, at, fields);
        benchmark::DoNotOptimize(fields);
    }
}

void verifier(benchmark::State& state) {
    header_fields fields;
    hmac_sha256_signer{secret}.sign(request{}, at, fields);
    const server_request request{http_method::get, "/forest/health", field_view{fields.text()}, at};
    const hmac_sha256_verifier verify{secret};
    for (auto _ : state)
        benchmark::DoNotOptimize(verify(request));
}

// What this thread has used, which leaves out what others do on the machine.
std::chrono::nanoseconds cpu_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

template <typename Work>
std::chrono::nanoseconds time_of(int repetitions, Work&& work) {
    const auto start = cpu_time();
    for (int index = 0; index < repetitions; ++index)
        work();
    return cpu_time() - start;
}

// Runs both in short turns, so that both see the same machine. The time shown is of both together.
template <typename Slow, typename Fast>
void compare(benchmark::State& state, Slow&& slow, Fast&& fast) {
    constexpr int turn = 100;
    std::chrono::nanoseconds of_slow{};
    std::chrono::nanoseconds of_fast{};
    for (auto _ : state) {
        of_slow += time_of(turn, slow);
        of_fast += time_of(turn, fast);
    }
    state.counters["times_faster"] =
        static_cast<double>(of_slow.count()) / static_cast<double>(of_fast.count());
    const double nanoseconds = 1.0 / (turn * static_cast<double>(state.iterations()));
    state.counters["one_shot_ns"] = static_cast<double>(of_slow.count()) * nanoseconds;
    state.counters["ours_ns"] = static_cast<double>(of_fast.count()) * nanoseconds;
}

void at_equal_load_hmac(benchmark::State& state) {
    hmac_sha256 key{secret};
    if (key.digest_of(timestamp) != one_shot(timestamp))
        throw std::logic_error("the two signatures differ");
    compare(
        state, [] { benchmark::DoNotOptimize(one_shot(timestamp)); },
        [&] { benchmark::DoNotOptimize(key.digest_of(timestamp)); });
}

void at_equal_load_headers(benchmark::State& state) {
    hmac_sha256_signer signer{secret};
    const request get;
    header_fields fields;
    signer.sign(get, at, fields);
    if (fields.text() != straightforward_headers(at))
        throw std::logic_error("the two headers differ");
    compare(
        state, [] { benchmark::DoNotOptimize(straightforward_headers(at)); },
        [&] {
            fields.clear();
            signer.sign(get, at, fields);
            benchmark::DoNotOptimize(fields);
        });
}

// The whole signer, timestamp and header lines included, against the bare one-shot call.
void at_equal_load_signer_against_bare_hmac(benchmark::State& state) {
    hmac_sha256_signer signer{secret};
    const request get;
    header_fields fields;
    compare(
        state, [] { benchmark::DoNotOptimize(one_shot(timestamp)); },
        [&] {
            fields.clear();
            signer.sign(get, at, fields);
            benchmark::DoNotOptimize(fields);
        });
}

BENCHMARK(one_shot_hmac);
BENCHMARK(keyed_hmac);
BENCHMARK(keyed_hmac_in_hex);
BENCHMARK(one_shot_headers);
BENCHMARK(signer_headers);
BENCHMARK(verifier);
BENCHMARK(at_equal_load_hmac);
BENCHMARK(at_equal_load_headers);
BENCHMARK(at_equal_load_signer_against_bare_hmac);

} // namespace

BENCHMARK_MAIN();
