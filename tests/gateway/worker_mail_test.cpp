#include "worker_mail.hpp"

#include "support/starvation.hpp"

#include <gtest/gtest.h>

#include <new>

namespace bearergate::gateway {
namespace {

WorkerMail with_answers(std::size_t count) {
    WorkerMail mail;
    for (std::size_t i = 0; i < count; ++i) mail.answers.push_back({.question = {.issuer = i}});
    return mail;
}

TEST(WorkerMail, AWorkerEndsThoughMemoryIsOut) {
    WorkerMail mail = with_answers(1);
    WorkerMail since = with_answers(1000);
    bool was_told = false;
    since.drained = [&was_told] { was_told = true; };
    since.stop = true;
    since.make_room = true;
    {
        const test::Starvation starvation(1);
        EXPECT_THROW(mail.take(since), std::bad_alloc);
    }
    EXPECT_TRUE(mail.stop);
    ASSERT_TRUE(mail.drained);
    mail.drained();
    EXPECT_TRUE(was_told);

    mail.take(since);
    EXPECT_EQ(mail.answers.size(), 1001U) << "and the rest comes with the memory";
    EXPECT_TRUE(mail.make_room);
    EXPECT_TRUE(since.answers.empty());
    EXPECT_FALSE(since.drained);
    EXPECT_FALSE(since.stop);
}

TEST(WorkerMail, TakingAnswersNeedsNoMemoryWhereThereAreNone) {
    WorkerMail mail;
    WorkerMail since = with_answers(1000);
    {
        const test::Starvation starvation(1);
        EXPECT_NO_THROW(mail.take(since));
    }
    EXPECT_EQ(mail.answers.size(), 1000U);
    EXPECT_TRUE(since.answers.empty());
}

}  // namespace
}  // namespace bearergate::gateway
