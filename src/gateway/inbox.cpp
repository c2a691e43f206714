#include <bearergate/gateway/inbox.hpp>

#include <cstring>

namespace bearergate::gateway {

void Inbox::borrow(const std::shared_ptr<net::BufferPool>& pool) {
    block_ = pool->borrow();
    owner_ = pool;
    kept_ = begin_ = end_ = 0;
}

void Inbox::release() {
    block_.release();
    kept_ = begin_ = end_ = 0;
}

void Inbox::keep_head(std::size_t bytes) {
    begin_ += bytes;
    kept_ = begin_;
}

void Inbox::compact() {
    if (begin_ == kept_) return;
    char* const bytes = block_.bytes().data();
    std::memmove(bytes + kept_, bytes + begin_, end_ - begin_);
    end_ -= begin_ - kept_;
    begin_ = kept_;
}

}  // namespace bearergate::gateway
