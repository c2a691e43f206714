#include <bearergate/gateway/access_log.hpp>
#include <bearergate/gateway/recent_refusals.hpp>

#include "gateway/front.hpp"

#include <gmock/gmock.h>

#include <future>
#include <string>

namespace bearergate::test {
namespace {

using core::Reason;
using gateway::RecentRefusal;
using gateway::RecentRefusals;
using gateway::RefusalList;
using testing::HasSubstr;
using testing::Not;

TEST(RecentRefusals, AreTheLastHundredOldestFirst) {
    RecentRefusals refusals;
    EXPECT_EQ(refusals.list(), nullptr);
    for (unsigned i = 1; i <= 250; ++i) {
        refusals.note({.status = i, .reason = Reason::no_route}, net::SteadyTime{});
        const RefusalList list = refusals.list();
        ASSERT_EQ(list->size(), std::min<std::size_t>(i, RecentRefusals::capacity));
        for (std::size_t j = 0; j < list->size(); ++j) {
            ASSERT_EQ(list->at(j).number, i - list->size() + 1 + j);
            ASSERT_EQ(list->at(j).status, list->at(j).number);
        }
    }
}

TEST(RecentRefusals, AreCopiedOnlyWhenThereIsAnother) {
    RecentRefusals refusals;
    refusals.note({.reason = Reason::no_route}, net::SteadyTime{});
    const RefusalList list = refusals.list();
    EXPECT_EQ(refusals.list(), list);
    refusals.note({.reason = Reason::bad_target}, net::SteadyTime{});
    EXPECT_NE(refusals.list(), list);
    EXPECT_EQ(list->size(), 1U) << "who has a list keeps it as it was";
}

TEST(RecentRefusals, CutLongTexts) {
    const std::string huge(100'000, 'x');
    RecentRefusals refusals;
    refusals.note({.request_id = huge,
                   .method = huge,
                   .path = huge,
                   .route = huge,
                   .reason = Reason::no_route,
                   .organization = huge},
                  net::SteadyTime{});
    const RecentRefusal refusal = refusals.list()->front();
    EXPECT_LE(refusal.method.size() + refusal.path.size() + refusal.route.size() +
                  refusal.request_id.size() + refusal.organization.size(),
              1024U);
    EXPECT_FALSE(refusal.path.empty());
}

TEST(RecentRefusals, AreForgottenAndCountedOn) {
    RecentRefusals refusals;
    for (int i = 0; i < 130; ++i) refusals.note({.reason = Reason::no_route}, net::SteadyTime{});
    refusals.forget();
    EXPECT_EQ(refusals.list(), nullptr);
    for (int i = 0; i < 150; ++i) refusals.note({.reason = Reason::no_route}, net::SteadyTime{});
    EXPECT_EQ(refusals.list()->size(), RecentRefusals::capacity);
    EXPECT_EQ(refusals.list()->front().number, 181U);
    EXPECT_EQ(refusals.list()->back().number, 280U);
}

TEST(RecentRefusals, HoldNothingThatWasAllowed) {
    RecentRefusals refusals;
    refusals.note({.status = 200}, net::SteadyTime{});
    EXPECT_EQ(refusals.list(), nullptr);
}

// Of a worker that serves.
class KeptRefusals : public Front {
protected:
    RefusalList kept() {
        std::promise<RefusalList> promise;
        gateway_->worker().gather([&promise](const gateway::Worker::Figures& figures) {
            promise.set_value(figures.refusals);
        });
        return promise.get_future().get();
    }
    // A request is noted when its client has its answer already.
    RefusalList kept(std::size_t count) {
        gateway_->wait_until([&](const gateway::Counters&) {
            const RefusalList list = kept();
            return list && list->size() >= count;
        });
        return kept();
    }
};

constexpr const char* routes =
    "  GET /open: public\n"
    "  GET /items: { scopes: [read] }\n"
    "  GET /orgs/{org}/items: { organization: \"{org}\" }\n"
    "  GET /later: { scopes: [read], mode: shadow }\n";

TEST_F(KeptRefusals, SayWhatWasRefusedAndWhy) {
    serve(routes);
    const std::string with_token = bearer(R"({"scope":"write"})");
    EXPECT_EQ(ask(get("/open")).status, 200);
    EXPECT_EQ(ask(get("/%69tems?secret=1", with_token)).status, 403);
    EXPECT_EQ(ask(get("/orgs/beta/items", bearer(R"({"organization_id":"acme"})"))).status, 403);
    EXPECT_EQ(ask("NONSENSE\r\n\r\n").status, 400);
    const RefusalList list = kept(3);
    ASSERT_EQ(list->size(), 3U);

    const RecentRefusal& scope = list->at(0);
    EXPECT_EQ(scope.method, "GET");
    EXPECT_EQ(scope.path, "/items");
    EXPECT_EQ(scope.route, "GET /items");
    EXPECT_EQ(scope.status, 403U);
    EXPECT_EQ(scope.reason, Reason::scope_missing);
    EXPECT_FALSE(scope.is_shadow);
    EXPECT_NE(scope.request_id, "");
    EXPECT_EQ(scope.organization, "");

    EXPECT_EQ(list->at(1).reason, Reason::organization_mismatch);
    EXPECT_EQ(list->at(1).organization, "acme");
    EXPECT_EQ(list->at(2).reason, Reason::bad_request);
    EXPECT_EQ(list->at(2).path, "");

    const std::string token = with_token.substr(with_token.find("Bearer ") + 7, 20);
    for (const RecentRefusal& refusal : *list) {
        const std::string all = refusal.method + refusal.path + refusal.route + refusal.request_id +
                                refusal.organization;
        EXPECT_THAT(all, Not(HasSubstr(token)));
        EXPECT_THAT(all, Not(HasSubstr("secret")));
    }
}

TEST_F(KeptRefusals, NameNoOrganizationThatNobodyProved) {
    serve(routes);
    const std::string forged = Issuer().token(R"({"organization_id":"acme"})");
    EXPECT_EQ(ask(get("/orgs/acme/items", "Authorization: Bearer " + forged + "\r\n")).status, 401);
    EXPECT_EQ(kept(1)->front().organization, "");
}

TEST_F(KeptRefusals, MarkWhatShadowModeLetThrough) {
    serve(routes);
    EXPECT_EQ(ask(get("/later")).status, 200);
    const RefusalList list = kept(1);
    EXPECT_EQ(list->front().reason, Reason::token_missing);
    EXPECT_EQ(list->front().status, 200U);
    EXPECT_TRUE(list->front().is_shadow);
}

TEST_F(KeptRefusals, AreNotKeptWhereNobodyMaySeeThem) {
    for (const char* admin : {"admin: { page: \"off\" }", "admin: { listen: \"off\" }"}) {
        SCOPED_TRACE(admin);
        serve(routes, "", admin);
        EXPECT_EQ(ask(get("/items")).status, 401);
        gateway_->next_record();
        EXPECT_EQ(kept(), nullptr);
    }
}

TEST_F(KeptRefusals, AreForgottenWhenThePageIsTurnedOff) {
    serve(routes);
    EXPECT_EQ(ask(get("/items")).status, 401);
    EXPECT_EQ(kept(1)->size(), 1U);
    gateway_->reload(configuration(routes));
    EXPECT_EQ(kept()->size(), 1U) << "they outlast any other reload";
    gateway_->reload(configuration(routes, "", "admin: { page: \"off\" }"));
    EXPECT_EQ(kept(), nullptr);
}

}  // namespace
}  // namespace bearergate::test
