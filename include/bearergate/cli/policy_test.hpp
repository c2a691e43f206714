#pragma once

#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/explain_text.hpp>
#include <bearergate/config/load.hpp>

#include <span>
#include <string>
#include <vector>

namespace bearergate::cli {

// One thing that a case expects and that is not so. Both are for people, on one line.
struct Mismatch {
    std::string expected{};
    std::string actual{};
};

// A case of `tests:` and what became of it.
struct TriedCase {
    config::TestCase test{};
    std::string file{};  // that it stands in
    Explanation explanation{};
    std::vector<Mismatch> mismatches{};

    bool passed() const { return mismatches.empty(); }
};

// Whether a case brings a token that somebody signed, for whose check keys are needed.
bool brings_a_signature(const config::TestCase& test);

// Tries a case, by explain(). A token given as claims is not signed, and only its key and signature
// are not checked. The claims that every token has may be left out: `iss` where there is one issuer
// only, `iat` (then it is `now`) and `exp` (an hour later). The keys are for all other tokens.
// A fault where the case cannot be tried: its token's file cannot be read.
Usable<TriedCase> try_case(const config::Loaded& loaded, const config::TestCase& test,
                           const std::string& file, const core::KeyRing& keys, core::WallTime now);

// The routes that none of these cases came to, in the order of the file.
std::vector<const core::Route*> untested_routes(const config::Loaded& loaded,
                                                std::span<const TriedCase> tried);

// For people, as a test runner prints: a line for each case, for a failed one what was expected and
// the checks that explain it, the routes without a case, and a sum.
std::string render(const config::Loaded& loaded, std::span<const TriedCase> tried, bool colours);

// JUnit's XML, a suite for each file of cases.
std::string junit_xml(const config::Loaded& loaded, std::span<const TriedCase> tried);

}  // namespace bearergate::cli
