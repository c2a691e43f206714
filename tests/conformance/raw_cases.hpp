#pragma once

#include <set>
#include <string>
#include <vector>

// The collection of hostile requests, http/raw_requests.json, with what each comes to here.
namespace bearergate::test {

struct RawCase {
    std::string id{};
    std::string bytes{};  // with {T} and {TADMIN}
    std::string expect{};
    int status = 0;           // of the first answer; 0: none
    bool must_close = false;  // the case says so
};

// In the collection's order; `prefix` "" for all.
std::vector<RawCase> raw_cases(const std::string& prefix = "");

// Of http/permutations.json.
struct Permutation {
    std::string id{};
    std::string bytes{};
    std::string expect{};
};
std::vector<Permutation> permutations();

// The statuses that the words of an expectation name.
std::set<int> statuses_in(const std::string& text);
std::string decode_base64(const std::string& text);

}  // namespace bearergate::test
