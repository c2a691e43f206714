#include <bearergate/core/query.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace bearergate::core {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs read(std::string_view query, bool semicolon_separates) {
    Pairs pairs;
    QueryReader reader(query, semicolon_separates);
    for (QueryReader::Parameter parameter; reader.next(parameter);)
        pairs.emplace_back(parameter.name, parameter.value);
    return pairs;
}

TEST(QueryReader, TakesAQueryApartWithoutDecodingIt) {
    const struct {
        std::string_view query;
        Pairs pairs;
    } cases[] = {
        {"", {}},
        {"&&", {}},
        {"a", {{"a", ""}}},
        {"a=", {{"a", ""}}},
        {"=b", {{"", "b"}}},
        {"a=b", {{"a", "b"}}},
        {"a=b=c", {{"a", "b=c"}}},
        {"a=b&a=c&", {{"a", "b"}, {"a", "c"}}},
        {"a%3Db=%26", {{"a%3Db", "%26"}}},
        {"?a=b", {{"?a", "b"}}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.query);
        EXPECT_EQ(read(c.query, false), c.pairs);
    }
    EXPECT_EQ(read("a=1;b=2", false), (Pairs{{"a", "1;b=2"}}));
    EXPECT_EQ(read("a=1;b=2", true), (Pairs{{"a", "1"}, {"b", "2"}}));
}

TEST(FormDecoded, ReadsPlusAsSpaceBeforeEscapes) {
    EXPECT_EQ(form_decoded("a+b%2Bc%20d"), "a b+c d");
    EXPECT_EQ(form_decoded("100%"), "100%");
}

TEST(FoldedParameter, IsTheNameOfTheLaxestFramework) {
    const struct {
        std::string_view raw, folded;
    } cases[] = {
        {"org", "org"},
        {"ORG", "org"},
        {"o%72g", "org"},
        {"%4Frg", "org"},
        {"org%00x", "org"},
        {"+org", "org"},
        {"%20%20org", "org"},
        {"[org]", "org_"},
        {"org[]", "org__"},
        {"org[id]", "org_id_"},
        {"org.id", "org_id"},
        {"org%20", "org_"},
        {"org-id", "org_id"},
        {"%00org", ""},
        {"", ""},
        {"%09org", "_org"},
        {"org%C5%BF", "orgs"},
        {"%E2%84%AAey", "key"},
        {"or%C3%A9", "or__"},
        {"%256frg", "_6frg"},
        {"%C4%B0d", "id"},
        {"%C4%B1d", "id"},
        {"pre%EF%AC%81x", "prefix"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.raw);
        EXPECT_EQ(folded_parameter(form_decoded(c.raw)), c.folded);
    }
}

TEST(MayMean, IsTheNameOrSomethingNestedInIt) {
    EXPECT_TRUE(may_mean("org", "org"));
    EXPECT_TRUE(may_mean("org_", "org"));
    EXPECT_TRUE(may_mean("org_id_", "org"));
    EXPECT_FALSE(may_mean("orgs", "org"));
    EXPECT_FALSE(may_mean("or", "org"));
    EXPECT_FALSE(may_mean("_org", "org"));
    EXPECT_FALSE(may_mean("", "org"));
}

}  // namespace
}  // namespace bearergate::core
