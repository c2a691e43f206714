#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/core/authorize.hpp>
#include <bearergate/core/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

// What several commands take on their command line. A fault is one line for people.
namespace bearergate::cli {

template <class T>
using Usable = core::Result<T, std::string>;

// Of --at: RFC 3339 in UTC and whole seconds ("2026-11-22T11:40:00Z"), or seconds since 1970; now
// for "".
Usable<core::WallTime> moment_from(const std::string& text);

// Of an option that takes an address: as in a configuration, and localhost for 127.0.0.1.
Usable<config::Address> address_from(std::string_view text);
// The same for a listener that others find by its port.
Usable<config::Address> listener_from(std::string_view text);

// What was typed, in a message: no word of it is a whole token, should somebody have put one in the
// place of something else.
std::string typed(std::string_view text);
// The name of a file likewise, but whole where there is such a file.
std::string typed_file(const std::string& path);

// A token out of a file, without the white space at its end.
Usable<std::string> read_token_file(const std::string& path);

// Of --keys: a key set out of a file as the keys of every one of so many issuers.
Usable<core::KeyRing> read_key_file(const std::string& path, std::size_t issuers);

}  // namespace bearergate::cli
