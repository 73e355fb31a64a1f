// SPDX-License-Identifier: BSL-1.0
#ifndef FOREST_CORE_DETAIL_HTTP_IMPL_RESPONSE_WRITER_IPP
#define FOREST_CORE_DETAIL_HTTP_IMPL_RESPONSE_WRITER_IPP

#include <forest/core/detail/http/response_writer.hpp>
#include <forest/core/fields.hpp>

namespace forest::inline FOREST_FORM::detail {

FOREST_DECL std::string_view date_field::at(std::chrono::sys_seconds now) noexcept {
    if (now != written_) {
        text_ = format_http_date(now);
        written_ = now;
    }
    return {text_.data(), text_.size()};
}

FOREST_DECL std::string_view error_body(std::string& storage, int status) {
    return storage.assign(R"({"error":")").append(reason_phrase(status)).append(R"("})");
}

FOREST_DECL void write_head(std::string& out, const response& answer, const answer_frame& frame) {
    const int status = final_status(answer.status);
    const bool has_body = status_has_body(status);
    out.clear();
    append(out, {"HTTP/1.1 "});
    append_number(out, status);
    append(out, {" ", reason_phrase(status), "\r\nDate: ", frame.date, "\r\n"});
    if (has_body) {
        if (!answer.content_type.empty() && is_field_value(answer.content_type))
            append(out, {"Content-Type: ", answer.content_type, "\r\n"});
        append(out, {"Content-Length: "});
        append_number(out, answer.body.size());
        append(out, {"\r\n"});
    }
    append(out, {frame.close ? "Connection: close\r\n" : "", answer.fields.text(), "\r\n"});
}

FOREST_DECL std::string_view body_to_send(const response& answer,
                                          const answer_frame& frame) noexcept {
    return status_has_body(final_status(answer.status)) && !frame.head ? answer.body
                                                                       : std::string_view{};
}

} // namespace forest::inline FOREST_FORM::detail

#endif
