#include <bearergate/gateway/token_hasher.hpp>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <stdexcept>

namespace bearergate::gateway {

namespace {

__extension__ typedef unsigned __int128 Wide;

std::uint64_t word_at(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

// NH twice, the second time with the key shifted by a pair of words (Toeplitz), which squares the
// odds of a collision.
class Nh {
public:
    explicit Nh(const std::uint64_t* key) : key_(key) {}
    void add_pair(const char* bytes) {
        const std::uint64_t one = word_at(bytes);
        const std::uint64_t other = word_at(bytes + 8);
        first_ += Wide{one + key_[0]} * (other + key_[1]);
        second_ += Wide{one + key_[2]} * (other + key_[3]);
        key_ += 2;
    }
    Wide first() const { return first_; }
    Wide second() const { return second_; }

private:
    const std::uint64_t* key_;
    Wide first_ = 0;
    Wide second_ = 0;
};

// SipHash of a text that is a row of words, to 128 bits, with one round a word and three at the
// end.
class SipHash {
public:
    explicit SipHash(const std::array<std::uint64_t, 2>& key)
        : v0_(key[0] ^ 0x736f6d6570736575U),
          v1_(key[1] ^ 0x646f72616e646f6dU ^ 0xee),
          v2_(key[0] ^ 0x6c7967656e657261U),
          v3_(key[1] ^ 0x7465646279746573U) {}
    void add(std::uint64_t word) {
        words_++;
        compress(word);
    }
    void add(Wide wide) {
        add(static_cast<std::uint64_t>(wide));
        add(static_cast<std::uint64_t>(wide >> 64U));
    }
    TokenDigest finish() {
        compress(words_ * 8 << 56U);
        v2_ ^= 0xee;
        const std::uint64_t low = mix();
        v1_ ^= 0xdd;
        return std::bit_cast<TokenDigest>(std::array{low, mix()});
    }

private:
    void compress(std::uint64_t word) {
        v3_ ^= word;
        round();
        v0_ ^= word;
    }
    std::uint64_t mix() {
        round();
        round();
        round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }
    void round() {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_;
    std::uint64_t v1_;
    std::uint64_t v2_;
    std::uint64_t v3_;
    std::uint64_t words_ = 0;
};

}  // namespace

TokenHasher::TokenHasher() {
    const auto draw = [](std::span<std::uint64_t> words) {
        return RAND_bytes(reinterpret_cast<unsigned char*>(words.data()),
                          static_cast<int>(words.size_bytes())) == 1;
    };
    if (!draw(key_.nh) || !draw(key_.siphash)) {
        throw std::runtime_error("OpenSSL gives no random bytes");
    }
}

TokenHasher::~TokenHasher() {
    OPENSSL_cleanse(&key_, sizeof key_);
}

// Of each block what NH makes of it, and at the end the length: texts of one length are cut alike,
// and only the last pair of a text is filled up with zeros.
TokenDigest TokenHasher::operator()(std::string_view token) const {
    constexpr std::size_t pair_bytes = 16;
    SipHash digest(key_.siphash);
    for (std::string_view rest = token; !rest.empty();) {
        const std::string_view block = rest.substr(0, block_bytes);
        rest.remove_prefix(block.size());
        Nh nh(key_.nh.data());
        const std::size_t whole = block.size() / pair_bytes * pair_bytes;
        for (std::size_t at = 0; at < whole; at += pair_bytes) nh.add_pair(block.data() + at);
        if (whole < block.size()) {
            std::array<char, pair_bytes> last{};
            std::ranges::copy(block.substr(whole), last.begin());
            nh.add_pair(last.data());
        }
        digest.add(nh.first());
        digest.add(nh.second());
    }
    digest.add(std::uint64_t{token.size()});
    return digest.finish();
}

}  // namespace bearergate::gateway
