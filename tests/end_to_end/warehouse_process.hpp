// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_END_TO_END_WAREHOUSE_PROCESS_HPP
#define FOREST_TESTS_END_TO_END_WAREHOUSE_PROCESS_HPP

#include "tool_process.hpp"

#include <adapters/support/raw_client.hpp>

#include <forest/adapters/openssl/hmac_sha256_signer.hpp>
#include <forest/core/fields.hpp>
#include <forest/core/time.hpp>

#include <SQLiteCpp/Database.h>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <stdlib.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The warehouse as its clients and the other users of its database meet it.

namespace forest::test {

/// A folder that is removed with everything in it.
class temporary_folder {
public:
    temporary_folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "forest-warehouse-XXXXXX").string();
        require_system(::mkdtemp(name.data()) != nullptr, "mkdtemp");
        path = name;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() { std::filesystem::remove_all(path); }

    [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }

    std::filesystem::path path;
};

/// A connection of another program, which waits for locks; the file is created if need be.
inline SQLite::Database other_connection(const std::string& file) {
    constexpr int lock_wait_max_ms = 10000;
    return {file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, lock_wait_max_ms};
}

/// Runs one or more statements as another program would.
inline void change(const std::string& file, const std::string& statements) {
    other_connection(file).exec(statements);
}

/// `warehouse`, from its first line on.
class serving_warehouse : public serving_process {
public:
    explicit serving_warehouse(const std::string& database, std::vector<std::string> options = {},
                               std::string with = secret)
        : serving_process{{with_database(database, std::move(options)),
                           with,
                           {},
                           false,
                           "FOREST_WAREHOUSE"}},
          signer_{with.empty() ? std::string{"unsigned"} : std::move(with)} {}

    /// A signed GET. `fields` are further header lines, each with its end.
    [[nodiscard]] raw_answer get(std::string_view path, std::string_view fields = {}) {
        header_fields signature;
        signer_.sign({}, std::chrono::floor<wall_time::duration>(std::chrono::system_clock::now()),
                     signature);
        std::string request = "GET ";
        request.append(path).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        request.append(signature.text()).append(fields).append("\r\n");
        return raw_client{static_cast<std::uint16_t>(port())}.ask(request);
    }

    [[nodiscard]] raw_answer get_schema(std::string_view fields = {}) {
        return get("/forest/rpc-schema", fields);
    }

    [[nodiscard]] nlohmann::ordered_json schema() {
        const raw_answer answer = get_schema();
        BOOST_REQUIRE_EQUAL(answer.status, 200);
        return nlohmann::ordered_json::parse(answer.body);
    }

    [[nodiscard]] std::string etag() { return schema().at("etag"); }

private:
    static std::vector<std::string> with_database(const std::string& file,
                                                  std::vector<std::string> options) {
        return prepended("--database", prepended(file, std::move(options)));
    }

    hmac_sha256_signer signer_;
};

} // namespace forest::test

#endif
