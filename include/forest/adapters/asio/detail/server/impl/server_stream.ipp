// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_STREAM_IPP
#define FOREST_ADAPTERS_ASIO_DETAIL_SERVER_IMPL_SERVER_STREAM_IPP

#include <forest/adapters/asio/detail/server/server_stream.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::error_code server_stream::assign(int descriptor) {
    std::error_code ec;
    socket_.assign(descriptor, ec);
    return ec;
}

FOREST_DECL auto server_stream::receive(std::span<char> space, std::span<char> scratch,
                                        std::size_t& count) -> stream_result {
    count = 0;
    if (!tls_)
        return read(space, count);
    for (int reads = 0; reads < tls_reads_max; ++reads) {
        if (const stream_result flushed = flush(); flushed != stream_result::done)
            return flushed;
        const progress decrypted = tls_->receive(space, count);
        if (decrypted == progress::done)
            return stream_result::done;
        // Sends the handshake, or the alert that informs the client why it failed.
        if (const stream_result flushed = flush(); flushed != stream_result::done)
            return flushed;
        if (decrypted != progress::wants_input)
            return stream_result::ended;
        std::size_t encrypted = 0;
        if (const stream_result result = read(scratch, encrypted); result != stream_result::done)
            return result;
        if (!tls_->input(scratch.first(encrypted)))
            return stream_result::ended;
    }
    return stream_result::wants_later_call;
}

FOREST_DECL void server_stream::begin_sending(std::string_view head, std::string_view body,
                                              bool last) noexcept {
    head_ = head;
    body_ = body;
    last_ = last;
}

FOREST_DECL bool server_stream::sending() const noexcept {
    return !head_.empty() || !body_.empty() || last_ || unsent() > 0;
}

FOREST_DECL auto server_stream::send(std::size_t& count) -> stream_result {
    count = 0;
    while (true) {
        if (tls_) {
            const std::size_t before = unsent();
            const stream_result flushed = flush();
            count += before - unsent();
            if (flushed != stream_result::done)
                return flushed;
        }
        if (head_.empty() && body_.empty() && !(tls_ && last_)) {
            last_ = false;
            return stream_result::done;
        }
        if (count >= bytes_per_turn)
            return stream_result::wants_later_call;
        if (tls_) {
            if (!encrypt())
                return stream_result::ended;
            continue;
        }
        if (const stream_result written = write(count); written != stream_result::done)
            return written;
    }
}

FOREST_DECL void server_stream::shutdown_sending() noexcept {
    ::shutdown(socket_.native_handle(), SHUT_WR);
}

FOREST_DECL void server_stream::close() noexcept {
    std::error_code ignored;
    socket_.close(ignored);
}

FOREST_DECL auto server_stream::read(std::span<char> space, std::size_t& count) noexcept
    -> stream_result {
    if (std::exchange(emptied_, false))
        return stream_result::wants_read;
    ssize_t received = 0;
    do
        received = ::recv(socket_.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
    while (received < 0 && errno == EINTR);
    if (received == 0)
        return stream_result::ended;
    if (received < 0)
        return errno == EAGAIN ? stream_result::wants_read : stream_result::ended;
    count = static_cast<std::size_t>(received);
    emptied_ = count < space.size();
    return stream_result::done;
}

FOREST_DECL auto server_stream::write(std::size_t& count) noexcept -> stream_result {
    // sendmsg does not write to the parts.
    iovec parts[] = {{const_cast<char*>(head_.data()), head_.size()},
                     {const_cast<char*>(body_.data()), body_.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = std::size(parts);
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
        return stream_result::done; // The caller tries again.
    if (sent < 0)
        return errno == EAGAIN ? stream_result::wants_write : stream_result::ended;
    const auto taken = static_cast<std::size_t>(sent);
    count += taken;
    const std::size_t of_head = std::min(taken, head_.size());
    head_.remove_prefix(of_head);
    body_.remove_prefix(taken - of_head);
    return stream_result::done;
}

FOREST_DECL bool server_stream::encrypt() {
    std::string_view& source = head_.empty() ? body_ : head_;
    if (source.empty()) {
        last_ = false;
        tls_->goodbye();
        return true;
    }
    const std::string_view piece = source.substr(0, encrypted_at_once);
    source.remove_prefix(piece.size());
    return tls_->send(piece) == progress::done;
}

FOREST_DECL auto server_stream::flush() noexcept -> stream_result {
    while (true) {
        const std::string_view rest = tls_->output().substr(flushed_);
        if (rest.empty())
            break;
        const ssize_t sent =
            ::send(socket_.native_handle(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN ? stream_result::wants_write : stream_result::ended;
        flushed_ += static_cast<std::size_t>(sent);
    }
    if (flushed_ > 0)
        tls_->output_sent();
    flushed_ = 0;
    return stream_result::done;
}

} // namespace forest::inline FOREST_FORM::detail

#endif
