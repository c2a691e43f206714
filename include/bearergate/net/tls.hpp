#pragma once

#include <memory>
#include <stdexcept>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace bearergate::net {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

// Which file is of no use, and why, for people; what() says both.
struct TlsFileError : std::runtime_error {
    TlsFileError(const std::string& its_file, const std::string& why)
        : std::runtime_error(its_file + ": " + why), file(its_file), reason(why) {}
    std::string file;
    std::string reason;
};

struct TlsServerFiles {
    std::string certificate{};  // PEM chain
    std::string private_key{};  // PEM
    std::string client_ca{};    // "" asks for no client certificate; else one is required
    bool only_tls13 = false;
};
// TLS 1.2 and newer, ALPN http/1.1 only, no renegotiation, no early data, no compression; with
// client certificates no resumption either. Throws TlsFileError, of what is no regular file, too.
TlsContext make_tls_server(const TlsServerFiles& files);

struct TlsClientFiles {
    std::string ca{};           // "": the system's store
    std::string certificate{};  // our own, "" for none
    std::string private_key{};
};
// Verifies chain and host always; there is no way to turn that off.
TlsContext make_tls_client(const TlsClientFiles& files);

}  // namespace bearergate::net
