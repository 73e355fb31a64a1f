// SPDX-License-Identifier: BSL-1.0
#include "opened_descriptors.hpp"

#include <support/sanitized.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace forest::test {

opened_descriptors& opened_descriptors::get() {
    static auto& all = *new opened_descriptors; // used until the program ends
    return all;
}

void opened_descriptors::begin() {
    const std::lock_guard lock{mutex_};
    inherited_.clear();
    all_.clear();
    notes_ = true;
}

std::set<std::string> opened_descriptors::end() {
    const std::lock_guard lock{mutex_};
    notes_ = false;
    return inherited_;
}

std::size_t opened_descriptors::calls(const std::string& function) {
    const std::lock_guard lock{mutex_};
    return all_.count(function);
}

void opened_descriptors::note(const char* function, bool closed_on_exec, const char* detail) {
    const std::lock_guard lock{mutex_};
    if (!notes_)
        return;
    all_.insert(function);
    if (!closed_on_exec)
        inherited_.insert(*detail == '\0' ? function : std::string{function} + " " + detail);
}

namespace {

// Returns the function that this file replaces.
template <typename Function>
Function* original(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

[[maybe_unused]] int noted(int result, const char* function, bool closed_on_exec,
                           const char* detail = "") {
    if (result >= 0)
        opened_descriptors::get().note(function, closed_on_exec, detail);
    return result;
}

[[maybe_unused]] mode_t mode_in(int flags, va_list arguments) {
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : mode_t{0};
}

} // namespace

} // namespace forest::test

// The sanitizers replace some of these themselves.
#if !FOREST_TEST_IS_SANITIZED

using forest::test::mode_in;
using forest::test::noted;
using forest::test::original;

extern "C" {

int socket(int family, int type, int protocol) noexcept {
    static auto* const call = original<int(int, int, int)>("socket");
    return noted(call(family, type, protocol), "socket", (type & SOCK_CLOEXEC) != 0);
}

int socketpair(int family, int type, int protocol, int* pair) noexcept {
    static auto* const call = original<int(int, int, int, int*)>("socketpair");
    return noted(call(family, type, protocol, pair), "socketpair", (type & SOCK_CLOEXEC) != 0);
}

int accept(int listener, sockaddr* address, socklen_t* size) {
    static auto* const call = original<int(int, sockaddr*, socklen_t*)>("accept");
    return noted(call(listener, address, size), "accept", false);
}

int accept4(int listener, sockaddr* address, socklen_t* size, int flags) {
    static auto* const call = original<int(int, sockaddr*, socklen_t*, int)>("accept4");
    return noted(call(listener, address, size, flags), "accept4", (flags & SOCK_CLOEXEC) != 0);
}

int epoll_create(int size) noexcept {
    static auto* const call = original<int(int)>("epoll_create");
    return noted(call(size), "epoll_create", false);
}

int epoll_create1(int flags) noexcept {
    static auto* const call = original<int(int)>("epoll_create1");
    return noted(call(flags), "epoll_create1", (flags & EPOLL_CLOEXEC) != 0);
}

int eventfd(unsigned count, int flags) noexcept {
    static auto* const call = original<int(unsigned, int)>("eventfd");
    return noted(call(count, flags), "eventfd", (flags & EFD_CLOEXEC) != 0);
}

int timerfd_create(clockid_t clock, int flags) noexcept {
    static auto* const call = original<int(clockid_t, int)>("timerfd_create");
    return noted(call(clock, flags), "timerfd_create", (flags & TFD_CLOEXEC) != 0);
}

int pipe(int* ends) noexcept {
    static auto* const call = original<int(int*)>("pipe");
    return noted(call(ends), "pipe", false);
}

int pipe2(int* ends, int flags) noexcept {
    static auto* const call = original<int(int*, int)>("pipe2");
    return noted(call(ends, flags), "pipe2", (flags & O_CLOEXEC) != 0);
}

int dup(int number) noexcept {
    static auto* const call = original<int(int)>("dup");
    return noted(call(number), "dup", false);
}

int open(const char* path, int flags, ...) {
    static auto* const call = original<int(const char*, int, ...)>("open");
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_in(flags, arguments);
    va_end(arguments);
    return noted(call(path, flags, mode), "open", (flags & O_CLOEXEC) != 0, path);
}

int open64(const char* path, int flags, ...) {
    static auto* const call = original<int(const char*, int, ...)>("open64");
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_in(flags, arguments);
    va_end(arguments);
    return noted(call(path, flags, mode), "open", (flags & O_CLOEXEC) != 0, path);
}

FILE* fopen(const char* path, const char* mode) {
    static auto* const call = original<FILE*(const char*, const char*)>("fopen");
    FILE* const file = call(path, mode);
    (void)noted(file != nullptr ? 0 : -1, "fopen", std::strchr(mode, 'e') != nullptr, path);
    return file;
}

FILE* fopen64(const char* path, const char* mode) {
    static auto* const call = original<FILE*(const char*, const char*)>("fopen64");
    FILE* const file = call(path, mode);
    (void)noted(file != nullptr ? 0 : -1, "fopen", std::strchr(mode, 'e') != nullptr, path);
    return file;
}

} // extern "C"

#endif
