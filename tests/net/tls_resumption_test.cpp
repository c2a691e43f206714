// Who may come back without showing a certificate again.
#include <bearergate/net/tls.hpp>

#include "net/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

namespace bearergate::net {
namespace {

struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using Ssl = std::unique_ptr<SSL, Free>;
using Session = std::unique_ptr<SSL_SESSION, Free>;

// A client that keeps whatever session it is given, and comes back with it.
class Returning {
public:
    Returning(const TlsContext& server, int version, const test::Identity& own)
        : server_(server), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_min_proto_version(context_.get(), version);
        SSL_CTX_set_max_proto_version(context_.get(), version);
        SSL_CTX_use_certificate_chain_file(context_.get(), own.certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context_.get(), own.private_key.c_str(), SSL_FILETYPE_PEM);
        SSL_CTX_set_session_cache_mode(context_.get(),
                                       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
        SSL_CTX_set_app_data(context_.get(), this);
        SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* session) {
            auto* self = static_cast<Returning*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
            self->session_.reset(session);
            return 1;
        });
    }

    // One connection, in memory; whether both ends were content with it.
    bool connect() {
        const Ssl client(SSL_new(context_.get()));
        const Ssl server(SSL_new(server_.get()));
        BIO* near = nullptr;
        BIO* far = nullptr;
        BIO_new_bio_pair(&near, 64 * 1024, &far, 64 * 1024);
        SSL_set_bio(client.get(), near, near);
        SSL_set_bio(server.get(), far, far);
        if (session_) SSL_set_session(client.get(), session_.get());
        SSL_set_connect_state(client.get());
        SSL_set_accept_state(server.get());
        for (int turn = 0; turn < 10; ++turn) {
            SSL_do_handshake(client.get());
            SSL_do_handshake(server.get());
        }
        std::array<char, 16> nothing{};
        SSL_read(client.get(), nothing.data(), nothing.size());  // takes in the tickets
        // As if both had said goodbye: a session that broke off is not resumed.
        SSL_set_shutdown(client.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        was_resumed = SSL_session_reused(server.get()) == 1;
        return SSL_is_init_finished(client.get()) == 1 && SSL_is_init_finished(server.get()) == 1;
    }
    bool was_given_a_session() const { return session_ != nullptr; }

    bool was_resumed = false;

private:
    const TlsContext& server_;
    std::unique_ptr<SSL_CTX, Free> context_;
    Session session_{};
};

TEST(TlsResumption, AClientCertificateIsShownEachTime) {
    test::Authority authority;
    const test::Identity files = authority.issue();
    const struct {
        const char* what;
        std::string client_ca;
        bool resumes;
    } cases[] = {{"without client certificates sessions are resumed", "", true},
                 {"with them none is", authority.file(), false}};
    for (const auto& c : cases) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            SCOPED_TRACE(std::string(c.what) + (version == TLS1_2_VERSION ? ", 1.2" : ", 1.3"));
            const TlsContext server = make_tls_server({.certificate = files.certificate,
                                                       .private_key = files.private_key,
                                                       .client_ca = c.client_ca});
            Returning client(server, version, authority.issue());
            ASSERT_TRUE(client.connect());
            EXPECT_FALSE(client.was_resumed);
            EXPECT_EQ(client.was_given_a_session(), c.resumes);
            ASSERT_TRUE(client.connect());
            EXPECT_EQ(client.was_resumed, c.resumes);
        }
    }
}

}  // namespace
}  // namespace bearergate::net
