#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/core/result.hpp>

#include <cstddef>
#include <string>

// What several commands take on their command line. A fault is one line for people.
namespace bearergate::cli {

template <class T>
using Usable = core::Result<T, std::string>;

// Of --at: RFC 3339 in UTC and whole seconds ("2026-11-22T11:40:00Z"), or seconds since 1970; now
// for "".
Usable<core::WallTime> moment_from(const std::string& text);

// A token out of a file, without the white space at its end.
Usable<std::string> read_token_file(const std::string& path);

// Of --keys: a key set out of a file as the keys of every one of so many issuers.
Usable<core::KeyRing> read_key_file(const std::string& path, std::size_t issuers);

}  // namespace bearergate::cli
