#pragma once

#include <bearergate/cli/signing_key.hpp>

#include <string>
#include <utility>
#include <vector>

namespace bench {

// The claims of the benchmark's tokens: Logto's, member by member.
struct Claims {
    std::string subject = "user-100000000";
    std::string issuer{};
    std::string audience{};  // "": no such member
    std::string scope =
        "read:items write:items delete:items read:projects write:projects invite:member "
        "read:invoices";
    long issued_at = 0;
    long expires_at = 0;  // 0: no such member
    long not_before = 0;  // likewise

    std::string json() const;
};
std::string header_of(const bearergate::cli::SigningKey& key);

// What whoever checks tokens must refuse, each with its name.
std::vector<std::pair<std::string, std::string>> bad_tokens(const bearergate::cli::SigningKey& key,
                                                            const std::string& public_pem,
                                                            const Claims& good);

}  // namespace bench
