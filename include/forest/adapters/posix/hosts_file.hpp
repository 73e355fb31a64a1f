// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_HOSTS_FILE_HPP
#define FOREST_ADAPTERS_POSIX_HOSTS_FILE_HPP

#include <forest/adapters/posix/file_version.hpp>
#include <forest/form.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

// Finds the names in the hosts file. Look-ups of these names are short, and must not wait for
// look-ups that use a name server. The resolver itself finds the addresses, because it knows the
// order of the services.

namespace forest::inline FOREST_FORM {

/// The names of a hosts file, read again when the file has changed. Thread-safe.
class hosts_file {
public:
    /// The largest part of the file that is read.
    static constexpr std::size_t bytes_max = std::size_t{1} << 20;

    /// How often the file is checked for a change.
    static constexpr std::chrono::seconds look_interval{1};

    explicit hosts_file(std::string path = "/etc/hosts") : path_{std::move(path)} {}
    hosts_file(const hosts_file&) = delete;
    hosts_file& operator=(const hosts_file&) = delete;
    ~hosts_file() { forget(); }

    /// Returns whether the file has `name`, which is in lower case. False if the file cannot be
    /// read.
    [[nodiscard]] bool contains(std::string_view name) noexcept;

private:
    struct descriptor {
        int number;
        ~descriptor() {
            if (number >= 0)
                ::close(number);
        }
    };

    void refresh();

    void read(int file);

    void forget() noexcept;

    // Finds the names in the text, puts zeros behind them, and puts them into `names`. Without
    // `names` it only counts them.
    [[nodiscard]] std::size_t find_names(const char** names) noexcept;

    [[nodiscard]] static int order(const void* left, const void* right) noexcept;

    const std::string path_;
    std::mutex mutex_;
    std::chrono::steady_clock::time_point look_again_at_{};
    file_version known_;
    std::string text_;             // of the file, in lower case
    const char** names_ = nullptr; // in the text; sorted
    std::size_t count_ = 0;
};

} // namespace forest::inline FOREST_FORM

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/impl/hosts_file.ipp>
#endif

#endif
