// A failed allocation says nothing about a key or a signature, whichever one it is.
#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/core/verifier.hpp>

#include "support/starvation.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {
namespace {

using test::Starvation;

// Does it again and again, each time with another one of its allocations failing, until it has no
// more of them. Those that failed.
std::size_t fail_each_in_turn(const std::function<void()>& what) {
    std::size_t n = 1;
    for (;; ++n) {
        const std::size_t before = Starvation::refused();
        try {
            const Starvation once(n, 1);
            what();
        } catch (const std::bad_alloc&) {
            continue;
        }
        if (Starvation::refused() == before) return n - 1;
    }
}

const std::vector<cli::SigningKey>& one_of_each() {
    static const std::vector<cli::SigningKey> all = [] {
        std::vector<cli::SigningKey> keys;
        for (const Algorithm algorithm : {Algorithm::rs256, Algorithm::ps384, Algorithm::es256,
                                          Algorithm::es384, Algorithm::es512, Algorithm::eddsa}) {
            keys.push_back(cli::SigningKey::generate(algorithm));
        }
        keys.push_back(cli::SigningKey::generate_ed448());
        return keys;
    }();
    return all;
}

TEST(Memory, WantOfItCostsADocumentAndNeverOneOfItsKeys) {
    std::string keys;
    for (const cli::SigningKey& key : one_of_each()) keys += key.public_jwk() + ",";
    // Beside them one that is refused for what it is.
    const std::string text =
        "{\"keys\":[" + keys +
        R"({"kty":"EC","crv":"P-256","kid":"off","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",)"
        R"("y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}]})";
    std::size_t whole = 0;
    std::size_t parts = 0;
    const std::size_t failed = fail_each_in_turn([&] {
        const auto parsed = parse_key_set(text);
        if (!parsed) throw std::bad_alloc();
        const bool has_all = parsed->set.keys().size() == one_of_each().size() &&
                             parsed->skipped.size() == 1 && parsed->skipped[0].id == "off";
        ++(has_all ? whole : parts);
    });
    EXPECT_EQ(parts, 0U);
    EXPECT_GT(whole, 0U);
    EXPECT_GT(failed, 100U);
}

TEST(Memory, WantOfItProvesNothing) {
    constexpr std::string_view signed_text = "eyJhbGciOiJFUzI1NiJ9.e30";
    for (const cli::SigningKey& key : one_of_each()) {
        SCOPED_TRACE(key.public_jwk());
        const PublicKey half = import_key(Json::parse(key.public_jwk(), 8).value()).value();
        const std::string good = key.signature(signed_text);
        std::string bad = good;
        bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
        std::size_t permitted = 0;
        const std::size_t failed = fail_each_in_turn([&] {
            Verifier verifier(half, key.algorithm());
            permitted += verifier.verify(signed_text, bad) ? 1U : 0U;
            verifier.verify(signed_text, good);
        });
        EXPECT_EQ(permitted, 0U);
        EXPECT_GT(failed, 5U);
        EXPECT_EQ(ERR_peek_error(), 0U) << "whoever comes next would take it for its own";
        Verifier verifier(half, key.algorithm());
        EXPECT_TRUE(verifier.verify(signed_text, good));
    }
}

TEST(Memory, WithoutAnyNoSignatureIsCalledWrong) {
    constexpr std::string_view signed_text = "eyJhbGciOiJFUzI1NiJ9.e30";
    for (const cli::SigningKey& key : one_of_each()) {
        SCOPED_TRACE(key.public_jwk());
        const std::string good = key.signature(signed_text);
        Verifier verifier(import_key(Json::parse(key.public_jwk(), 8).value()).value(),
                          key.algorithm());
        const auto look_at_it = [&]() -> std::string_view {
            try {
                return verifier.verify(signed_text, good) ? "right" : "wrong";
            } catch (const std::bad_alloc&) {
                return "no memory";
            }
        };
        std::string_view answer;
        {
            const Starvation all(1);
            answer = look_at_it();
        }
        EXPECT_EQ(answer, "no memory");
    }
}

// By the first keys of a process, when OpenSSL has looked for none yet. (Its very beginnings would
// not survive it.)
TEST(Memory, WantOfItIsNotTakenForAKeyThatOpensslDoesNotOffer) {
    EVP_MD_free(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
    for (const char* const key :
         {R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
          R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
          R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})"}) {
        SCOPED_TRACE(key);
        std::size_t skipped = 0;
        EXPECT_GT(fail_each_in_turn([&] {
                      const auto text = Json::parse(key, 8);
                      if (!text) throw std::bad_alloc();
                      skipped += import_key(*text) ? 0U : 1U;
                  }),
                  20U);
        EXPECT_EQ(skipped, 0U);
    }
}

// What an earlier failure left in the thread's queue is no word on this signature.
TEST(Memory, WantOfItIsForgottenWhenItIsOver) {
    const cli::SigningKey& key = one_of_each().front();
    Verifier verifier(import_key(Json::parse(key.public_jwk(), 8).value()).value(),
                      key.algorithm());
    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    EXPECT_FALSE(verifier.verify("a.b", std::string(key.signature("c.d"))));
    EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace bearergate::core
