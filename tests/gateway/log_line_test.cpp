#include <bearergate/gateway/log_line.hpp>

#include "support/files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace bearergate::gateway {

namespace {

using namespace std::chrono_literals;
using config::LogFormat;
using config::LogLevel;
using nlohmann::ordered_json;

const auto noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + 12h + 34min + 56789ms;

AccessRecord full_record() {
    return {.time = noon,
            .request_id = "r-1",
            .client_request_id = "theirs",
            .trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            .client = "192.0.2.1",
            .method = "GET",
            .path = "/orgs/a%20b/items",
            .route = "GET /orgs/{id}/items",
            .status = 403,
            .reason = core::Reason::scope_missing,
            .would_deny = core::Reason::audience_mismatch,
            .subject = "ada",
            .client_id = "app",
            .organization = "acme",
            .issuer = "https://issuer.example",
            .bytes_in = 12,
            .bytes_out = 345,
            .duration = 6789us,
            .upstream_duration = 1234us,
            .note = "client_gone"};
}

std::string json_of(const AccessRecord& record) {
    std::string line;
    format_access(line, LogFormat::json, record);
    return line;
}
std::string logfmt_of(const AccessRecord& record) {
    std::string line;
    format_access(line, LogFormat::logfmt, record);
    return line;
}

bool has_control_byte(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

TEST(LogLine, SaysAllOfARequest) {
    EXPECT_EQ(json_of(full_record()),
              R"({"time":"2026-11-22T12:34:56.789Z","level":"info","message":"request",)"
              R"("request_id":"r-1","client_request_id":"theirs",)"
              R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331",)"
              R"("client":"192.0.2.1","method":"GET","path":"/orgs/a%20b/items",)"
              R"("route":"GET /orgs/{id}/items","status":403,"reason":"scope_missing",)"
              R"("would_deny":"audience_mismatch","subject":"ada","client_id":"app",)"
              R"("organization":"acme","issuer":"https://issuer.example","bytes_in":12,)"
              R"("bytes_out":345,"duration_us":6789,"upstream_duration_us":1234,)"
              R"("note":"client_gone"})");
    EXPECT_EQ(logfmt_of(full_record()),
              "time=2026-11-22T12:34:56.789Z level=info message=request request_id=r-1 "
              "client_request_id=theirs trace_id=0af7651916cd43dd8448eb211c80319c "
              "span_id=b7ad6b7169203331 client=192.0.2.1 method=GET path=/orgs/a%20b/items "
              "route=\"GET /orgs/{id}/items\" status=403 reason=scope_missing "
              "would_deny=audience_mismatch subject=ada client_id=app organization=acme "
              "issuer=https://issuer.example bytes_in=12 bytes_out=345 duration_us=6789 "
              "upstream_duration_us=1234 note=client_gone");
}

TEST(LogLine, ThePageListsEveryFieldAndNoOther) {
    std::vector<std::string> fields;
    const auto record = ordered_json::parse(json_of(full_record()));
    for (const auto& [name, value] : record.items()) {
        fields.push_back(name);
    }
    std::vector<std::string> documented;
    const std::string page = test::read_file(BEARERGATE_SOURCE_DIR "/docs/logs.md");
    for (std::size_t at = page.find("\n| `"); at != page.npos; at = page.find("\n| `", at + 1)) {
        documented.push_back(page.substr(at + 4, page.find('`', at + 4) - at - 4));
    }
    EXPECT_EQ(documented, fields);
}

TEST(LogLine, LeavesOutWhatIsNotKnown) {
    EXPECT_EQ(json_of({.time = noon, .duration = -1us}),
              R"({"time":"2026-11-22T12:34:56.789Z","level":"info","message":"request",)"
              R"("status":0,"bytes_in":0,"bytes_out":0,"duration_us":0})");
}

TEST(LogLine, TimesBeforeTheEpochAndLeapDaysAreTimes) {
    const auto leap = std::chrono::sys_days(std::chrono::year(2028) / 2 / 29) + 7ms;
    EXPECT_NE(json_of({.time = leap}).find("2028-02-29T00:00:00.007Z"), std::string::npos);
    const auto before = std::chrono::sys_days(std::chrono::year(1969) / 12 / 31) + 24h - 1ms;
    EXPECT_NE(json_of({.time = before}).find("1969-12-31T23:59:59.999Z"), std::string::npos);
}

TEST(LogLine, NothingAClientSendsBreaksOutOfItsField) {
    const struct {
        std::string_view value;
        std::string_view escaped;
    } cases[] = {
        {"\"", R"(\")"},
        {"\\", R"(\\)"},
        {"a\nb", R"(a\u000ab)"},
        {"a\r\n{\"status\":200}", R"(a\u000d\u000a{\"status\":200})"},
        {std::string_view("\0", 1), R"(\u0000)"},
        {"\x1b[2J\x1b]0;x\x07", R"(\u001b[2J\u001b]0;x\u0007)"},
        {"\x7f", R"(\u007f)"},
        {"\xc2\x9b"
         "31m",
         R"(\u009b31m)"},               // CSI in one character
        {"\xe2\x80\xa8", R"(\u2028)"},  // a line end to some
        {"\xe2\x80\xae"
         "gpj",
         R"(\u202egpj)"},  // right to left
        {"\xe2\x81\xa6", R"(\u2066)"},
        {"\xef\xbb\xbf", R"(\ufeff)"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xff\xfe", R"(\ufffd\ufffd)"},
        {"\xc3", R"(\ufffd)"},            // cut in the middle
        {"\xc0\xaf", R"(\ufffd\ufffd)"},  // overlong
        {"\xe0\x80\xaf", R"(\ufffd\ufffd\ufffd)"},
        {"\xed\xa0\x80", R"(\ufffd\ufffd\ufffd)"},  // a surrogate
        {"\xf4\x90\x80\x80", R"(\ufffd\ufffd\ufffd\ufffd)"},
        {"\x80", R"(\ufffd)"},
        {"\xe2\x82", R"(\ufffd\ufffd)"},
        {"\xe2"
         "A",
         R"(\ufffdA)"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.escaped);
        AccessRecord record = full_record();
        record.path = c.value;
        const std::string line = json_of(record);
        EXPECT_NE(line.find(fmt::format("\"path\":\"{}\",", c.escaped)), std::string::npos) << line;
        const auto parsed = ordered_json::parse(line);
        EXPECT_EQ(parsed["status"], 403);
        EXPECT_FALSE(has_control_byte(line));
        EXPECT_FALSE(has_control_byte(logfmt_of(record)));
    }
}

TEST(LogLine, EveryFieldIsEscaped) {
    constexpr std::array members = {&AccessRecord::request_id,   &AccessRecord::client_request_id,
                                    &AccessRecord::client,       &AccessRecord::method,
                                    &AccessRecord::path,         &AccessRecord::route,
                                    &AccessRecord::subject,      &AccessRecord::client_id,
                                    &AccessRecord::organization, &AccessRecord::issuer,
                                    &AccessRecord::note};
    for (const auto member : members) {
        AccessRecord record = full_record();
        record.*member = "x\",\"evil\":\"\n";
        const std::string line = json_of(record);
        EXPECT_EQ(line.find('\n'), std::string::npos);
        EXPECT_FALSE(ordered_json::parse(line).contains("evil"));
        record.*member = "x evil=1";
        EXPECT_NE(logfmt_of(record).find("=\"x evil=1\""), std::string::npos);
    }
}

TEST(LogLine, EveryCharacterIsLookedAtWhereverItStands) {
    const auto line_with = [](const std::string& path) { return json_of({.path = path}); };
    for (int byte = 0; byte < 256; ++byte) {
        SCOPED_TRACE(byte);
        const char odd = static_cast<char>(byte);
        const std::string alone = line_with(std::string(1, odd));
        const std::size_t begin = alone.find("\"path\":\"") + 8;
        const std::string written = alone.substr(begin, alone.find("\",\"status\"") - begin);
        for (const std::size_t size : {2U, 7U, 8U, 9U, 16U, 21U}) {
            for (std::size_t place = 0; place < size; ++place) {
                std::string path(size, 'x');
                path[place] = odd;
                const std::string expected =
                    std::string(place, 'x') + written + std::string(size - place - 1, 'x') + "\",";
                ASSERT_EQ(line_with(path).substr(begin, expected.size()), expected);
            }
        }
    }
}

TEST(LogLine, LogfmtQuotesWhatItMust) {
    const struct {
        std::string_view value;
        std::string_view written;
    } cases[] = {{"plain", "plain"},
                 {"a b", "\"a b\""},
                 {"a=b", "\"a=b\""},
                 {"a\"b", "\"a\\\"b\""},
                 {"a\\b", "\"a\\\\b\""},
                 {"\xc3\xa9", "\"\xc3\xa9\""},
                 {"", "\"\""}};
    for (const auto& c : cases) {
        std::string line;
        const LogField fields[] = {{"field", c.value}};
        format_event(line, LogFormat::logfmt, noon, LogLevel::error, "m", fields);
        EXPECT_EQ(line, fmt::format("time=2026-11-22T12:34:56.789Z level=error message=m field={}",
                                    c.written));
    }
}

TEST(LogLine, ALongValueIsCut) {
    AccessRecord record;
    const std::string path(100'000, '\n');
    record.path = path;
    EXPECT_LT(json_of(record).size(), 2048u * 6 + 200);
}

TEST(LogLine, ATraceThatIsNoneIsNotLogged) {
    AccessRecord record;
    record.trace_parent = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
    EXPECT_EQ(json_of(record).find("trace_id"), std::string::npos);
    EXPECT_EQ(json_of(record).find("span_id"), std::string::npos);
}

TEST(LogLine, AnEventHasItsFieldsInOrder) {
    std::string line;
    const LogField fields[] = {{"issuer", "main"}, {"why", "a \"b\""}};
    format_event(line, LogFormat::json, noon, LogLevel::warning, "keys could not be fetched",
                 fields);
    EXPECT_EQ(line, R"({"time":"2026-11-22T12:34:56.789Z","level":"warning",)"
                    R"("message":"keys could not be fetched","issuer":"main","why":"a \"b\""})");
}

}  // namespace

}  // namespace bearergate::gateway
