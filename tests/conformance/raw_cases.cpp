#include "raw_cases.hpp"

#include "support/vectors.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>

namespace bearergate::test {

namespace {

// Where a case leaves a choice or gives no status: what we give.
const std::map<std::string, int> decided{
    {"SM-025", 200},                   // dropped like every name with `_`
    {"SM-064", 200},                   // a GET may have a body; it goes with it
    {"SM-067", 401}, {"SM-070", 405},  // OPTIONS has no route there
    {"CH-034", 200}, {"CH-037", 200}, {"CH-041", 200}, {"RL-003", 400},
    {"RL-004", 400}, {"RL-019", 405}, {"RL-021", 405}, {"RL-022", 431},
    {"RL-024", 200}, {"RL-026", 400}, {"RL-027", 400},  // its authority is not Host, byte for byte
    {"RL-029", 400}, {"RL-033", 405}, {"RL-036", 400}, {"RL-038", 405},
    {"RL-040", 200},  // an escaped `#` is an ordinary character
    {"RL-042", 400}, {"PA-001", 403}, {"PA-003", 403}, {"PA-005", 403},
    {"PA-006", 403}, {"PA-017", 400}, {"PA-020", 403}, {"PA-026", 404},
    {"PA-028", 400}, {"PA-029", 400}, {"PA-034", 400}, {"PA-035", 400},
    {"PA-054", 400}, {"PA-064", 400}, {"HO-010", 200}, {"HO-011", 400},
    {"HO-016", 200}, {"ID-022", 400},                   // `_method` in a query is refused
    {"ID-029", 200}, {"AU-004", 200}, {"AU-032", 200},  // a token in a query is not looked at
    {"UP-001", 200}, {"UP-003", 200}, {"UP-004", 400}, {"UP-006", 200},
    {"UP-007", 400}, {"HL-004", 431}, {"HL-008", 200}, {"HL-016", 200},
    {"HL-018", 200}, {"HL-019", 200}, {"HL-023", 401},
};

// Where a case leaves none and the rules of docs/how-it-decides.md differ, they hold.
const std::map<std::string, int> overruled{
    {"RL-034", 405},  // not 400: CONNECT is refused for what it is, whatever its target
    {"PA-062", 400},  // not 403: no segment may end in `%20`, of whatever organization
};

}  // namespace

std::set<int> statuses_in(const std::string& text) {
    std::set<int> found;
    const auto is_digit = [&](std::size_t i) {
        return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!is_digit(i) || (i > 0 && is_digit(i - 1))) continue;
        if (is_digit(i + 1) && is_digit(i + 2) && !is_digit(i + 3) && text[i] < '6') {
            found.insert(std::stoi(text.substr(i, 3)));
        }
    }
    return found;
}

std::string decode_base64(const std::string& text) {
    std::string bytes(text.size(), '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0) throw std::runtime_error("no base64");
    // OpenSSL counts the padding's zero bytes too.
    bytes.resize(static_cast<std::size_t>(size - std::ranges::count(text, '=')));
    return bytes;
}

std::vector<RawCase> raw_cases(const std::string& prefix) {
    std::vector<RawCase> cases;
    for (const auto& c : read_cases("http/raw_requests.json")) {
        RawCase one{.id = c["id"], .bytes = decode_base64(c["bytes_b64"]), .expect = c["expect"]};
        if (!one.id.starts_with(prefix)) continue;
        const auto named = statuses_in(one.expect);
        if (const auto known = decided.find(one.id); known != decided.end()) {
            one.status = known->second;
        } else if (const auto ours = overruled.find(one.id); ours != overruled.end()) {
            one.status = ours->second;
        } else if (named.size() == 1) {
            one.status = *named.begin();
        } else {
            throw std::runtime_error(one.id + " leaves a choice: " + one.expect);
        }
        one.must_close = one.expect.find("+close") != std::string::npos;
        cases.push_back(std::move(one));
    }
    return cases;
}

std::vector<Permutation> permutations() {
    std::vector<Permutation> all;
    for (const auto& c : read_cases("http/permutations.json")) {
        all.push_back(
            {.id = c["id"], .bytes = decode_base64(c["bytes_b64"]), .expect = c["expect"]});
    }
    return all;
}

}  // namespace bearergate::test
