// What tokens have in common is kept once, within bounds.
#include <bearergate/gateway/common_lists.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace bearergate::gateway {

namespace {

core::VerifiedToken token(core::TextList scopes, std::string subject = "ada") {
    core::VerifiedToken made{.claims = {.audience = {"https://api.example"},
                                        .scopes = std::move(scopes),
                                        .subject = std::move(subject),
                                        .client = "app"}};
    made.identity = core::identity_lines(core::default_identity_headers(), made.claims).value();
    return made;
}

TEST(CommonLists, TokensOfOneApplicationShareAllButTheirOwn) {
    CommonLists lists;
    auto ada = token({"read", "write"}, "ada");
    auto bob = token({"read", "write"}, "bob");
    lists.share(ada);
    lists.share(bob);
    EXPECT_EQ(ada.claims.audience.begin(), bob.claims.audience.begin());
    EXPECT_EQ(ada.claims.scopes.begin(), bob.claims.scopes.begin());
    EXPECT_EQ(ada.identity.common().data(), bob.identity.common().data());
    EXPECT_EQ(bob.identity.own(), "X-Auth-Subject: bob\r\n");
    EXPECT_EQ(bob.identity, token({"read", "write"}, "bob").identity);
}

TEST(CommonLists, WhatDiffersStaysApart) {
    CommonLists lists;
    auto reader = token({"read"});
    auto writer = token({"read", "write"});
    lists.share(reader);
    lists.share(writer);
    EXPECT_EQ(reader.claims.scopes, core::TextList{"read"});
    EXPECT_EQ(writer.claims.scopes, (core::TextList{"read", "write"}));
    EXPECT_EQ(reader.identity, token({"read"}).identity);
    EXPECT_EQ(writer.identity, token({"read", "write"}).identity);
    EXPECT_EQ(reader.claims.audience.begin(), writer.claims.audience.begin());
}

TEST(CommonLists, EmptyOnesNeedNoSharing) {
    CommonLists lists;
    core::VerifiedToken nothing;
    lists.share(nothing);
    EXPECT_TRUE(nothing.claims.audience.empty());
    EXPECT_EQ(nothing.identity.common(), "");
}

TEST(CommonLists, LongOnesAreNotKept) {
    CommonLists lists;
    auto one = token({std::string(8 * 1024, 'a')});
    auto other = token({std::string(8 * 1024, 'a')});
    lists.share(one);
    lists.share(other);
    EXPECT_NE(one.claims.scopes.begin(), other.claims.scopes.begin());
    EXPECT_EQ(one.claims.scopes, other.claims.scopes);
}

// Ten thousand sets of scopes: what was kept first has lost its place by then, and is not taken
// from those who have it.
TEST(CommonLists, ManyPushOutThoseFromBefore) {
    CommonLists lists;
    auto first = token({"read"});
    lists.share(first);
    for (int i = 0; i < 10'000; ++i) {
        auto another = token({"a" + std::to_string(i)});
        lists.share(another);
        ASSERT_EQ(another.claims.scopes, core::TextList{"a" + std::to_string(i)});
    }
    auto later = token({"read"});
    lists.share(later);
    EXPECT_NE(later.claims.scopes.begin(), first.claims.scopes.begin());
    EXPECT_EQ(first.claims.scopes, core::TextList{"read"});
    auto last = token({"read"});
    lists.share(last);
    EXPECT_EQ(last.claims.scopes.begin(), later.claims.scopes.begin());
}

}  // namespace

}  // namespace bearergate::gateway
