#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/config/reader.hpp>
#include <bearergate/core/policy.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The blocks of a configuration file, one function each. They read from the file's root, say
// everything that is wrong, and leave the rest to the defaults.
namespace bearergate::config {

// A configuration while its blocks are read.
struct Draft {
    Reading& reading;
    Config config{};
    core::Policy policy{};
    // By issuer: the audiences of its tokens where a route names none. A wrong one is not empty,
    // so that it is reported only once.
    std::vector<std::vector<std::string>> audiences{};
    std::vector<Place> issuer_places{};
    // False when something is wrong with them that was said already: what then seems to be missing
    // is only its consequence.
    bool knows_issuers = true;
    bool knows_audience = true;
    bool knows_upstreams = true;
    // By route: where its key stands, whether its pattern could be read, and whether it says
    // whose tokens it takes.
    std::vector<Place> route_places{};
    std::vector<bool> has_pattern{};
    std::vector<bool> names_issuer{};

    void error(Place place, std::string_view message) { reading.diagnostics.error(place, message); }
    void warn(Place place, std::string_view message) { reading.diagnostics.warn(place, message); }
};

void load_server(Block& root, Draft& draft);
void load_admin(Block& root, Draft& draft);
void load_issuers(Block& root, Draft& draft);
void load_upstreams(Block& root, Draft& draft);
void load_identity(Block& root, Draft& draft);
void load_cors(Block& root, Draft& draft);
void load_paths(Block& root, Draft& draft);
void load_logging(Block& root, Draft& draft);
void load_routes(Block& root, Draft& draft);
// `tests:`, whose cases are about that configuration.
std::vector<TestCase> read_tests(const Node& tests, const Config& config,
                                 const core::Policy& policy, Reading& reading);

// What a good configuration may still do that its writer does not expect.
void warn_about_routes(Draft& draft);

// One or several audiences; none, and an error, when there is none or an empty one.
std::optional<std::vector<std::string>> read_audience(Block& block, std::string_view key);
// What the one of a list that a file names may be called.
template <class Named>
std::vector<std::string_view> names_of(const std::vector<Named>& list) {
    std::vector<std::string_view> names;
    names.reserve(list.size());
    for (const Named& one : list) names.push_back(one.name);
    return names;
}
// Names that people choose stand in logs and metrics: reports a key that is unfit for that.
void check_name(const Node& child, Draft& draft);
// RFC 9110 section 5.6.2.
bool is_token(std::string_view text);
// A claim's name, or a JSON Pointer (RFC 6901) when it starts with '/'; else an error.
std::optional<core::ClaimName> claim_name(const std::string& text, Place place, Draft& draft);

}  // namespace bearergate::config
