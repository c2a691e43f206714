#pragma once

#include <boost/system/error_code.hpp>

#include <string>

namespace bearergate::net {

// An error of the system as a phrase for our own log: "connection refused".
std::string phrase_of(const boost::system::error_code& error);

}  // namespace bearergate::net
