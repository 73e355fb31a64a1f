// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_TESTS_FUZZ_CHUNKED_TARGET_HPP
#define FOREST_TESTS_FUZZ_CHUNKED_TARGET_HPP

#include <core/detail/http/feeding.hpp>
#include <forest/core/detail/http/chunked.hpp>
#include <forest/core/detail/http/framing.hpp>
#include <forest/core/error.hpp>
#include <forest/core/message_limits.hpp>
#include <fuzz/message_script.hpp>
#include <fuzz/require.hpp>

// Chunked bodies, in any pieces, are decoded as by a reference that has the whole body at once: the
// same data, the same fault, and the same bytes left for the next message. The first two bytes of
// the input choose the limits, the next ones the pieces. Each byte behind them adds a part to the
// body: sizes, extensions, ends of lines, data, trailers, right and wrong.

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace forest_fuzz {

namespace detail {

/// How a chunked body ends.
struct chunked_result {
    forest::detail::scan_status status = forest::detail::scan_status::more;
    forest::detail::framing_fault fault = forest::detail::framing_fault::none;
    std::string body;    ///< up to the end or the fault
    std::string surplus; ///< behind the end

    friend bool operator==(const chunked_result&, const chunked_result&) = default;
};

/// The reference. It follows the grammar of RFC 9112, 7.1, from left to right, and knows nothing of
/// pieces. Blanks behind the size are allowed. A limit counts before the grammar.
class chunked_reference {
public:
    chunked_reference(std::string_view input, std::size_t body_bytes_max,
                      std::size_t extra_bytes_max)
        : input_{input}, body_left_{body_bytes_max}, extra_left_{extra_bytes_max} {}

    chunked_result decode() {
        try {
            while (decode_chunk())
                ;
            decode_trailers();
            result_.status = forest::detail::scan_status::done;
            result_.surplus = input_.substr(at_);
        } catch (const forest::detail::framing_fault why) {
            result_.fault = why;
            if (why != forest::detail::framing_fault::none)
                result_.status = forest::detail::scan_status::fault;
        }
        return result_;
    }

private:
    using fault = forest::detail::framing_fault;

    // The next byte. The end of the input ends everything, without a fault.
    char peek() const {
        if (at_ == input_.size())
            throw fault::none;
        return input_[at_];
    }

    void expect(char byte) {
        if (peek() != byte)
            throw fault::malformed;
        ++at_;
    }

    // A byte that counts against the limit of extensions and trailers.
    char take_extra() {
        const char byte = peek();
        if (extra_left_ == 0)
            throw fault::head_too_large;
        --extra_left_;
        ++at_;
        return byte;
    }

    static bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }

    static bool is_token(char byte) {
        constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
        const auto code = static_cast<unsigned char>(byte);
        return code < 128 &&
               (std::isalnum(code) != 0 || signs.find(byte) != std::string_view::npos);
    }

    static bool is_text(char byte) {
        const auto code = static_cast<unsigned char>(byte);
        return code == '\t' || (code >= 32 && code != 127);
    }

    std::size_t decode_size() {
        constexpr std::size_t digits_max = 16;
        std::string digits;
        while (std::isxdigit(static_cast<unsigned char>(peek())) != 0) {
            digits.push_back(input_[at_++]);
            if (digits.size() > digits_max)
                throw fault::malformed;
            if (std::strtoull(digits.c_str(), nullptr, 16) > body_left_)
                throw fault::body_too_large;
        }
        if (digits.empty())
            throw fault::malformed;
        return std::strtoull(digits.c_str(), nullptr, 16);
    }

    // Returns false behind the last chunk.
    bool decode_chunk() {
        const std::size_t size = decode_size();
        decode_extensions();
        expect('\r');
        expect('\n');
        if (size == 0)
            return false;
        const std::string_view data = input_.substr(at_, size);
        result_.body += data;
        body_left_ -= data.size();
        at_ += data.size();
        if (data.size() < size)
            throw fault::none;
        expect('\r');
        expect('\n');
        return true;
    }

    void skip_blanks() {
        while (is_blank(peek()))
            (void)take_extra();
    }

    // Leaves the CR, or what stands there instead, to the caller.
    void decode_extensions() {
        skip_blanks();
        while (peek() != '\r') {
            if (take_extra() != ';')
                throw fault::malformed;
            skip_blanks();
            decode_word();
            skip_blanks();
            if (peek() != '=')
                continue;
            (void)take_extra();
            skip_blanks();
            if (peek() == '"')
                decode_quoted();
            else
                decode_word();
            skip_blanks();
        }
    }

    void decode_word() {
        if (!is_token(take_extra()))
            throw fault::malformed;
        while (is_token(peek()))
            (void)take_extra();
    }

    void decode_quoted() {
        (void)take_extra();
        for (char byte = take_extra(); byte != '"'; byte = take_extra()) {
            if (byte == '\\')
                byte = take_extra();
            if (!is_text(byte))
                throw fault::malformed;
        }
    }

    void decode_trailers() {
        for (;;) {
            char byte = take_extra();
            if (byte == '\r') {
                if (take_extra() != '\n')
                    throw fault::malformed;
                return;
            }
            do { // at least one byte
                if (!is_token(byte))
                    throw fault::malformed;
                byte = take_extra();
            } while (byte != ':');
            for (byte = take_extra(); byte != '\r'; byte = take_extra()) {
                if (!is_text(byte))
                    throw fault::malformed;
            }
            if (take_extra() != '\n')
                throw fault::malformed;
        }
    }

    std::string_view input_;
    std::size_t at_ = 0;
    std::size_t body_left_;
    std::size_t extra_left_;
    chunked_result result_;
};

/// Builds a body from the choices of an input. What is not a chunk is added as it is.
inline std::string build_chunked(std::string_view choices) {
    constexpr std::array<std::string_view, 16> extensions{
        ";a", ";a=b",       " ;\ta = b ", ";a=\"b\"",       ";a=\"\\\"\\\\ \t\"", ";a;b=c;d",
        ";",  ";=",         ";a=",        ";a=\"b",         ";a=\"\\\r\"",        ";a=\"b\"c",
        "  ", "\t;a=b\t;c", " x",         ";a=\"\x80\xff\""};
    constexpr std::array<std::string_view, 8> ends{"\r\n", "\n",   "\r",    "\r\r\n",
                                                   "",     "\n\r", " \r\n", "\r\n\r\n"};
    constexpr std::array<std::string_view, 16> trailers{"A: b\r\n",
                                                        "A:\r\n",
                                                        "A : b\r\n",
                                                        ": b\r\n",
                                                        "A: b\n",
                                                        "A: \x01\r\n",
                                                        " A: b\r\n",
                                                        "A: b\r\n c\r\n",
                                                        "A\r\n",
                                                        "A: b\r",
                                                        "Content-Length: 5\r\n",
                                                        "a-b_c: \xff\r\n",
                                                        "A: b: c\r\n",
                                                        "\r",
                                                        "\n",
                                                        "A:\tb \r\n"};
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    std::string body;
    while (!choices.empty() && body.size() < expanded_bytes_max) {
        const std::size_t choice = take_choice(choices);
        const std::size_t which = choice / 16;
        switch (choice % 16) {
        case 0:
        case 1:
        case 2: { // a chunk as it should be: the size, and its data
            const std::size_t size = choice % 16 == 0   ? 1 + which
                                     : choice % 16 == 1 ? which * 37 + 1
                                                        : which * 1000 + 1;
            std::array<char, 24> text{};
            (void)std::snprintf(text.data(), text.size(), which % 2 == 0 ? "%zx" : "%06zX", size);
            body += text.data();
            if (which % 4 == 3)
                body += extensions[take_choice(choices) % extensions.size()];
            body += "\r\n" + filler(size) + "\r\n";
            break;
        }
        case 3: // the end as it should be, and a next message
            body += "0\r\n\r\n";
            break;
        case 4: body += "0\r\n"; break;
        case 5: body += extensions[which]; break;
        case 6: body += trailers[which]; break;
        case 7: body += ends[which % ends.size()]; break;
        case 8: body += filler(which); break;
        case 9: body.append(1 + which, '0'); break;
        case 10: body.append(1 + which, 'f'); break;
        case 11: body += digits[(which + take_choice(choices)) % digits.size()]; break;
        case 12: body += "\r\n"; break;
        case 13: body += ";" + filler(which * 50) + "=b"; break;
        case 14: body += "A: " + filler(which * 50) + "\r\n"; break;
        default: body.push_back(static_cast<char>(take_choice(choices)));
        }
    }
    return body;
}

inline chunked_result decode_in_pieces(std::string_view message, const forest_test::cuts& positions,
                                       std::size_t body_bytes_max, std::size_t extra_bytes_max) {
    using forest::detail::scan_status;
    forest::detail::chunk_decoder decoder{body_bytes_max, extra_bytes_max};
    chunked_result result;
    for_each_piece(message, positions, [&](std::string_view piece) {
        if (result.status == scan_status::done) {
            result.surplus += piece;
            return true;
        }
        // The data goes to the front, as in a buffer, and nothing behind it may be touched.
        std::vector<char> room{piece.begin(), piece.end()};
        std::size_t read = 0;
        std::size_t write = 0;
        result.status = decoder.decode(room, read, write);
        require(write <= read && read <= room.size(), "the decoder leaves its buffer");
        require(result.status != scan_status::more || read == room.size(), "bytes are left");
        result.body.append(room.data(), write);
        if (result.status == scan_status::done)
            result.surplus.append(room.begin() + static_cast<std::ptrdiff_t>(read), room.end());
        return result.status != scan_status::fault;
    });
    result.fault = decoder.fault();
    return result;
}

// The errors of the parsers for a fault.
inline std::error_code answer_error(const chunked_result& result) {
    using forest::detail::framing_fault;
    if (result.status == forest::detail::scan_status::more)
        return forest::errc::connection_lost;
    switch (result.fault) {
    case framing_fault::none: return {};
    case framing_fault::malformed: return forest::errc::malformed_response;
    default: return forest::errc::response_too_large;
    }
}

inline int request_status(const chunked_result& result) {
    using forest::detail::framing_fault;
    if (result.status == forest::detail::scan_status::more)
        return 400; // never sent, because the client has left
    switch (result.fault) {
    case framing_fault::none: return 0;
    case framing_fault::malformed: return 400;
    case framing_fault::head_too_large: return 431;
    default: return 413;
    }
}

} // namespace detail

inline void chunked_target(std::string_view input) {
    constexpr std::array<std::size_t, 8> body_limits{64 * 1024, 0, 1, 15, 16, 17, 300, 4096};
    constexpr std::array<std::size_t, 8> extra_limits{16 * 1024, 0, 1, 2, 3, 16, 200, 1000};
    const std::size_t body_bytes_max = body_limits[take_choice(input) % body_limits.size()];
    const std::size_t extra_bytes_max = extra_limits[take_choice(input) % extra_limits.size()];
    const std::vector<std::size_t> sizes = take_piece_sizes(input);
    const std::string coded = detail::build_chunked(input.substr(0, message_bytes_max));

    const detail::chunked_result expected =
        detail::chunked_reference{coded, body_bytes_max, extra_bytes_max}.decode();
    require(detail::decode_in_pieces(coded, {}, body_bytes_max, extra_bytes_max) == expected,
            "a body is decoded in another way than by the reference");
    require(detail::decode_in_pieces(coded, cut(coded, sizes), body_bytes_max, extra_bytes_max) ==
                expected,
            "a body in pieces is decoded in another way than by the reference");

    // The same body within messages, if their heads fit into the limit.
    const std::string answer = "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n" + coded;
    const std::string asked =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + coded;
    if (extra_bytes_max < 200)
        return;
    const forest::message_limits limits{.head_bytes_max = extra_bytes_max,
                                        .body_bytes_max = body_bytes_max};
    const auto reply = forest_test::feed_response(answer, cut(answer, sizes), limits);
    require(reply.error == detail::answer_error(expected), "an answer has another error");
    require(reply.body == expected.body, "an answer has another body");
    require(reply.keep_alive == (!reply.error && expected.surplus.empty()),
            "a connection is kept, or is not");
    const auto request = forest_test::feed_request(asked, cut(asked, sizes), limits);
    require(request.error_status == detail::request_status(expected),
            "a request has another error");
    require(request.body == expected.body, "a request has another body");
    require(request.error || request.surplus == expected.surplus, "the next request is harmed");
}

} // namespace forest_fuzz

#endif
