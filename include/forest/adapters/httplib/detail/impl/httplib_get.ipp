// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_HTTPLIB_DETAIL_IMPL_HTTPLIB_GET_IPP
#define FOREST_ADAPTERS_HTTPLIB_DETAIL_IMPL_HTTPLIB_GET_IPP

#include <forest/adapters/httplib/detail/httplib_get.hpp>
#include <forest/adapters/openssl/tls_client.hpp>
#include <forest/adapters/posix/address_of.hpp>

#include <asio/post.hpp>

#include <arpa/inet.h>

#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL FOREST_COLD httplib_get::httplib_get(arguments made_from)
    : pending_get{made_from.serializer, httplib_lock::mutex}, made_from_{std::move(made_from)} {
    const tls_options& tls = made_from_.options.tls;
    // A file that cannot be used is found now and not by the first check.
    if (!tls.ca_file.empty() || !tls.certificate_file.empty() || !tls.private_key_file.empty())
        (void)tls_client{tls};
}

FOREST_DECL FOREST_COLD httplib_get::~httplib_get() {
    const lock held{httplib_lock::mutex};
    leave();
}

FOREST_DECL FOREST_COLD std::shared_ptr<httplib_get> httplib_get::another() const {
    return std::make_shared<httplib_get>(made_from_);
}

FOREST_DECL bool httplib_get::busy() noexcept {
    const lock held{httplib_lock::mutex};
    return progress() != state::idle;
}

FOREST_DECL void httplib_get::begin(const request& http_request, duration timeout,
                                    unique_function<void(const reply&)>&& handler) {
    const lock held{httplib_lock::mutex};
    open(http_request, timeout, std::move(handler));
    has_answer_ = false;
    call_.reset();
    const url& target = http_request.target;
    if (!httplib_call::supports(target.scheme()))
        return end(errc::url_scheme_unsupported);
    try {
        call_ = std::make_shared<httplib_call>(http_request, made_from_.options, deadline());
        if (target.is_ip_literal())
            call();
        else
            ask();
    } catch (const std::bad_alloc&) {
        end(errc::local_resources_exhausted);
    }
}

FOREST_DECL FOREST_COLD void httplib_get::cancel() noexcept {
    const lock held{httplib_lock::mutex};
    if (progress() == state::idle)
        return;
    leave();
    end(errc::operation_canceled);
}

// Ends what the GET waits for.
FOREST_DECL void httplib_get::leave() noexcept {
    if (std::exchange(asking_, false))
        made_from_.names->leave(question_);
    if (call_ != nullptr && !has_answer_)
        call_->abandon();
}

// -- Names --

FOREST_DECL void httplib_get::ask() {
    ++question_.number;
    asked_at_ = clock::now();
    const name_state known = made_from_.names->ask(http_request().target.host(), false, question_);
    if (known == name_state::refreshing) // The next GET profits from the new answer.
        made_from_.names->lose_patience(question_);
    asking_ = known == name_state::waiting;
    if (!asking_)
        use_addresses();
}

FOREST_DECL void httplib_get::question::answered() noexcept {
    try {
        if (auto self = std::static_pointer_cast<httplib_get>(owner_.weak_from_this().lock()))
            asio::post(owner_.serializer().get_executor(),
                       [self = std::move(self), asked = number.load()] { self->resolved(asked); });
    } catch (const std::bad_alloc&) { // The GET ends at its deadline.
    }
}

FOREST_DECL void httplib_get::resolved(std::uint64_t number) noexcept {
    const lock held{httplib_lock::mutex};
    if (!asking_ || question_.number != number)
        return;
    asking_ = false;
    result().timings.resolve = clock::now() - asked_at_;
    try {
        use_addresses();
    } catch (const std::bad_alloc&) {
        end(errc::local_resources_exhausted);
    }
}

FOREST_DECL void httplib_get::use_addresses() {
    if (question_.addresses.empty())
        return end(lacks_descriptor() ? errc::local_resources_exhausted
                                      : errc{question_.error.value()});
    for (const ip_address& each : question_.addresses.all()) {
        char text[INET6_ADDRSTRLEN] = {};
        (void)::inet_ntop(each.is_v6 ? AF_INET6 : AF_INET, each.bytes.data(), text, sizeof text);
        call_->addresses.emplace_back(text);
    }
    call();
}

// -- The call --

FOREST_DECL void httplib_get::call() {
    asio::post(made_from_.threads,
               [self = std::static_pointer_cast<httplib_get>(shared_from_this()), call = call_] {
                   call->perform();
                   try {
                       asio::post(self->serializer().get_executor(),
                                  [self, call] { self->called(call); });
                   } catch (const std::bad_alloc&) { // The GET ends at its deadline.
                   }
               });
}

FOREST_DECL void httplib_get::called(const std::shared_ptr<httplib_call>& done) noexcept {
    const lock held{httplib_lock::mutex};
    if (progress() != state::pending || call_ != done)
        return;
    has_answer_ = true;
    result().connections_opened = done->connections_opened();
    const std::span<const ip_address> known = question_.addresses.all();
    if (const std::size_t used = done->address(); done->addresses.size() > 1 &&
                                                  used < known.size() &&
                                                  (done->error() == errc{}) != (used == 0))
        made_from_.names->used(http_request().target.host(), ip_address{known[used]},
                               done->error() == errc{});
    end(done->error());
}

FOREST_DECL void httplib_get::woke(clock::time_point now) noexcept {
    if (now < deadline())
        return;
    // A call that got no thread has not reached the server, if there was time for it.
    const bool has_waited =
        !asking_ && call_ != nullptr && !call_->has_begun() && deadline() > started();
    const bool was_asking = asking_;
    leave();
    end(was_asking   ? errc::resolver_unavailable
        : has_waited ? errc::local_resources_exhausted
                     : errc::timed_out);
}

FOREST_DECL std::vector<char> httplib_get::take_answer(reply& answer) noexcept {
    std::vector<char> memory;
    const std::shared_ptr<httplib_call> done = std::exchange(call_, nullptr);
    if (!has_answer_ || done == nullptr)
        return memory;
    memory.swap(done->answer());
    const std::string_view all{memory.data(), memory.size()};
    answer.status = done->status();
    answer.fields = field_view{all.substr(0, done->head_bytes())};
    if (!answer.error)
        answer.body = all.substr(done->head_bytes());
    return memory;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
