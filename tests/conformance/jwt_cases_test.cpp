// Every token of the attack catalogue as a request brings it, through the whole gateway: the
// status, the reason told and logged, and that neither the upstream nor anybody else hears of what
// is refused.
#include "oracle.hpp"
#include "outbound.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"
#include "token_house.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace {

using namespace bearergate;
using nlohmann::json;
using test::Reply;
using test::TokenHouse;

// Where a case leaves a choice, or the choice is the configuration's: what we give.
const std::map<std::string, int> decided{
    {"HK-02v", 200}, {"HK-03v", 200}, {"HK-04v", 200}, {"HK-05v", 200},
    {"HK-06v", 200}, {"HK-07v", 200}, {"HK-08v", 200}, {"HK-10v", 200},
    {"HK-11v", 200}, {"KI-30", 200},  // exactly one key fits the algorithm
    {"KI-32", 401},                   // a key without a name is never meant by one
    {"KI-33", 401},  {"TY-24", 200},  // what `token_use` means is for a route's claims to say
    {"TY-28", 200},  {"JS-42", 401},  // too large
    {"JS-45", 200},  {"TM-20", 401},  // beyond the year 9999
    {"TM-29", 401},  {"TM-34", 200},  {"IS-33", 200},  {"SC-09", 403},
    {"SC-12", 200},  // an array's elements are scopes
    {"SC-13", 403},  {"SC-19", 403},  {"SC-23", 403},  {"OR-05", 401},
    {"OR-07", 401},  {"OR-08", 401},  {"SU-07", 401},
};

// Where a case leaves none and the rules of docs/how-it-decides.md differ, they hold.
const std::map<std::string, int> overruled{
    {"FO-10", 400},  // not 401: an Authorization field without a token is no credentials
    {"FO-14", 400},  // not 401: nor is one with spaces in it
    {"OR-06", 401},  // not 403: the organization is a string, or the token is malformed
    {"OR-12", 401},  // not 403: no header can carry it
    {"OR-13", 401},
};

int expected_status(const json& c) {
    const auto id = c["id"].get<std::string>();
    if (const auto known = decided.find(id); known != decided.end()) return known->second;
    if (const auto ours = overruled.find(id); ours != overruled.end()) return ours->second;
    const auto named = test::statuses_in(c["expect"]);
    EXPECT_EQ(named.size(), 1U) << id << " leaves a choice";
    return named.empty() ? 0 : *named.begin();
}

std::string key_set(const std::string& name) {
    return test::read_file(test::vectors_path("jwt/jwks/" + name + ".json"));
}

// The line of one request, as people read it.
json logged(TokenHouse& house, const Reply& reply) {
    const auto line = house.log().wait_for({reply.header("X-Request-Id"), "\"status\""});
    for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << line;
    return json::parse(line, nullptr, false);
}

void expect_case(TokenHouse& house, const json& c) {
    const auto token = c["token"].get<std::string>();
    const auto bytes_before = house.witness().upstream().bytes();
    const Reply reply = house.get(c["path"], token);
    const int status = expected_status(c);
    ASSERT_EQ(reply.status, status) << reply.body;
    const json line = logged(house, reply);
    if (token.size() > 60) {
        EXPECT_EQ(line.dump().find(token.substr(token.size() - 20)), std::string::npos);
    }
    const auto seen = house.witness().seen(reply.header("X-Request-Id"));
    if (status == 200) {
        ASSERT_TRUE(seen);
        test::expect_clean(*seen);
        EXPECT_EQ(seen->count("Authorization"), 0U);
        return;
    }
    EXPECT_EQ(house.witness().upstream().bytes(), bytes_before) << "the upstream heard of it";
    EXPECT_EQ(line.value("reason", ""), test::expect_refusal(reply, token));
}

TEST(JwtCases, EachGetsItsAnswerAndNobodyElseHearsOfIt) {
    if (!test::has_vectors("jwt")) GTEST_SKIP() << test::no_vectors;
    std::map<std::string, std::unique_ptr<TokenHouse>> houses;
    std::set<std::string> allowed;
    std::size_t seen = 0;
    for (const json& c : test::read_cases("jwt/cases.json")) {
        SCOPED_TRACE(c["id"].get<std::string>() + " " + c["attack"].get<std::string>() + ": " +
                     c["expect"].get<std::string>());
        auto& house = houses[c["jwks"]];
        if (!house) {
            house = std::make_unique<TokenHouse>(key_set(c["jwks"]), key_set("issuer_b"));
            house->serve();
            allowed.merge(house->destinations());
        }
        expect_case(*house, c);
        ++seen;
    }
    EXPECT_GE(seen, 300U);
    for (const std::string& destination : test::take_outbound()) {
        EXPECT_TRUE(allowed.contains(destination)) << destination << " was contacted";
    }
    for (auto& [name, house] : houses) {
        // However many unknown keys were named: the first fetch, and one more in ten seconds.
        EXPECT_LE(house->a().key_fetches(), 4U) << name;
        EXPECT_TRUE(house->witness().is_content()) << house->witness().complaints();
    }
}

}  // namespace
