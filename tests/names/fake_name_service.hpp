// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_NAMES_FAKE_NAME_SERVICE_HPP
#define FOREST_TESTS_NAMES_FAKE_NAME_SERVICE_HPP

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// A getaddrinfo that does what a test says. It is in fake_name_service.cpp, and serves the whole
// binary, which therefore has a folder of its own. Its state is never destroyed, as threads that
// hang in it may outlive the tests.

namespace forest::test {

/// What is known of a name.
struct fake_name {
    int code = 0;                                        ///< EAI_…
    int error = 0;                                       ///< errno beside it
    std::vector<std::uint32_t> addresses = {0x7f000001}; ///< IPv4, in host order
    bool hangs = false;                                  ///< until `release`
    std::chrono::milliseconds takes{0};
};

class fake_name_service {
public:
    static fake_name_service& get() {
        static fake_name_service& one = *new fake_name_service;
        return one;
    }

    /// Forgets all names and counts. Names that were not set are at 127.0.0.1, at once.
    void reset() {
        release();
        const std::unique_lock lock{mutex_};
        names_.clear();
        calls_.clear();
        usual_ = {};
        most_ = under_way_;
        released_ = false;
    }

    void set(const std::string& name, fake_name known) {
        const std::lock_guard lock{mutex_};
        names_[name] = std::move(known);
    }

    void set_all(fake_name known) {
        const std::lock_guard lock{mutex_};
        usual_ = std::move(known);
    }

    /// Lets all that hang end, and waits until they have.
    void release() {
        std::unique_lock lock{mutex_};
        released_ = true;
        changed_.notify_all();
        changed_.wait(lock, [this] { return under_way_ == 0; });
    }

    [[nodiscard]] std::size_t calls(const std::string& name) {
        const std::lock_guard lock{mutex_};
        return calls_[name];
    }

    [[nodiscard]] std::size_t calls() {
        const std::lock_guard lock{mutex_};
        std::size_t all = 0;
        for (const auto& [name, count] : calls_)
            all += count;
        return all;
    }

    [[nodiscard]] std::size_t under_way() {
        const std::lock_guard lock{mutex_};
        return under_way_;
    }

    /// How many were under way at a time at most.
    [[nodiscard]] std::size_t most() {
        const std::lock_guard lock{mutex_};
        return most_;
    }

    int look_up(const char* name, addrinfo** found) {
        std::unique_lock lock{mutex_};
        ++calls_[name];
        most_ = std::max(most_, ++under_way_);
        const auto entry = names_.find(name);
        const fake_name known = entry == names_.end() ? usual_ : entry->second;
        if (known.hangs)
            changed_.wait(lock, [this] { return released_; });
        if (known.takes.count() > 0) {
            lock.unlock();
            std::this_thread::sleep_for(known.takes);
            lock.lock();
        }
        --under_way_;
        changed_.notify_all();
        if (known.code != 0) {
            errno = known.error;
            return known.code;
        }
        for (auto each = known.addresses.rbegin(); each != known.addresses.rend(); ++each) {
            node* const one = new node{};
            one->address.sin_family = AF_INET;
            one->address.sin_addr.s_addr = htonl(*each);
            one->info.ai_family = AF_INET;
            one->info.ai_addr = reinterpret_cast<sockaddr*>(&one->address);
            one->info.ai_addrlen = sizeof one->address;
            one->info.ai_next = *found;
            *found = &one->info;
        }
        return 0;
    }

    static void free_all(addrinfo* first) {
        while (first != nullptr) {
            addrinfo* const next = first->ai_next;
            delete reinterpret_cast<node*>(first);
            first = next;
        }
    }

private:
    struct node {
        addrinfo info;
        sockaddr_in address;
    };

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, fake_name> names_;
    std::map<std::string, std::size_t> calls_;
    fake_name usual_;
    std::size_t under_way_ = 0;
    std::size_t most_ = 0;
    bool released_ = false;
};

/// For a test: begins with no names, and leaves no thread hanging.
struct with_fake_names {
    with_fake_names() { names.reset(); }
    ~with_fake_names() { names.release(); }

    fake_name_service& names = fake_name_service::get();
};

} // namespace forest::test

#endif
