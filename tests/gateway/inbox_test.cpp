#include <bearergate/gateway/inbox.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace bearergate::gateway {
namespace {

class InboxTest : public testing::Test {
protected:
    void receive(std::string_view bytes) {
        ASSERT_LE(bytes.size(), inbox_.room().size());
        std::ranges::copy(bytes, inbox_.room().begin());
        inbox_.arrived(bytes.size());
    }

    std::shared_ptr<net::BufferPool> pool_ = std::make_shared<net::BufferPool>(16);
    Inbox inbox_;
};

TEST_F(InboxTest, WithoutABlockThereIsNoRoom) {
    EXPECT_FALSE(inbox_.has_block());
    EXPECT_TRUE(inbox_.room().empty());
    EXPECT_TRUE(inbox_.empty());
    inbox_.compact();
    EXPECT_EQ(inbox_.text(), "");
}

TEST_F(InboxTest, AHeadStaysInPlaceWhileWhatFollowsIsMovedUpToIt) {
    inbox_.borrow(pool_);
    receive("HEADabcdef");
    const char* const head = inbox_.unread().data();
    inbox_.keep_head(4);
    inbox_.consume(3);
    inbox_.compact();
    EXPECT_EQ(std::string_view(head, 4), "HEAD");
    EXPECT_EQ(inbox_.text(), "def");
    EXPECT_EQ(inbox_.room().size(), 16U - 7U);
    receive("ghi");
    EXPECT_EQ(inbox_.text(), "defghi");
}

TEST_F(InboxTest, AForgottenHeadMakesRoomForTheNext) {
    inbox_.borrow(pool_);
    receive("HEADnext");
    inbox_.keep_head(4);
    inbox_.forget_head();
    EXPECT_EQ(inbox_.text(), "next");
    inbox_.compact();
    EXPECT_EQ(inbox_.text(), "next");
    EXPECT_EQ(inbox_.room().size(), 12U);
}

TEST_F(InboxTest, AHeadBehindOthersIsKeptWhereItIs) {
    inbox_.borrow(pool_);
    receive("onetwoxyz");
    inbox_.keep_head(3);
    inbox_.forget_head();
    const char* const second = inbox_.unread().data();
    inbox_.keep_head(3);
    inbox_.consume(2);
    inbox_.compact();
    EXPECT_EQ(std::string_view(second, 3), "two");
    EXPECT_EQ(inbox_.text(), "z");
}

TEST_F(InboxTest, AFullBlockHasNoRoomUntilSomethingIsConsumed) {
    inbox_.borrow(pool_);
    receive("0123456789abcdef");
    EXPECT_TRUE(inbox_.room().empty());
    inbox_.consume(16);
    EXPECT_TRUE(inbox_.empty());
    inbox_.compact();
    EXPECT_EQ(inbox_.room().size(), 16U);
}

TEST_F(InboxTest, KeepsThePoolOfItsBlockAlive) {
    inbox_.borrow(pool_);
    const std::weak_ptr<net::BufferPool> watched = pool_;
    pool_ = std::make_shared<net::BufferPool>(32);
    EXPECT_FALSE(watched.expired());
    inbox_.release();
    inbox_.borrow(pool_);
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(inbox_.size(), 32U);
}

}  // namespace
}  // namespace bearergate::gateway
