// Makes what the benchmark needs of an issuer. `mint FOLDER ALG COUNT ISSUER AUDIENCE` writes into
// the folder: jwks.json; key.pem, the public key; key.jwk, the private one; tokens, one a line;
// bad, one token a line that must be refused, behind its name and a tab.
#include <bearergate/core/key_set.hpp>

#include "bad_tokens.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using bearergate::cli::SigningKey;

namespace {

constexpr long lifetime = 2L * 86'400;

std::string public_pem(const SigningKey& key) {
    const auto document = bearergate::core::parse_key_set(key.public_jwks()).value();
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(out.get(), document.set.keys()[0].handle.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

// Signing is slow and there may be many: all CPUs take their share.
std::vector<std::string> good_tokens(const SigningKey& key, const bench::Claims& claims,
                                     std::size_t count) {
    std::vector<std::string> tokens(count);
    const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::jthread> signers;
    for (std::size_t first = 0; first < threads; ++first) {
        signers.emplace_back([&, first, mine = claims]() mutable {
            for (std::size_t i = first; i < count; i += threads) {
                mine.subject = "user-" + std::to_string(100'000'000 + i);
                tokens[i] = key.sign(bench::header_of(key), mine.json());
            }
        });
    }
    signers.clear();
    return tokens;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fputs("usage: mint FOLDER ALG COUNT ISSUER AUDIENCE\n", stderr);
        return 2;
    }
    const std::string folder = argv[1];
    const auto algorithm = bearergate::core::parse_algorithm(argv[2]);
    if (!algorithm) return 2;
    const SigningKey key = SigningKey::generate(*algorithm);
    const std::string pem = public_pem(key);
    const long now = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    const bench::Claims claims{
        .issuer = argv[4], .audience = argv[5], .issued_at = now, .expires_at = now + lifetime};

    std::ofstream(folder + "/jwks.json") << key.public_jwks() << '\n';
    std::ofstream(folder + "/key.pem") << pem;
    std::ofstream(folder + "/key.jwk") << key.private_jwk() << '\n';
    std::ofstream bad(folder + "/bad");
    for (const auto& [name, token] : bad_tokens(key, pem, claims)) {
        bad << name << '\t' << token << '\n';
    }
    std::ofstream tokens(folder + "/tokens");
    for (const std::string& token : good_tokens(key, claims, std::stoul(argv[3]))) {
        tokens << token << '\n';
    }
    return tokens.flush() && bad.flush() ? 0 : 1;
}
