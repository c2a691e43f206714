#include <bearergate/net/buffer_pool.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace bearergate::net {
namespace {

TEST(BufferPool, LendsBlocksOfOneSize) {
    BufferPool pool(100);
    EXPECT_EQ(pool.block_bytes(), 100U);
    const auto block = pool.borrow();
    EXPECT_TRUE(block);
    EXPECT_EQ(block.bytes().size(), 100U);
    EXPECT_FALSE(BufferPool::Block());
    EXPECT_TRUE(BufferPool::Block().bytes().empty());
}

TEST(BufferPool, LendsNoBlockTwiceAtATime) {
    BufferPool pool(8);
    const auto one = pool.borrow();
    const auto two = pool.borrow();
    EXPECT_NE(one.bytes().data(), two.bytes().data());
}

TEST(BufferPool, LendsAgainWhatCameBack) {
    BufferPool pool(8);
    auto block = pool.borrow();
    const char* const where = block.bytes().data();
    block.release();
    EXPECT_FALSE(block);
    EXPECT_TRUE(block.bytes().empty());
    block.release();  // has nothing left to give
    EXPECT_EQ(pool.borrow().bytes().data(), where);
    {
        const auto again = pool.borrow();
    }
    EXPECT_EQ(pool.borrow().bytes().data(), where);
}

TEST(BufferPool, ABlockThatMovesIsGivenBackOnce) {
    BufferPool pool(8);
    auto one = pool.borrow();
    const char* const first = one.bytes().data();
    auto two = std::move(one);
    EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): it says that it is empty
    EXPECT_EQ(two.bytes().data(), first);
    auto three = pool.borrow();
    const char* const second = three.bytes().data();
    three = std::move(two);  // gives back what it had
    EXPECT_EQ(three.bytes().data(), first);
    EXPECT_EQ(pool.borrow().bytes().data(), second);
    auto& itself = three;
    three = std::move(itself);
    EXPECT_EQ(three.bytes().data(), first);
}

TEST(BufferPool, AVacantBlockBorrowsItsMemoryWhenItIsToHoldSomething) {
    BufferPool pool(8);
    auto block = pool.vacant();
    EXPECT_FALSE(block);
    EXPECT_TRUE(block.bytes().empty());
    EXPECT_EQ(block.size(), 8U);
    const char* const where = block.hold().data();
    EXPECT_TRUE(block);
    EXPECT_EQ(block.hold().data(), where);  // the same as long as it holds it
    EXPECT_EQ(block.bytes().size(), 8U);
    block.release();
    EXPECT_FALSE(block);
    const auto other = pool.borrow();
    EXPECT_EQ(other.bytes().data(), where);
    EXPECT_NE(block.hold().data(), where);
    EXPECT_TRUE(BufferPool::Block().hold().empty());  // has no pool
}

TEST(BufferPool, KeepsNoMoreThanItShould) {
    constexpr std::size_t keep = 3;
    BufferPool pool(8, keep);
    std::vector<BufferPool::Block> blocks;
    std::vector<const char*> first;
    for (std::size_t i = 0; i < keep + 2; ++i) {
        blocks.push_back(pool.borrow());
        first.push_back(blocks.back().bytes().data());
    }
    for (auto& block : blocks) block.release();
    // The last one that was kept goes out first; what was too much is gone.
    for (std::size_t i = keep; i-- > 0;) {
        blocks.push_back(pool.borrow());
        EXPECT_EQ(blocks.back().bytes().data(), first[i]);
    }
}

}  // namespace
}  // namespace bearergate::net
