#include "grammar.hpp"

#include "excerpt.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstdint>
#include <limits>

namespace bearergate::http {

namespace {

namespace beast = boost::beast;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

// Only the head ever reaches it, and it is not eager, so the functions about bodies are never
// called; Beast requires that they exist.
template <bool is_request>
class Grammar final : public beast::http::basic_parser<is_request> {
public:
    Grammar(std::string_view head, StartLine& line, std::vector<core::Field>& fields)
        : shown_(head), line_(line), fields_(fields) {
        constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
        this->header_limit(static_cast<std::uint32_t>(std::min(shown_.text().size(), most)));
        this->body_limit(boost::none);
    }

    bool read() {
        beast::error_code error;
        const std::string_view text = shown_.text();
        const std::size_t taken =
            this->put(boost::asio::const_buffer(text.data(), text.size()), error);
        return !error && taken == text.size() && this->is_header_done();
    }

private:
    void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                         int version, beast::error_code&) override {
        line_.method = shown_.in_head(view(method));
        line_.target = shown_.in_head(view(target));
        line_.minor_version = version % 10;
    }
    void on_response_impl(int status, beast::string_view reason, int version,
                          beast::error_code&) override {
        line_.status = static_cast<unsigned>(status);
        line_.reason = shown_.in_head(view(reason));
        line_.minor_version = version % 10;
    }
    void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                       beast::error_code& error) override {
        if (!shown_.holds(view(value))) {
            error = beast::http::error::bad_value;
            return;
        }
        fields_.push_back({shown_.in_head(view(name)), shown_.in_head(view(value))});
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view body, beast::error_code&) override {
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body,
                                   beast::error_code&) override {
        return body.size();
    }
    void on_finish_impl(beast::error_code&) override {}

    Excerpt shown_;
    StartLine& line_;
    std::vector<core::Field>& fields_;
};

}  // namespace

bool read_request_grammar(std::string_view head, StartLine& line,
                          std::vector<core::Field>& fields) {
    return Grammar<true>(head, line, fields).read();
}

bool read_response_grammar(std::string_view head, StartLine& line,
                           std::vector<core::Field>& fields) {
    return Grammar<false>(head, line, fields).read();
}

}  // namespace bearergate::http
