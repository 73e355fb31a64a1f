// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_GET_IPP
#define FOREST_ADAPTERS_CURL_DETAIL_IMPL_CURL_GET_IPP

#include <forest/adapters/curl/detail/curl_get.hpp>
#include <forest/adapters/posix/address_of.hpp>
#include <forest/core/detail/logic/get_machine.hpp>
#include <forest/core/options.hpp>

#include <asio/post.hpp>

#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD curl_get::curl_get(std::shared_ptr<curl_context> context)
    : pending_get{context->serializer, context->mutex},
      context_{std::move(context)},
      handle_{context_->make_handle()} {
    CURL* const handle = handle_.get();
    curl_easy_setopt(handle, CURLOPT_PRIVATE, static_cast<curl_transfer*>(this));
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &curl_get::on_head);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &curl_get::on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &curl_get::on_open);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, &curl_get::on_request);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, this);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text_);
}

FOREST_DECL FOREST_COLD curl_get::~curl_get() {
    const lock held{context_->mutex};
    context_->leave_to_parent();
    leave_name();
    if (transferring_)
        context_->remove(handle_.get());
}

FOREST_DECL bool curl_get::busy() noexcept {
    const lock held{context_->mutex};
    return progress() != state::idle;
}

FOREST_DECL FOREST_COLD bool curl_get::waits_on_kept_connection() noexcept {
    const lock held{context_->mutex};
    return transferring_ && over_kept_ && !parser_.started();
}

FOREST_DECL void curl_get::begin(const request& http_request, duration timeout,
                                 unique_function<void(const reply&)>&& handler) {
    const lock held{context_->mutex};
    open(http_request, timeout, std::move(handler));
    lacking_before_ = context_->waits_lacking;
    parser_.reset(http_request.limits, http_request.method == "HEAD");
    received_ = 0;
    hosts_.clear();
    host_ = 0;
    from_memory_ = true;
    asked_again_ = false;
    refusal_ = {};
    sockets_opened_ = 0;
    try {
        const curl_proxy& proxy = context_->proxy;
        const curl_host target = target_host();
        if (http_request.target.scheme() == url_scheme::tcp) {
            finish(errc::url_scheme_unsupported);
        } else if (target.empty()) { // a unix socket
            transfer();
        } else {
            if (!proxy.host.empty() && !proxy.host.is_address)
                hosts_.push_back(proxy.host);
            if (!target.is_address && (proxy.host.empty() || !proxy.resolves))
                hosts_.push_back(target);
            outdated_.swap(resolved_);
            resolved_.clear();
            next_name();
        }
    } catch (const std::bad_alloc&) {
        finish(errc::local_resources_exhausted);
    }
    context_->proceed();
}

FOREST_DECL void curl_get::cancel() noexcept {
    const lock held{context_->mutex};
    if (progress() == state::idle)
        return;
    context_->leave_to_parent();
    leave_name();
    stop_transfer();
    finish(errc::operation_canceled);
    context_->proceed();
}

// -- Names --

FOREST_DECL curl_host curl_get::target_host() const {
    const url& target = http_request().target;
    if (target.scheme() == url_scheme::http_unix)
        return {};
    return {.name = std::string{target.host()},
            .port = target.port(),
            .is_address = target.is_ip_literal()};
}

FOREST_DECL void curl_get::next_name() {
    if (host_ == hosts_.size())
        transfer();
    else
        ask(false);
}

FOREST_DECL void curl_get::ask(bool after_failed_connect) {
    ++question_.number;
    asked_at_ = clock::now();
    const name_state known =
        context_->names->ask(hosts_[host_].name, after_failed_connect, question_);
    has_last_good_ = known == name_state::refreshing;
    asking_ = known == name_state::waiting || has_last_good_;
    if (!asking_) {
        if (question_.addresses.empty())
            unresolved(errc{question_.error.value()});
        else
            use_addresses();
        return;
    }
    patient_until_ = deadline();
    if (has_last_good_ || after_failed_connect)
        patient_until_ = asked_at_ + std::min<clock::duration>(context_->names->limits().patience,
                                                               (deadline() - asked_at_) / 2);
    if (patient_until_ < deadline())
        wait_until(patient_until_);
}

FOREST_DECL void curl_get::question::answered() noexcept {
    try {
        if (auto self = std::static_pointer_cast<curl_get>(owner_.weak_from_this().lock()))
            asio::post(owner_.context_->executor(),
                       [self = std::move(self), asked = number.load()] { self->resolved(asked); });
    } catch (const std::bad_alloc&) { // The GET ends at its deadline.
    }
}

FOREST_DECL void curl_get::resolved(std::uint64_t number) noexcept {
    const lock held{context_->mutex};
    if (!asking_ || question_.number != number)
        return;
    asking_ = false;
    from_memory_ = false;
    const duration took = clock::now() - asked_at_;
    result().timings.resolve = result().timings.resolve.value_or(duration::zero()) + took;
    if (question_.addresses.empty()) {
        unresolved(errc{question_.error.value()});
    } else {
        try {
            use_addresses();
        } catch (const std::bad_alloc&) {
            finish(errc::local_resources_exhausted);
        }
    }
    context_->proceed();
}

FOREST_DECL void curl_get::use_addresses() {
    const curl_host& host = hosts_[host_];
    std::string_view name = host.name;
    if (name.ends_with('.')) // as in curl_target
        name.remove_suffix(1);
    std::string line = resolve_line(name, host.port, question_.addresses.all());
    if (line.empty())
        return finish(errc::unreachable);
    if (asked_again_) {
        const bool is_known =
            std::find(resolved_.begin(), resolved_.end(), line) != resolved_.end();
        if (is_known && transferring_)
            return;
        if (is_known)
            return finish(refusal_);
        stop_transfer();
    }
    resolved_.push_back(std::move(line));
    ++host_;
    next_name();
}

FOREST_DECL FOREST_COLD void curl_get::unresolved(errc why) noexcept {
    if (transferring_)
        return;
    // Only "no such name" says more than the failure that is known already.
    if (asked_again_)
        finish(why == errc::resolve_failed ? why : refusal_);
    else
        finish(lacks_descriptor() ? errc::local_resources_exhausted : why);
}

FOREST_DECL void curl_get::leave_name() noexcept {
    if (!std::exchange(asking_, false))
        return;
    if (has_last_good_)
        context_->names->lose_patience(question_);
    else
        context_->names->leave(question_);
}

// No address that was known before this GET has answered yet. The name may have others now.
FOREST_DECL bool curl_get::is_lost() const noexcept {
    return transferring_ && !sent_ && hosts_.size() == 1 && from_memory_ && !asked_again_;
}

// No known address has accepted a connection. The name may have others now.
FOREST_DECL FOREST_COLD bool curl_get::asks_again(const curl_outcome& outcome) noexcept {
    if (!is_unconnected(outcome) || !from_memory_ || asked_again_ || hosts_.size() != 1)
        return false;
    asked_again_ = true;
    refusal_ = curl_failure(outcome);
    host_ = 0;
    try {
        ask(true);
    } catch (const std::bad_alloc&) {
        finish(errc::local_resources_exhausted);
    }
    return true;
}

// The next GET to this name begins with an address that answers. libcurl says which one it used.
FOREST_DECL void curl_get::note_address(bool answered) noexcept {
    if (hosts_.size() != 1 || question_.addresses.all().size() < 2)
        return;
    const char* text = nullptr;
    if (curl_easy_getinfo(handle_.get(), CURLINFO_PRIMARY_IP, &text) != CURLE_OK || text == nullptr)
        return;
    ip_address used;
    used.is_v6 = std::strchr(text, ':') != nullptr;
    if (::inet_pton(used.is_v6 ? AF_INET6 : AF_INET, text, used.bytes.data()) == 1 &&
        (!answered || !(question_.addresses.all().front() == used)))
        context_->names->used(hosts_.front().name, used, answered);
}

// -- The transfer --

FOREST_DECL void curl_get::add_line(text_list& list, const char* line) {
    curl_slist* const longer = curl_slist_append(list.get(), line);
    if (longer == nullptr)
        throw std::bad_alloc{};
    (void)list.release();
    list.reset(longer);
}

// The lines in the order in which asio_transport sends them: libcurl writes Host and User-Agent
// first, and the others as they stand here.
FOREST_DECL auto curl_get::head_lines() const -> text_list {
    const header_fields& own = http_request().fields;
    text_list lines;
    std::string line;
    if (!own.replaces(header_fields::host)) {
        line = "Host: ";
        line += http_request().target.host_header();
        add_line(lines, line.c_str());
    }
    if (!own.replaces(header_fields::accept))
        add_line(lines, "Accept: application/json");
    std::string_view text = own.text();
    while (!text.empty()) {
        const std::size_t end = text.find("\r\n");
        line = text.substr(0, end);
        text.remove_prefix(end + 2);
        // libcurl takes a name without a value as a request to leave the line out.
        if (const std::size_t colon = line.find(':'); trim_blanks(line.substr(colon + 1)).empty())
            line.replace(colon, std::string::npos, ";");
        add_line(lines, line.c_str());
    }
    if (!context_->options.reuse_connections)
        add_line(lines, "Connection: close");
    if (!http_request().body.empty())
        add_line(lines, "Expect:"); // leaves the line out
    return lines;
}

FOREST_DECL void curl_get::set_method() {
    const request& get = http_request();
    CURL* const handle = handle_.get();
    curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L); // resets what the last request has set
    curl_easy_setopt(handle, CURLOPT_NOBODY, get.method == "HEAD" ? 1L : 0L);
    if (!get.body.empty() || get.method == "POST") {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(get.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, get.body.data()); // It outlives the transfer.
    }
    const bool usual = get.method.empty() || get.method == "HEAD";
    const char* const method = usual ? nullptr : get.method.c_str();
    if (curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST,
                         usual && !get.body.empty() ? "GET" : method) != CURLE_OK)
        throw std::bad_alloc{};
}

FOREST_DECL void curl_get::transfer() {
    const url& target = http_request().target;
    CURL* const handle = handle_.get();
    lines_ = head_lines();
    addresses_.reset();
    for (std::string& each : outdated_) {
        if (std::find(resolved_.begin(), resolved_.end(), each) != resolved_.end())
            continue;
        each.front() = '-';
        each.resize(each.find(':', each.find(':') + 1)); // only the name and the port
        add_line(addresses_, each.c_str());
    }
    outdated_.clear();
    for (const std::string& each : resolved_)
        add_line(addresses_, each.c_str());

    const bool is_unix = target.scheme() == url_scheme::http_unix;
    const std::string socket{target.socket_path()};
    const std::string path{target.target()};
    const curl_proxy& proxy = context_->proxy;
    const bool is_forwarded =
        !proxy.host.empty() && proxy.forwards && target.scheme() == url_scheme::http;
    const auto set = [handle](CURLoption option, auto value) {
        if (curl_easy_setopt(handle, option, value) != CURLE_OK)
            throw std::bad_alloc{};
    };
    set(CURLOPT_URL, curl_target(target).c_str());
    set_method();
    set(CURLOPT_HTTPHEADER, lines_.get());
    set(CURLOPT_RESOLVE, addresses_.get());
    set(CURLOPT_UNIX_SOCKET_PATH, is_unix ? socket.c_str() : static_cast<const char*>(nullptr));
    set(CURLOPT_REQUEST_TARGET, is_forwarded ? static_cast<const char*>(nullptr) : path.c_str());
    const bool fresh = !context_->options.reuse_connections || http_request().fresh_connection;
    set(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
    // The deadline of this GET comes first.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline() - clock::now());
    set(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::max<std::int64_t>(left.count(), 0)) + 1000);
    trailers_.clear();
    opened_.clear();
    socket_error_ = 0;
    sent_ = over_kept_ = sends_again_ = false;
    broken_ = {};
    error_text_[0] = '\0';
    context_->add(handle);
    transferring_ = true;
    if (hosts_.size() == 1 && from_memory_ && !asked_again_) {
        patient_until_ = clock::now() + get_machine::attempt_delay_max;
        if (patient_until_ < deadline())
            wait_until(patient_until_);
    }
}

FOREST_DECL curl_socket_t curl_get::on_open(void* self, curlsocktype,
                                            curl_sockaddr* address) noexcept {
    auto& get = *static_cast<curl_get*>(self);
    // libcurl sends a request again if a kept connection has ended without an answer.
    if (get.sent_) {
        get.sends_again_ = true;
        return CURL_SOCKET_BAD;
    }
    ++get.sockets_opened_;
    const curl_socket_t made = get.context_->open(*address);
    if (made == CURL_SOCKET_BAD)
        get.socket_error_ = errno;
    try {
        get.opened_.push_back(made);
    } catch (const std::bad_alloc&) { // The connection is not used again.
    }
    return made;
}

FOREST_DECL curl_socket_t curl_get::socket_with(int port) const noexcept {
    for (const curl_socket_t each : opened_) {
        sockaddr_storage own{};
        socklen_t size = sizeof own;
        if (::getsockname(each, reinterpret_cast<sockaddr*>(&own), &size) != 0)
            continue;
        const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&own);
        const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&own);
        const int found = own.ss_family == AF_INET    ? ntohs(v4->sin_port)
                          : own.ss_family == AF_INET6 ? ntohs(v6->sin6_port)
                                                      : 0;
        if (found == port)
            return each;
    }
    return CURL_SOCKET_BAD;
}

FOREST_DECL int curl_get::on_request(void* self, char* server, char* own, int server_port,
                                     int own_port) noexcept {
    auto& get = *static_cast<curl_get*>(self);
    if (std::exchange(get.sent_, true)) {
        get.sends_again_ = true;
        return CURL_PREREQFUNC_ABORT;
    }
    get.over_kept_ = get.sockets_opened_ == 0;
    try {
        std::string ends = own != nullptr ? own : "";
        ends.append(1, ' ').append(std::to_string(own_port)).append(1, ' ');
        ends.append(server != nullptr ? server : "").append(1, ' ');
        ends.append(std::to_string(server_port));
        if (!get.over_kept_) {
            get.context_->connected(get.socket_with(own_port), ends);
            return CURL_PREREQFUNC_OK;
        }
        if (get.is_idle(ends))
            return CURL_PREREQFUNC_OK;
    } catch (const std::bad_alloc&) {
        get.broken_ = errc::local_resources_exhausted;
        return CURL_PREREQFUNC_ABORT;
    }
    get.sends_again_ = true;
    return CURL_PREREQFUNC_ABORT;
}

FOREST_DECL bool curl_get::is_idle(const std::string& ends) const noexcept {
    curl_tlssessioninfo* session = nullptr;
    (void)curl_easy_getinfo(handle_.get(), CURLINFO_TLS_SSL_PTR, &session);
    if (session != nullptr && session->internals != nullptr &&
        session->backend == CURLSSLBACKEND_OPENSSL) {
        const auto* const ssl = static_cast<const SSL*>(session->internals);
        const unsigned char* protocol = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl, &protocol, &size);
        if (size == 2 && protocol[0] == 'h') // h2: answers to others may come at any time
            return true;
        if (SSL_has_pending(ssl) == 1)
            return false;
    }
    return !context_->has_arrived(ends, session != nullptr && session->internals != nullptr);
}

FOREST_DECL std::size_t curl_get::on_head(char* bytes, std::size_t, std::size_t size,
                                          void* self) noexcept {
    auto& get = *static_cast<curl_get*>(self);
    std::string_view line{bytes, size};
    try {
        if (get.parser_.status() != 0) { // a trailer of HTTP/2
            get.trailers_ += line;
            if (get.trailers_.size() <= get.http_request().limits.head_bytes_max)
                return size;
            get.broken_ = errc::response_too_large;
            return 0;
        }
        // The status line of later versions, with the name that the parser knows.
        constexpr std::string_view later[] = {"HTTP/2 ", "HTTP/3 "};
        for (const std::string_view each : later) {
            if (!line.starts_with(each))
                continue;
            if (!get.receive("HTTP/1.1 "))
                return 0;
            line.remove_prefix(each.size());
        }
        return get.receive(line) ? size : 0;
    } catch (const std::bad_alloc&) {
        get.broken_ = errc::local_resources_exhausted;
        return 0;
    }
}

FOREST_DECL std::size_t curl_get::on_body(char* bytes, std::size_t, std::size_t size,
                                          void* self) noexcept {
    auto& get = *static_cast<curl_get*>(self);
    try {
        return get.receive({bytes, size}) ? size : 0;
    } catch (const std::bad_alloc&) {
        get.broken_ = errc::local_resources_exhausted;
        return 0;
    }
}

FOREST_DECL bool curl_get::receive(std::string_view bytes) {
    if (parser_.done())
        return !parser_.error();
    if (buffer_.size() < received_ + bytes.size())
        buffer_.resize(std::max(received_ + bytes.size(), 2 * buffer_.size()));
    std::memcpy(buffer_.data() + received_, bytes.data(), bytes.size());
    received_ = parser_.parse({buffer_.data(), received_ + bytes.size()});
    return !parser_.error();
}

FOREST_DECL curl_outcome curl_get::outcome_of(CURLcode code) const noexcept {
    curl_outcome outcome{.code = code, .system_error = socket_error_, .sent = sent_};
    long connect_error = 0;
    if (socket_error_ == 0 &&
        curl_easy_getinfo(handle_.get(), CURLINFO_OS_ERRNO, &connect_error) == CURLE_OK)
        outcome.system_error = static_cast<int>(connect_error);
    (void)curl_easy_getinfo(handle_.get(), CURLINFO_HTTP_CONNECTCODE, &outcome.proxy_status);
    return outcome;
}

FOREST_DECL std::chrono::microseconds curl_get::passed_until(CURLINFO moment) const noexcept {
    curl_off_t passed = 0;
    (void)curl_easy_getinfo(handle_.get(), moment, &passed);
    return std::chrono::microseconds{passed};
}

FOREST_DECL void curl_get::take_times() noexcept {
    phase_timings& timings = result().timings;
    const auto connected = passed_until(CURLINFO_CONNECT_TIME_T);
    const auto encrypted = passed_until(CURLINFO_APPCONNECT_TIME_T);
    if (sockets_opened_ > 0 && connected > connected.zero()) {
        timings.connect = connected - passed_until(CURLINFO_NAMELOOKUP_TIME_T);
        if (encrypted > connected)
            timings.tls = encrypted - connected;
    }
    // libcurl keeps a line back until it is complete, but not its time.
    const auto answered = passed_until(CURLINFO_STARTTRANSFER_TIME_T);
    if (answered > answered.zero())
        timings.first_byte =
            std::max(answered - passed_until(CURLINFO_PRETRANSFER_TIME_T), answered.zero());
}

FOREST_DECL void curl_get::transferred(CURLcode code) noexcept {
    const curl_outcome outcome = outcome_of(code);
    const bool complete = parser_.done() && !parser_.error();
    if (!parser_.done() && code == CURLE_OK)
        parser_.finish();
    const bool begun = parser_.started();
    errc why = curl_failure(outcome);
    if (broken_ != errc{})
        why = broken_;
    else if (parser_.done())
        why = errc{parser_.error().value()};
    else if (code == CURLE_OUT_OF_MEMORY && sent_ && finds_memory())
        why = errc::response_too_large; // libcurl has a limit for a line, and no other name for it
    else if (code == CURLE_RECV_ERROR && !begun && std::strstr(error_text_, " alert ") != nullptr)
        why = errc::tls_failed; // TLS 1.3 refuses a client when its handshake has ended
    note_address(complete);
    stop_transfer();
    if (!parser_.done() && asks_again(outcome))
        return;
    leave_name();
    result().send_again = !begun && broken_ == errc{} && (sends_again_ || over_kept_);
    if (result().send_again)
        why = errc::connection_lost;
    finish(why);
}

// Returns whether there is memory for more than the limit of libcurl.
FOREST_DECL FOREST_COLD bool curl_get::finds_memory() noexcept {
    constexpr std::size_t bytes = std::size_t{1} << 20;
    void* const found = ::operator new(bytes, std::nothrow);
    ::operator delete(found);
    return found != nullptr;
}

// -- Time and the end --

FOREST_DECL void curl_get::woke(clock::time_point now) noexcept {
    if (now >= deadline())
        return run_out(now);
    if (now < patient_until_ || (!asking_ && !is_lost()))
        return;
    try {
        if (!asking_) {
            asked_again_ = true;
            host_ = 0;
            ask(true);
        } else {
            leave_name();
            if (question_.addresses.empty())
                unresolved(errc::resolver_unavailable);
            else
                use_addresses();
        }
    } catch (const std::bad_alloc&) {
        stop_transfer();
        finish(errc::local_resources_exhausted);
    }
    context_->proceed();
}

// The deadline has passed. What has arrived before still counts, even if this thread is late.
FOREST_DECL void curl_get::run_out(clock::time_point) noexcept {
    if (transferring_)
        context_->look_at(handle_.get());
    if (progress() == state::ended)
        return;
    const bool was_asking = asking_;
    leave_name();
    const bool answered = transferring_ && parser_.done() && !parser_.error();
    stop_transfer();
    if (answered)
        finish(errc{});
    else if (refusal_ != errc{})
        finish(refusal_);
    else if (was_asking && sockets_opened_ == 0) // That says nothing about the server.
        finish(errc::resolver_unavailable);
    else
        finish(context_->waits_lacking != lacking_before_ ? errc::local_resources_exhausted
                                                          : errc::timed_out);
    context_->proceed();
}

FOREST_DECL void curl_get::stop_transfer() noexcept {
    if (!std::exchange(transferring_, false))
        return;
    take_times();
    context_->remove(handle_.get());
}

FOREST_DECL void curl_get::finish(errc why) noexcept {
    result().connections_opened = sockets_opened_;
    end(why);
}

FOREST_DECL std::vector<char> curl_get::take_answer(reply& answer) noexcept {
    std::vector<char> memory;
    memory.swap(buffer_); // the bytes stay where they are
    try {
        if (memory.size() < received_ + trailers_.size())
            memory.resize(received_ + trailers_.size());
        std::copy(trailers_.begin(), trailers_.end(),
                  memory.begin() + static_cast<std::ptrdiff_t>(received_));
    } catch (const std::bad_alloc&) {
        trailers_.clear();
        answer.error = errc::local_resources_exhausted;
    }
    const std::span<const char> data{memory.data(), received_};
    answer.trailers = field_view{{memory.data() + received_, trailers_.size()}};
    answer.status = parser_.status();
    answer.fields = parser_.fields(data);
    answer.body = answer.error ? std::string_view{} : parser_.body(data);
    return memory;
}

FOREST_DECL void curl_get::give_back(std::vector<char>& memory) noexcept {
    if (buffer_.empty() && memory.size() <= buffer_bytes_kept)
        buffer_.swap(memory);
}

} // namespace forest::inline FOREST_FORM::detail

#endif
