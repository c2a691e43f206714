#include <bearergate/cli/token_request.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::cli {
namespace {

using Strings = std::vector<std::string>;

net::HttpQuestion post(std::string body, net::HttpFields fields = {}) {
    fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return {.method = "POST", .target = "/oidc/token", .fields = std::move(fields), .body = body};
}
const net::HttpFields basic = {{"Authorization", "Basic YXBwOnNlY3JldA=="}};  // app:secret

TEST(TokenRequest, TakesTheClientFromTheHeaderOrTheBody) {
    const auto by_header = read_token_request(post("grant_type=client_credentials", basic));
    ASSERT_TRUE(by_header);
    EXPECT_EQ(by_header->client, "app");
    EXPECT_EQ(by_header->secret, "secret");
    EXPECT_TRUE(by_header->by_header);
    const auto by_body = read_token_request(
        post("grant_type=client_credentials&client_id=app&client_secret=s%26cret+1"));
    ASSERT_TRUE(by_body);
    EXPECT_EQ(by_body->client, "app");
    EXPECT_EQ(by_body->secret, "s&cret 1");
    EXPECT_FALSE(by_body->by_header);
}

TEST(TokenRequest, DecodesBothPartsOfTheHeader) {
    // a%3Ab:p%25+q, as RFC 6749 section 2.3.1 has it.
    const auto request =
        read_token_request(post("grant_type=x", {{"Authorization", "basic YSUzQWI6cCUyNStx"}}));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->client, "a:b");
    EXPECT_EQ(request->secret, "p% q");
}

TEST(TokenRequest, ReadsResourcesScopesAndTheOrganization) {
    const auto request = read_token_request(
        post("grant_type=client_credentials&scope=b+a++b&organization_id=acme"
             "&resource=https%3A%2F%2Fapi.example&resource=https://other.example",
             basic));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->scopes, (Strings{"b", "a"}));
    EXPECT_EQ(request->organization, "acme");
    EXPECT_EQ(request->resources, (Strings{"https://api.example", "https://other.example"}));
}

TEST(TokenRequest, EmptyValuesCountAsAbsent) {
    const auto request =
        read_token_request(post("grant_type=x&scope=&organization_id=&resource=", basic));
    ASSERT_TRUE(request);
    EXPECT_TRUE(request->scopes.empty());
    EXPECT_FALSE(request->organization);
    EXPECT_TRUE(request->resources.empty());
}

TEST(TokenRequest, RefusesWhatIsNotOneRequestOfOneClient) {
    const struct {
        const char* name;
        net::HttpQuestion question;
        unsigned status;
        const char* error;
        bool challenge;
    } cases[] = {
        {"no content type", {.body = "grant_type=x"}, 400, "invalid_request", false},
        {"JSON",
         {.fields = {{"Content-Type", "application/json"}}, .body = "{}"},
         400,
         "invalid_request",
         false},
        {"a broken escape", post("grant_type=%4", basic), 400, "invalid_request", false},
        {"a parameter twice", post("grant_type=x&grant_type=y", basic), 400, "invalid_request",
         false},
        {"the organization twice", post("organization_id=a&organization_id=b", basic), 400,
         "invalid_request", false},
        {"two mechanisms", post("client_id=app&client_secret=secret", basic), 400,
         "invalid_request", false},
        {"another client in the body", post("client_id=other", basic), 400, "invalid_request",
         false},
        {"two headers",
         post("grant_type=x", {{"Authorization", "Basic YXBwOnNlY3JldA=="},
                               {"Authorization", "Basic YXBwOnNlY3JldA=="}}),
         400, "invalid_request", false},
        {"nobody", post("grant_type=x"), 401, "invalid_client", false},
        {"no secret", post("client_id=app"), 401, "invalid_client", false},
        {"another scheme", post("", {{"Authorization", "Bearer x"}}), 401, "invalid_client", true},
        {"nothing but padding", post("", {{"Authorization", "Basic ===="}}), 401, "invalid_client",
         true},
        {"padding in the middle", post("", {{"Authorization", "Basic YX==cHA6"}}), 401,
         "invalid_client", true},
        {"not base64", post("", {{"Authorization", "Basic a?b="}}), 401, "invalid_client", true},
        {"no colon", post("", {{"Authorization", "Basic YXBw"}}), 401, "invalid_client", true},
        {"an empty secret", post("", {{"Authorization", "Basic YXBwOg=="}}), 401, "invalid_client",
         true},
        {"an empty header", post("", {{"Authorization", "Basic "}}), 401, "invalid_client", true},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto request = read_token_request(c.question);
        ASSERT_FALSE(request);
        EXPECT_EQ(request.error().status, c.status);
        EXPECT_EQ(request.error().error, c.error);
        EXPECT_EQ(request.error().challenge, c.challenge);
    }
}

TEST(ParseForm, ReadsPairsInOrder) {
    EXPECT_EQ(parse_form("a=1&&b&=c&a=%C3%A4+%2B"),
              (Form{{"a", "1"}, {"b", ""}, {"", "c"}, {"a", "\xC3\xA4 +"}}));
    EXPECT_EQ(parse_form(""), Form{});
    for (const char* text : {"%", "a=%1", "a=%zz", "%g0=1"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_form(text));
    }
}

}  // namespace
}  // namespace bearergate::cli
