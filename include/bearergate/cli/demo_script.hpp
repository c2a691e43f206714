#pragma once

#include <bearergate/cli/dev_issuer.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace bearergate::cli {

// The configuration that `demo` runs with, as one would write it.
struct DemoPlaces {
    std::string listen{};  // "127.0.0.1:8080"
    std::string issuer{};
    std::string upstream{};
};
std::string demo_configuration(const DemoPlaces& places);

// One request of the demonstration and what becomes of it.
struct DemoRequest {
    const char* chapter = "";  // set where a new one begins
    int status = 0;
    const char* explanation = "";
    const char* method = "GET";
    const char* target = "/";
    std::string token{};  // "" for none
};
// All three permission models, permitted and refused, with tokens that are good now.
std::vector<DemoRequest> demo_requests(const DevIssuer& issuer, core::WallTime now);

// A line to copy into a shell. `colour`: the token stands back.
std::string curl_line(const DemoRequest& request, const std::string& base_url, bool colour);

}  // namespace bearergate::cli
