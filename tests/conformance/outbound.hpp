#pragma once

#include <set>
#include <string>

namespace bearergate::test {

// Where this process has connected to or asked a name server about since the last call, as
// "127.0.0.1:80", "unix", or "name issuer.example". The program that asks is linked with
// --wrap=connect and --wrap=getaddrinfo.
std::set<std::string> take_outbound();

}  // namespace bearergate::test
