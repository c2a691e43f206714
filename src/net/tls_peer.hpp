#pragma once

#include <string>

struct ssl_st;

namespace bearergate::net {

// What a Stream does as a TLS client before and after the handshake.

// Asks for `name` (SNI) and makes the handshake fail unless the certificate is for it: a DNS name,
// or an IP address literal. False when `name` could not be checked so.
bool expect_peer(ssl_st* ssl, const std::string& name);
// Whether the server chose nothing or http/1.1, the one protocol offered by ALPN.
bool speaks_http1(ssl_st* ssl);
// Why a handshake failed, for our own log; `error` is the first of OpenSSL's queue, 0 for none.
std::string handshake_problem(ssl_st* ssl, unsigned long error);

}  // namespace bearergate::net
