// SPDX-License-Identifier: BSL-1.0
#include "warehouse_process.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// How the programs take their secret, and what of it can be seen from outside.

namespace {

using namespace std::string_literals;
using forest::test::run_tool;
using forest::test::secret;
using forest::test::serving_tool;
using forest::test::serving_warehouse;
using forest::test::temporary_file;
using forest::test::temporary_folder;
using forest::test::tool_process;
using forest::test::tool_result;
namespace data = boost::unit_test::data;

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size()))
        ++count;
    return count;
}

// A program that reads a secret and ends by itself.
struct reader {
    std::string program;
    std::vector<std::string> arguments;

    friend std::ostream& operator<<(std::ostream& out, const reader& shown) {
        return out << shown.program << ' ' << shown.arguments.front();
    }
};

const std::vector<reader> readers{
    {"FOREST_HEALTH", {"sign"}},
    {"FOREST_HEALTH", {"check", "http://127.0.0.1:1/"}},
    {"FOREST_HEALTH", {"watch", "http://127.0.0.1:1/", "--for", "1ms"}},
    {"FOREST_HEALTH", {"serve", "--listen", "256.256.256.256:1"}},
    {"FOREST_WAREHOUSE", {"--database", "/nowhere/at/all"}},
    {"FOREST_MASTER", {"http://127.0.0.1:1", "--for", "1ms"}},
};

tool_result run(reader by, const std::string& file) {
    by.arguments.insert(by.arguments.end(), {"--secret-file", file});
    return run_tool(std::move(by.arguments), {}, std::move(by.program));
}

tool_result sign_with(const std::string& file) {
    return run({"FOREST_HEALTH", {"sign"}}, file);
}

void require_refused(const tool_result& result, std::string_view said) {
    BOOST_TEST(result.status == 2);
    BOOST_TEST(result.err.find(said) != std::string::npos, result.err);
    BOOST_TEST(result.out.empty());
}

std::string environment_of(pid_t process) {
    std::ifstream file{"/proc/" + std::to_string(process) + "/environ", std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

struct pipe_file {
    pipe_file() { forest::test::require_system(::mkfifo(path.c_str(), 0600) == 0, "mkfifo"); }
    temporary_folder folder{};
    std::string path = folder.file("pipe");
};

} // namespace

BOOST_AUTO_TEST_SUITE(secret_test)

BOOST_DATA_TEST_CASE(a_file_that_others_may_read_is_warned_of_once_and_by_name,
                     data::make(readers)) {
    const temporary_file file{secret};
    for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0644U}) {
        BOOST_REQUIRE(::chmod(file.path.c_str(), mode) == 0);
        const tool_result result = run(sample, file.path);
        BOOST_TEST(count_of(result.err, "warning: --secret-file: '" + file.path + "'") == 1U,
                   result.err);
        BOOST_TEST(result.err.find("chmod 600") != std::string::npos);
        BOOST_TEST(result.err.find(secret) == std::string::npos);
    }
    for (const mode_t mode : {0600U, 0400U, 0700U}) {
        BOOST_REQUIRE(::chmod(file.path.c_str(), mode) == 0);
        BOOST_TEST(count_of(run(sample, file.path).err, "warning") == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_private_key_that_others_may_read_is_warned_of_too) {
    const temporary_file key{"none"};
    BOOST_REQUIRE(::chmod(key.path.c_str(), 0644) == 0);
    const tool_result serve =
        run_tool({"serve", "--tls-cert", key.path, "--tls-key", key.path}, secret);
    BOOST_TEST(count_of(serve.err, "warning: --tls-key: '" + key.path + "'") == 1U, serve.err);
}

struct marked {
    std::string text;
    std::string encoding;

    friend std::ostream& operator<<(std::ostream& out, const marked& shown) {
        return out << shown.encoding;
    }
};

const std::vector<marked> marks{
    {"\xef\xbb\xbfsecret\n"s, "UTF-8"},   {"\xef\xbb\xbf"s, "UTF-8"},
    {"\xff\xfes\0e\0\n\0"s, "UTF-16LE"},  {"\xfe\xff\0s\0e\0\n"s, "UTF-16BE"},
    {"\xff\xfe\0\0s\0\0\0"s, "UTF-32LE"}, {"\0\0\xfe\xff\0\0\0s"s, "UTF-32BE"},
};

BOOST_DATA_TEST_CASE(a_byte_order_mark_is_refused_by_name, data::make(marks)) {
    const temporary_file file{sample.text};
    for (const reader& each : readers) {
        if (each.program != "FOREST_WAREHOUSE" && each.arguments.front() != "watch")
            require_refused(run(each, file.path), "byte order mark (" + sample.encoding + ")");
    }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_in_the_variable_is_refused_by_name) {
    require_refused(run_tool({"sign"}, "\xef\xbb\xbfsecret"),
                    "FOREST_AUTH_SECRET begins with a byte order mark (UTF-8)");
}

BOOST_AUTO_TEST_CASE(a_pipe_that_ends_is_read) {
    const pipe_file pipe;
    std::thread writer{[&] { std::ofstream{pipe.path} << "s3cret\n"; }};
    const tool_result result =
        run_tool({"sign", "--secret-file", pipe.path, "--timestamp", "1970-01-01T00:00:00.000Z"});
    writer.join();
    BOOST_TEST(result.status == 0);
    BOOST_TEST(result.err.empty(), result.err);
    BOOST_TEST(
        result.out.find("d425c2c901a0e7969834b44feb2670ad1629774a9ec5434358301dc5667568d3") !=
        std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pipe_that_nobody_writes_to_and_one_that_never_ends_are_refused) {
    const pipe_file unwritten;
    const pipe_file silent;
    // Opened for both, so that it has a writer who says nothing but a beginning.
    const forest::test::descriptor end{::open(silent.path.c_str(), O_RDWR | O_CLOEXEC)};
    BOOST_REQUIRE(::write(end.get(), "s3", 2) == 2);
    tool_process first{{{"sign", "--secret-file", unwritten.path}}};
    tool_process second{{{"sign", "--secret-file", silent.path}}};
    for (tool_process* each : {&first, &second}) {
        BOOST_TEST(each->wait() == 2);
        BOOST_TEST(each->err().find("has not come to its end within 5 s") != std::string::npos,
                   each->err());
    }
}

BOOST_AUTO_TEST_CASE(a_pipe_that_brings_too_much_is_refused_at_once) {
    const pipe_file pipe;
    std::signal(SIGPIPE, SIG_IGN);
    std::thread writer{[&] {
        std::ofstream out{pipe.path};
        for (int n = 0; n < 1000 && out; ++n)
            out << std::string(1000, 'x');
    }};
    require_refused(sign_with(pipe.path), "more than 65536 bytes");
    writer.join();
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_by_what_it_is) {
    const temporary_folder folder;
    require_refused(sign_with(folder.path.string()), "is a directory");
    require_refused(sign_with("/dev/zero"), "more than 65536 bytes");
    require_refused(sign_with("/dev/null"), "is empty");
    require_refused(sign_with(folder.file("none")), "No such file");

    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder.file("socket");
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const forest::test::descriptor bound{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    BOOST_REQUIRE(
        ::bind(bound.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    require_refused(sign_with(path), "is a socket");
}

BOOST_AUTO_TEST_CASE(nothing_of_the_secret_is_left_in_the_environment_of_a_program) {
    const temporary_folder folder;
    const serving_tool serve;
    const serving_warehouse warehouse{folder.file("a.sqlite")};
    tool_process watch{{{"watch", serve.url(), "--verbose", "--json"}, secret}};
    (void)watch.event("check_succeeded");
    tool_process master{{{warehouse.base, "--json"}, secret, {}, false, "FOREST_MASTER"}};
    (void)master.event("schema_loaded");
    for (const pid_t each : {serve.process.id(), warehouse.process.id(), watch.id(), master.id()}) {
        const std::string environment = environment_of(each);
        BOOST_TEST(!environment.empty());
        BOOST_TEST(environment.find(secret) == std::string::npos);
        BOOST_TEST(environment.find(secret.substr(0, 8)) == std::string::npos);
    }
}

// The parent process may set a variable twice; then the environment has both.
BOOST_AUTO_TEST_CASE(a_variable_that_was_set_twice_is_wiped_twice_and_the_first_one_counts) {
    tool_process serve{
        {{"serve"}, {}, {"FOREST_AUTH_SECRET=" + secret, "FOREST_AUTH_SECRET=another-one-77"}}};
    serve.read_until("listening on ");
    const std::string environment = environment_of(serve.id());
    BOOST_TEST(environment.find(secret) == std::string::npos);
    BOOST_TEST(environment.find("another-one-77") == std::string::npos);
    const std::string said = serve.out();
    const std::string base = said.substr(said.find("http"), said.find('\n') - said.find("http"));
    BOOST_TEST(run_tool({"check", base + "/forest/health"}, secret).status == 0);
}

BOOST_AUTO_TEST_CASE(the_variable_is_wiped_also_where_it_is_not_used) {
    const temporary_file file{"from-the-file"};
    const serving_tool with_file{{"--secret-file", file.path}};
    const serving_tool without{{"--unsigned"}};
    BOOST_TEST(environment_of(with_file.process.id()).find(secret) == std::string::npos);
    BOOST_TEST(environment_of(without.process.id()).find(secret) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
