// TLS settings, once for all connections of one kind.
#include <bearergate/net/tls.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <cstring>
#include <initializer_list>

namespace bearergate::net {

namespace {

// In ALPN's form: each name after its length.
constexpr unsigned char http1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

[[noreturn]] void fail(const std::string& file) {
    const unsigned long error = ERR_get_error();
    const char* reason = error == 0                ? nullptr
                         : ERR_SYSTEM_ERROR(error) ? std::strerror(ERR_GET_REASON(error))
                                                   : ERR_reason_error_string(error);
    ERR_clear_error();
    throw TlsFileError(file, reason == nullptr ? "unusable" : reason);
}

// OpenSSL would wait for somebody to write to a pipe, and on a reload that stops the control
// thread. Of a file that is not there, it says so itself.
void refuse_all_but_regular(std::initializer_list<const std::string*> files) {
    for (const std::string* file : files) {
        struct stat facts{};
        if (stat(file->c_str(), &facts) == 0 && !S_ISREG(facts.st_mode)) {
            throw TlsFileError(*file, "not a regular file");
        }
    }
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    unsigned char* match = nullptr;
    if (SSL_select_next_proto(&match, size, http1, sizeof http1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = match;
    return SSL_TLSEXT_ERR_OK;
}

TlsContext make_context(const SSL_METHOD* method, int oldest) {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(method), [](SSL_CTX* old) { SSL_CTX_free(old); });
    if (!context) fail("TLS");
    SSL_CTX* raw = context.get();
    SSL_CTX_set_min_proto_version(raw, oldest);
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    // Streams write without waiting, from buffers that move; idle connections hold no buffers.
    SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(raw, 1);  // one system call a record instead of two
    // A key with a passphrase is an error, not a question on somebody's terminal.
    SSL_CTX_set_default_passwd_cb(raw, [](char*, int, int, void*) { return 0; });
    return context;
}

void use_certificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) fail(certificate);
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) fail(key);
    if (SSL_CTX_check_private_key(context) != 1) fail(key);
}

}  // namespace

TlsContext make_tls_server(const TlsServerFiles& files) {
    refuse_all_but_regular({&files.certificate, &files.private_key, &files.client_ca});
    TlsContext context =
        make_context(TLS_server_method(), files.only_tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX* raw = context.get();
    SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_max_early_data(raw, 0);
    SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
    use_certificate(raw, files.certificate, files.private_key);
    if (!files.client_ca.empty()) {
        // Who resumes a session shows no certificate: one that has expired, or whose authority is
        // no longer believed, would live on for as long as the ticket does.
        SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(raw, 0);
        if (SSL_CTX_load_verify_file(raw, files.client_ca.c_str()) != 1) fail(files.client_ca);
        STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(files.client_ca.c_str());
        if (names == nullptr) fail(files.client_ca);
        SSL_CTX_set_client_CA_list(raw, names);
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    return context;
}

TlsContext make_tls_client(const TlsClientFiles& files) {
    refuse_all_but_regular({&files.ca, &files.certificate, &files.private_key});
    TlsContext context = make_context(TLS_client_method(), TLS1_2_VERSION);
    SSL_CTX* raw = context.get();
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    // Zero is success here, unlike everywhere else in OpenSSL.
    if (SSL_CTX_set_alpn_protos(raw, http1, sizeof http1) != 0) fail("TLS");
    if (files.ca.empty()) {
        if (SSL_CTX_set_default_verify_paths(raw) != 1) fail("the system's certificate store");
    } else if (SSL_CTX_load_verify_file(raw, files.ca.c_str()) != 1) {
        fail(files.ca);
    }
    if (!files.certificate.empty()) use_certificate(raw, files.certificate, files.private_key);
    return context;
}

}  // namespace bearergate::net
