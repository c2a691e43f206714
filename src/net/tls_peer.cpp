// Whom a TLS client talks to, and what went wrong.
#include "tls_peer.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string_view>

namespace bearergate::net {

bool expect_peer(ssl_st* ssl, const std::string& name) {
    std::string host = name;
    if (host.size() > 1 && host.ends_with('.')) host.pop_back();
    // OpenSSL reads an empty name as "any" and ".acme.example" as "anything below", and compares
    // no further than a NUL.
    if (host.empty() || host.starts_with('.') || host.find('\0') != std::string::npos) return false;

    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1) return true;
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host.c_str()) == 1 &&
           SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

bool speaks_http1(ssl_st* ssl) {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    return size == 0 || std::string_view(reinterpret_cast<const char*>(chosen), size) == "http/1.1";
}

std::string handshake_problem(ssl_st* ssl, unsigned long error) {
    if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
        return std::string("certificate refused: ") + X509_verify_cert_error_string(verdict);
    }
    const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
    if (reason == nullptr || ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return "closed during the TLS handshake";
    }
    return std::string("TLS: ") + reason;
}

}  // namespace bearergate::net
