// SPDX-License-Identifier: BSL-1.0
#include <forest/adapters/posix/file_version.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

using namespace forest;

namespace {

// A file whose time is set by the test, because two changes may have the same time.
class file {
public:
    file() {
        BOOST_REQUIRE(::mkdtemp(folder_.data()) != nullptr);
        write("one", 1);
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file() {
        std::remove(path().c_str());
        ::rmdir(folder_.c_str());
    }

    [[nodiscard]] std::string path() const { return folder_ + "/file"; }

    void write(const std::string& text, long nanoseconds) const {
        std::ofstream{path()} << text;
        const timespec times[] = {{1000, nanoseconds}, {1000, nanoseconds}};
        BOOST_REQUIRE(::utimensat(AT_FDCWD, path().c_str(), times, 0) == 0);
    }

    [[nodiscard]] file_version version() const { return file_version::of(path()); }

private:
    std::string folder_ = "/tmp/file_version_test_XXXXXX";
};

} // namespace

BOOST_AUTO_TEST_SUITE(file_version_test)

BOOST_AUTO_TEST_CASE(an_unchanged_file_has_the_same_version) {
    const file subject;
    struct stat found{};
    BOOST_REQUIRE(::stat(subject.path().c_str(), &found) == 0);
    BOOST_TEST((subject.version() == subject.version()));
    BOOST_TEST((subject.version() == file_version{found}));
}

BOOST_AUTO_TEST_CASE(another_time_another_size_and_another_file_are_another_version) {
    const file subject;
    const file_version before = subject.version();
    subject.write("two", 2);
    BOOST_TEST((subject.version() != before));
    subject.write("three", 1);
    BOOST_TEST((subject.version() != before));
    subject.write("one", 1);
    BOOST_TEST((subject.version() == before));
    const file other;
    BOOST_TEST((other.version() != before));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_has_the_version_of_no_file) {
    const file subject;
    BOOST_TEST((file_version::of(subject.path() + "/none") == file_version{}));
    BOOST_TEST((subject.version() != file_version{}));
}

BOOST_AUTO_TEST_SUITE_END()
