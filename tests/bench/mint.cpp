// Makes what the benchmark needs of an issuer: mint FOLDER ALG COUNT ISSUER AUDIENCE writes
// FOLDER/jwks.json, FOLDER/key.pem (the public key) and FOLDER/tokens, one token a line.
#include <bearergate/cli/signing_key.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

using bearergate::cli::SigningKey;

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fputs("usage: mint FOLDER ALG COUNT ISSUER AUDIENCE\n", stderr);
        return 2;
    }
    const std::string folder = argv[1];
    const auto algorithm = bearergate::core::parse_algorithm(argv[2]);
    if (!algorithm) return 2;
    const SigningKey key = SigningKey::generate(*algorithm);
    std::ofstream(folder + "/jwks.json") << "{\"keys\":[" << key.public_jwk() << "]}\n";
    std::ofstream(folder + "/key.pem") << key.public_pem();

    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    const std::string header =
        std::string(R"({"alg":")") + argv[2] + R"(","typ":"at+jwt","kid":")" + key.id() + R"("})";
    std::ofstream tokens(folder + "/tokens");
    for (long i = 0, count = std::atol(argv[3]); i < count; ++i) {
        const std::string subject = "user-" + std::to_string(100'000'000 + i);
        tokens
            << key.sign(
                   header,
                   R"({"jti":"JxiP7N2kARduxPyZ763Re","sub":")" + subject + R"(","iat":)" +
                       std::to_string(now) + R"(,"exp":)" + std::to_string(now + 86'400) +
                       R"(,"scope":"read:items write:items","client_id":"0zijz9uyrh5hqc1u02e7e","iss":")" +
                       argv[4] + R"(","aud":")" + argv[5] + R"("})")
            << '\n';
    }
    return tokens ? 0 : 1;
}
