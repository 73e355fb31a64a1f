// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_POSIX_DETAIL_IMPL_LOOKUP_THREADS_IPP
#define FOREST_ADAPTERS_POSIX_DETAIL_IMPL_LOOKUP_THREADS_IPP

#include <forest/adapters/posix/detail/lookup_threads.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD lookup_threads* lookup_threads::begin(void* owner, deliver callback,
                                                              std::size_t threads_max) {
    void* const memory = std::malloc(sizeof(lookup_threads));
    if (memory == nullptr)
        throw std::bad_alloc{};
    return ::new (memory) lookup_threads{owner, callback, threads_max};
}

FOREST_DECL FOREST_COLD bool lookup_threads::look_up(std::string_view name, void* context) {
    auto* const job = static_cast<lookup_job*>(std::calloc(1, sizeof(lookup_job)));
    if (job == nullptr)
        throw std::bad_alloc{};
    job->context = context;
    std::copy_n(name.data(), std::min(name.size(), name_bytes_max), job->name);
    const guard lock{mutex_};
    if (ended_) {
        std::free(job);
        return false;
    }
    if (idle_ <= queued_ && threads_ < threads_max_) {
        if (const int error = add_thread(); error != 0 && threads_ - inside_ <= queued_) {
            std::free(job);
            throw std::system_error{error, std::system_category(), "pthread_create"};
        }
    }
    (last_ != nullptr ? last_->next : first_) = job;
    last_ = job;
    ++queued_;
    pthread_cond_signal(&work_);
    return true;
}

FOREST_DECL FOREST_COLD lookup_threads::lookup_threads(void* owner, deliver callback,
                                                       std::size_t threads_max) noexcept
    : owner_{owner}, callback_{callback}, threads_max_{threads_max} {
    pthread_mutex_init(&mutex_, nullptr);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&work_, &attributes);
    pthread_condattr_destroy(&attributes);
}

FOREST_DECL FOREST_COLD int lookup_threads::add_thread() noexcept {
    auto* const added = static_cast<worker*>(std::calloc(1, sizeof(worker)));
    if (added == nullptr)
        return ENOMEM;
    added->group = this;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(
        &attributes,
        std::max(stack_bytes, static_cast<std::size_t>(std::max<long>(PTHREAD_STACK_MIN, 0))));
    const int error = [&] {
        const signals_blocked for_the_thread;
        return pthread_create(&added->thread, &attributes, &work, added);
    }();
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        std::free(added);
        return error;
    }
    added->next = workers_;
    workers_ = added;
    ++threads_;
    ++references_;
    return 0;
}

FOREST_DECL FOREST_COLD void* lookup_threads::work(void* argument) noexcept {
    auto* const self = static_cast<worker*>(argument);
    lookup_threads* const group = self->group;
    pthread_mutex_lock(&group->mutex_);
    while (lookup_job* const job = group->next_job()) {
        self->inside = job;
        ++group->inside_;
        pthread_mutex_unlock(&group->mutex_);
        look_up(*job);
        pthread_mutex_lock(&group->mutex_);
        self->inside = nullptr;
        --group->inside_;
        if (self->left_behind) {
            free_job(job);
            break;
        }
        pthread_mutex_unlock(&group->mutex_);
        group->callback_(group->owner_, *job);
        free_job(job);
        pthread_mutex_lock(&group->mutex_);
    }
    worker* const before = group->retire(*self);
    const bool left_behind = self->left_behind;
    pthread_mutex_unlock(&group->mutex_);
    if (before != nullptr) {
        pthread_join(before->thread, nullptr);
        std::free(before);
    }
    group->release();
    if (left_behind)
        std::free(self);
    return nullptr;
}

FOREST_DECL FOREST_COLD lookup_job* lookup_threads::next_job() noexcept {
    timespec until{};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += idle_seconds;
    ++idle_;
    for (int error = 0; first_ == nullptr && !ended_ && error != ETIMEDOUT;)
        error = pthread_cond_timedwait(&work_, &mutex_, &until);
    --idle_;
    lookup_job* const job = first_;
    if (job == nullptr || ended_)
        return nullptr;
    first_ = job->next;
    if (first_ == nullptr)
        last_ = nullptr;
    --queued_;
    return job;
}

FOREST_DECL FOREST_COLD auto lookup_threads::retire(worker& self) noexcept -> worker* {
    --threads_;
    if (ended_)
        return nullptr;
    worker** each = &workers_;
    while (*each != &self)
        each = &(*each)->next;
    *each = self.next;
    return std::exchange(retired_, &self);
}

FOREST_DECL FOREST_COLD void lookup_threads::look_up(lookup_job& job) noexcept {
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM; // each address once
    errno = 0;
    job.code =
        job.name[0] == '\0' ? EAI_NONAME : ::getaddrinfo(job.name, nullptr, &wanted, &job.found);
    job.error = errno;
    job.lacks_descriptor = job.code != 0 && lacks_descriptor();
}

FOREST_DECL FOREST_COLD void lookup_threads::free_job(lookup_job* job) noexcept {
    if (job->code == 0 && job->found != nullptr)
        ::freeaddrinfo(job->found);
    std::free(job);
}

FOREST_DECL FOREST_COLD void lookup_threads::release() noexcept {
    pthread_mutex_lock(&mutex_);
    const bool last = --references_ == 0;
    pthread_mutex_unlock(&mutex_);
    if (!last)
        return;
    pthread_cond_destroy(&work_);
    pthread_mutex_destroy(&mutex_);
    std::free(this);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
