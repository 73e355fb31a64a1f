// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_DETAIL_LOOKUP_THREADS_HPP
#define FOREST_ADAPTERS_POSIX_DETAIL_LOOKUP_THREADS_HPP

#include <forest/adapters/posix/address_of.hpp>
#include <forest/adapters/posix/fork_mark.hpp>
#include <forest/form.hpp>

#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>

// The threads that call getaddrinfo. A call cannot be interrupted and may take for ever. So a
// thread inside the call is left behind when the owner of the threads ends. Such a thread must not
// use the owner, static variables or destructors. It uses only memory from malloc, and the last
// thread frees this memory.

namespace forest::inline FOREST_FORM::detail {

/// One look-up.
struct lookup_job {
    lookup_job* next;      // in the queue
    void* context;         // belongs to the owner; null when the owner has ended
    addrinfo* found;       // from getaddrinfo, like `code`
    int code;              // EAI_…, or 0
    int error;             // errno, if the code is EAI_SYSTEM
    bool lacks_descriptor; // the look-up failed, and no descriptor was left
    char name[256];        // with a zero behind it
};

/// A group of threads. They begin when they are needed, and end when they are idle. All functions
/// may be called from any thread.
class lookup_threads {
public:
    /// The length of the longest possible name.
    static constexpr std::size_t name_bytes_max = sizeof(lookup_job::name) - 1;

    /// How long a thread waits for another look-up before it ends.
    static constexpr time_t idle_seconds = 10;

    /// Enough for getaddrinfo and the modules that it loads.
    static constexpr std::size_t stack_bytes = std::size_t{256} * 1024;

    /// Called on one of the threads with the job. The job is freed after the call.
    using deliver = void (*)(void* owner, lookup_job& ended) noexcept;

    /// Makes a group of at most `threads_max` threads. Throws std::bad_alloc.
    static lookup_threads* begin(void* owner, deliver callback, std::size_t threads_max);

    lookup_threads(const lookup_threads&) = delete;
    lookup_threads& operator=(const lookup_threads&) = delete;

    /// Looks `name` up; it has at most `name_bytes_max` bytes. An empty name is reported as
    /// unknown. Returns false and does nothing if `end` was called. Throws std::bad_alloc. Throws
    /// std::system_error if no thread can be added and all threads may be inside getaddrinfo.
    bool look_up(std::string_view name, void* context);

    /// Ends the group and frees it. It waits for all threads except those inside getaddrinfo, which
    /// are left behind. It calls `drop` for the context of each look-up that has not ended. After
    /// this call nothing is delivered any more. In a child process the threads do not exist, and
    /// one of them may have held the lock for ever: there, the group and its look-ups are left as
    /// they are.
    template <typename Drop>
    void end(const Drop& drop) noexcept {
        if (made_.in_child())
            return;
        pthread_mutex_lock(&mutex_);
        ended_ = true;
        pthread_cond_broadcast(&work_);
        while (first_ != nullptr) {
            lookup_job* const job = first_;
            first_ = job->next;
            drop(job->context);
            std::free(job);
        }
        last_ = nullptr;
        queued_ = 0;
        while (worker* const each = workers_) {
            workers_ = each->next;
            if (lookup_job* const job = each->inside; job != nullptr) {
                void* const context = job->context;
                job->context = nullptr;
                each->left_behind = true;
                pthread_detach(each->thread);
                pthread_mutex_unlock(&mutex_);
                drop(context);
                pthread_mutex_lock(&mutex_);
                continue;
            }
            pthread_mutex_unlock(&mutex_);
            pthread_join(each->thread, nullptr);
            std::free(each);
            pthread_mutex_lock(&mutex_);
        }
        worker* const retired = std::exchange(retired_, nullptr);
        pthread_mutex_unlock(&mutex_);
        if (retired != nullptr) {
            pthread_join(retired->thread, nullptr);
            std::free(retired);
        }
        release();
    }

private:
    struct worker {
        lookup_threads* group;
        worker* next;       // among the workers
        lookup_job* inside; // the job of its call of getaddrinfo; null outside a call
        pthread_t thread;
        bool left_behind; // the thread frees itself
    };

    // This is no std::lock_guard of a std::mutex: a thread that is left behind must not use code of
    // this library or of the standard library.
    class guard {
    public:
        explicit guard(pthread_mutex_t& mutex) noexcept : mutex_{mutex} {
            pthread_mutex_lock(&mutex_);
        }
        guard(const guard&) = delete;
        guard& operator=(const guard&) = delete;
        ~guard() { pthread_mutex_unlock(&mutex_); }

    private:
        pthread_mutex_t& mutex_;
    };

    lookup_threads(void* owner, deliver callback, std::size_t threads_max) noexcept;

    // Under the lock.
    int add_thread() noexcept;

    static void* work(void* argument) noexcept;

    // Called under the lock. Returns null when the thread has to end.
    lookup_job* next_job() noexcept;

    // Called under the lock. A thread that ends because it is idle joins the one that ended before
    // it. So at most one such thread is not joined. At the end of the group, the owner joins the
    // other threads.
    worker* retire(worker& self) noexcept;

    static void look_up(lookup_job& job) noexcept;

    static void free_job(lookup_job* job) noexcept;

    // Not under the lock.
    void release() noexcept;

    const fork_mark made_;
    void* const owner_;
    const deliver callback_;
    const std::size_t threads_max_;
    pthread_mutex_t mutex_;
    pthread_cond_t work_; // there is a job, or the group has to end
    lookup_job* first_ = nullptr;
    lookup_job* last_ = nullptr;
    std::size_t queued_ = 0;
    worker* workers_ = nullptr;
    worker* retired_ = nullptr; // the last thread that ended because it was idle
    std::size_t threads_ = 0;
    std::size_t idle_ = 0;
    std::size_t inside_ = 0;     // in getaddrinfo
    std::size_t references_ = 1; // the owner and the threads
    bool ended_ = false;
};

} // namespace forest::inline FOREST_FORM::detail

#ifndef FOREST_SEPARATE_COMPILATION
#include <forest/adapters/posix/detail/impl/lookup_threads.ipp>
#endif

#endif
