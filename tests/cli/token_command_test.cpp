// `bearergate token`, the real binary: keys and tokens that core accepts.

#include <bearergate/core/authorize.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/core/verifier.hpp>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace bearergate::test {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

class TokenCommand : public testing::Test {
protected:
    static Outcome token(Words options) {
        options.insert(options.begin(), {BEARERGATE_BINARY, "token"});
        return run(options);
    }
    // The key set that came with a new key, written to key_.
    std::string new_key(const std::string& algorithm = "ES384") {
        const Outcome outcome = token({"--generate", key_, "--algorithm", algorithm});
        EXPECT_EQ(outcome.code, 0) << outcome.errors;
        return outcome.output;
    }
    static core::Policy policy() {
        core::Policy policy;
        policy.issuers.push_back({.name = "dev", .issuer = "https://dev.example"});
        return policy;
    }
    // Checks 8 to 13a.
    static core::VerifiedToken prove(std::string text, const std::string& key_set) {
        if (text.ends_with('\n')) text.pop_back();
        const auto keys = core::parse_key_set(key_set);
        const core::KeyRing ring = {{std::make_shared<const core::KeySet>(keys.value().set)}};
        const auto examined = core::examine(text, policy(), std::chrono::system_clock::now());
        EXPECT_TRUE(examined) << core::name_of(examined.error());
        const core::PublicKey* key = core::choose_key(*examined, ring).value();
        EXPECT_TRUE(core::Verifier(*key, examined->header.algorithm)
                        .verify(examined->token.signed_text(), examined->token.signature()));
        return core::admit(*examined, *key, policy()).value();
    }

    TemporaryFolder folder_{};
    const std::string key_ = folder_.file("dev.jwk");
};

TEST_F(TokenCommand, MintsTokensOfAllThreeModelsThatVerify) {
    const std::string keys = new_key();
    const Words base = {"--key", key_, "--issuer", "https://dev.example", "--scope", "a b"};
    const auto prove_with = [&](const Words& more) {
        Words words = base;
        words.insert(words.end(), more.begin(), more.end());
        const Outcome outcome = token(words);
        EXPECT_EQ(outcome.code, 0) << outcome.errors;
        return prove(outcome.output, keys).claims;
    };
    const core::Claims global = prove_with({"--audience", "https://api.example"});
    EXPECT_EQ(global.audience, Words{"https://api.example"});
    EXPECT_EQ(global.scopes, (Words{"a", "b"}));
    EXPECT_FALSE(global.organization);
    const core::Claims bound =
        prove_with({"--audience", "https://api.example", "--organization", "acme"});
    EXPECT_EQ(bound.audience, Words{"https://api.example"});
    EXPECT_EQ(bound.organization, "acme");
    const core::Claims organization = prove_with({"--organization", "acme"});
    EXPECT_EQ(organization.audience, Words{"urn:logto:organization:acme"});
    EXPECT_FALSE(organization.organization);
}

TEST_F(TokenCommand, SaysWhatItIsTold) {
    const std::string keys = new_key("RS256");
    const Outcome outcome = token({"--key", key_, "--issuer", "https://dev.example", "--audience",
                                   "x", "--subject", "ada", "--client", "app", "--lifetime", "10m",
                                   "--claim", "level=3", "--claim", R"(tags=["a=b"])"});
    ASSERT_EQ(outcome.code, 0) << outcome.errors;
    const core::Claims claims = prove(outcome.output, keys).claims;
    EXPECT_EQ(claims.subject, "ada");
    EXPECT_EQ(claims.client, "app");
    EXPECT_EQ(claims.all.at("level").number(), 3);
    EXPECT_EQ(claims.all.at("tags").dump(), R"(["a=b"])");
    EXPECT_EQ(claims.times.expires_at - *claims.times.issued_at, std::chrono::minutes(10));
    EXPECT_TRUE(claims.scopes.empty());
}

TEST_F(TokenCommand, AKeyFileIsForItsOwnerAndNeverOverwritten) {
    const std::string keys = new_key();
    EXPECT_THAT(keys, testing::Not(HasSubstr("\"d\"")));
    struct stat status{};
    ASSERT_EQ(stat(key_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    const Outcome again = token({"--generate", key_});
    EXPECT_EQ(again.code, 2);
    EXPECT_EQ(again.output, "");
    EXPECT_EQ(token({"--key", key_, "--key-set"}).output, keys);
}

TEST_F(TokenCommand, MistakesAreTwoAndGiveNoToken) {
    new_key();
    const std::string bad = folder_.write("bad.jwk", R"({"kty":"oct","k":"c2VjcmV0LXZhbHVl"})");
    const std::string issuer = "https://dev.example";
    const std::vector<Words> cases = {
        {},
        {"--key", key_},
        {"--key", key_, "--issuer", issuer},
        {"--key", key_, "--audience", "x"},
        {"--key", folder_.file("absent"), "--issuer", issuer, "--audience", "x"},
        {"--key", bad, "--issuer", issuer, "--audience", "x"},
        {"--key", key_, "--issuer", issuer, "--audience", "x", "--lifetime", "soon"},
        {"--key", key_, "--issuer", issuer, "--audience", "x", "--claim", "novalue"},
        {"--key", key_, "--issuer", issuer, "--audience", "x", "--claim", "a=b"},
        {"--generate", folder_.file("other.jwk"), "--algorithm", "HS256"},
        {"--generate", folder_.file("no/such/folder")},
    };
    for (const Words& words : cases) {
        SCOPED_TRACE(words.empty() ? "nothing" : words.back());
        const Outcome outcome = token(words);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_THAT(outcome.errors, HasSubstr("bearergate token: "));
        EXPECT_THAT(outcome.errors, testing::Not(HasSubstr("c2VjcmV0")));
    }
}

TEST_F(TokenCommand, OptionsThatWouldSayNothingAreAMistake) {
    new_key();
    const std::string other = folder_.file("other.jwk");
    const std::vector<Words> cases = {
        {"--generate", other, "--key", key_},
        {"--generate", other, "--key-set"},
        {"--generate", other, "--scope", "read"},
        {"--key", key_, "--key-set", "--issuer", "https://dev.example"},
        {"--key", key_, "--issuer", "https://dev.example", "--audience", "x", "--algorithm",
         "RS256"},
    };
    for (const Words& words : cases) {
        SCOPED_TRACE(words.at(2));
        const Outcome outcome = token(words);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
    }
    EXPECT_FALSE(std::filesystem::exists(other));
}

}  // namespace
}  // namespace bearergate::test
