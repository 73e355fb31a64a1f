// SPDX-License-Identifier: BSL-1.0

// The multi interface of libcurl in the way that its manual gives for thousands of transfers:
// curl_multi_socket_action on an epoll of one's own, and one easy handle for each target.

#include "prober.hpp"
#include "sockets.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace compare;

class libcurl_multi {
public:
    explicit libcurl_multi(const prober_options& settings)
        : settings_{settings},
          epoll_{::epoll_create1(EPOLL_CLOEXEC)},
          multi_{curl_multi_init()},
          targets_(settings.targets.size()) {
        require(epoll_ >= 0, "epoll_create1");
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &libcurl_multi::on_socket);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &libcurl_multi::on_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(targets_.size()));
        for (std::size_t index = 0; index < targets_.size(); ++index)
            prepare(targets_[index], settings.targets[index], settings.reuse);
    }

    tally run_at_interval() {
        schedule due{settings_};
        while (goes_on(settings_, made_.checks))
            wait(due.run([this](std::size_t index) { begin(targets_[index]); }));
        return made_;
    }

    tally run_flat_out() {
        flat_out_ = true;
        for (; next_ < std::min<std::size_t>(settings_.flat_out, targets_.size()); ++next_)
            begin(targets_[next_]);
        while (goes_on(settings_, made_.checks))
            wait(std::chrono::seconds{1});
        return made_;
    }

private:
    using clock = std::chrono::steady_clock;

    struct target {
        CURL* handle = nullptr;
        std::string body;
        bool checking = false;
        bool reuse = false;
    };

    static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* receiver) {
        static_cast<target*>(receiver)->body.append(bytes, size);
        return size;
    }

    static void prepare(target& subject, const std::string& url, bool reuse) {
        subject.handle = curl_easy_init();
        if (subject.handle == nullptr)
            throw std::runtime_error{"curl_easy_init"};
        subject.reuse = reuse;
        curl_easy_setopt(subject.handle, CURLOPT_URL, url.c_str());
        curl_easy_setopt(subject.handle, CURLOPT_NOSIGNAL, 1L);
        // Addresses are kept for ever, because it looks through all of them after each transfer for
        // those that are too old: with 5,000 that costs four times as much as the check.
        curl_easy_setopt(subject.handle, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
        curl_easy_setopt(subject.handle, CURLOPT_TIMEOUT_MS, 5000L);
        curl_easy_setopt(subject.handle, CURLOPT_WRITEFUNCTION, &libcurl_multi::on_body);
        curl_easy_setopt(subject.handle, CURLOPT_WRITEDATA, &subject);
        curl_easy_setopt(subject.handle, CURLOPT_PRIVATE, &subject);
        if (!reuse) {
            curl_easy_setopt(subject.handle, CURLOPT_FRESH_CONNECT, 1L);
            curl_easy_setopt(subject.handle, CURLOPT_FORBID_REUSE, 1L);
        }
    }

    // The set of events that libcurl asks for changes during a transfer, and so the registration.
    static int on_socket(CURL*, curl_socket_t descriptor, int interest, void* self,
                         void* registered) {
        auto& prober = *static_cast<libcurl_multi*>(self);
        if (interest == CURL_POLL_REMOVE) {
            ::epoll_ctl(prober.epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
            return 0;
        }
        epoll_event wanted{};
        wanted.events = ((interest & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) |
                        ((interest & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
        wanted.data.fd = descriptor;
        if (registered != nullptr)
            return ::epoll_ctl(prober.epoll_, EPOLL_CTL_MOD, descriptor, &wanted);
        curl_multi_assign(prober.multi_, descriptor, self);
        return ::epoll_ctl(prober.epoll_, EPOLL_CTL_ADD, descriptor, &wanted);
    }

    static int on_timer(CURLM*, long milliseconds, void* self) {
        auto& prober = *static_cast<libcurl_multi*>(self);
        prober.wake_.reset();
        if (milliseconds >= 0)
            prober.wake_ = clock::now() + std::chrono::milliseconds{milliseconds};
        return 0;
    }

    void begin(target& subject) {
        if (subject.checking)
            return; // Until its own deadline.
        subject.checking = true;
        subject.body.clear();
        curl_multi_add_handle(multi_, subject.handle);
    }

    void wait(std::chrono::milliseconds at_most) {
        if (wake_)
            at_most = std::min(at_most,
                               std::chrono::ceil<std::chrono::milliseconds>(*wake_ - clock::now()));
        const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()),
                                       static_cast<int>(std::max(at_most.count(), {0})));
        int running = 0;
        for (int index = 0; index < count; ++index) {
            const epoll_event& event = events_[static_cast<std::size_t>(index)];
            const int readiness =
                ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi_, event.data.fd, readiness, &running);
        }
        if (wake_ && *wake_ <= clock::now()) {
            wake_.reset();
            curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        take_results();
    }

    void take_results() {
        int left = 0;
        while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
            if (message->msg != CURLMSG_DONE)
                continue;
            CURL* const handle = message->easy_handle;
            const bool received = message->data.result == CURLE_OK;
            long status = 0;
            void* data = nullptr;
            curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
            curl_easy_getinfo(handle, CURLINFO_PRIVATE, &data);
            curl_multi_remove_handle(multi_, handle);
            auto& subject = *static_cast<target*>(data);
            subject.checking = false;
            made_.count(received && status == 200 && says_ok(subject.body));
            if (flat_out_ && !stopped)
                begin(subject.reuse ? subject : targets_[next_++ % targets_.size()]);
        }
    }

    const prober_options& settings_;
    int epoll_;
    CURLM* multi_;
    std::vector<target> targets_;
    std::optional<clock::time_point> wake_;
    bool flat_out_ = false;
    std::size_t next_ = 0;
    tally made_;
    std::array<epoll_event, 512> events_;
};

} // namespace

int main(int count, char** arguments) {
    return compare::main(count, arguments, [](const prober_options& settings) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        // Its handles are left to the end of the process.
        libcurl_multi prober{settings};
        return settings.flat_out > 0 ? prober.run_flat_out() : prober.run_at_interval();
    });
}
