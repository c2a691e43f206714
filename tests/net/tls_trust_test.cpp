// TLS handshakes: who is believed, what is spoken, and which files are of use.
#include <bearergate/net/stream.hpp>
#include <bearergate/net/tls.hpp>

#include "net/tls_fixture.hpp"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::net {
namespace {

class TlsTrust : public test::TlsFixture {};

TEST_F(TlsTrust, OnlyACertificateForTheNameFromTheAuthorityIsBelieved) {
    const struct {
        const char* what;
        Wish wish;
        std::string name;
        const char* problem;  // "" for none
    } cases[] = {
        {"right name", {}, "localhost", ""},
        {"a trailing dot is no part of it", {}, "localhost.", ""},
        {"case does not matter", {}, "LOCALHOST", ""},
        {"right address", {}, "127.0.0.1", ""},
        {"right IPv6 address", {}, "::1", ""},
        {"with its chain", {.through_intermediate = true}, "localhost", ""},
        {"wildcard", {.alternatives = "DNS:*.acme.example"}, "api.acme.example", ""},
        {"wrong name", {}, "acme.example", "certificate refused: hostname mismatch"},
        {"wrong address", {}, "127.0.0.2", "certificate refused: IP address mismatch"},
        {"a name is no address",
         {.alternatives = "DNS:127.0.0.1"},
         "127.0.0.1",
         "certificate refused: IP address mismatch"},
        {"a wildcard is one label",
         {.alternatives = "DNS:*.acme.example"},
         "a.b.acme.example",
         "certificate refused: hostname mismatch"},
        {"a wildcard is not part of a label",
         {.alternatives = "DNS:a*.acme.example"},
         "api.acme.example",
         "certificate refused: hostname mismatch"},
        {"expired", {.expired = true}, "localhost", "certificate refused: certificate has expired"},
        {"self-signed",
         {.self_signed = true},
         "localhost",
         "certificate refused: self-signed certificate"},
        {"no name", {}, "", "no usable server name"},
        {"everything below a name",
         {.alternatives = "DNS:a.acme.example"},
         ".acme.example",
         "no usable server name"},
        {"NUL", {}, std::string("localhost\0.evil", 15), "no usable server name"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        const TlsContext context = server(c.wish);
        EXPECT_EQ(shake_hands(context, client(), c.name).client, c.problem);
    }
}

TEST_F(TlsTrust, AnotherAuthorityAndTheSystemsStoreDoNotKnowOurs) {
    const test::Authority other;
    const TlsContext context = server();
    EXPECT_NE(shake_hands(context, make_tls_client({.ca = other.file()})).client, "");
    EXPECT_EQ(shake_hands(context, make_tls_client({})).client.substr(0, 19),
              "certificate refused");
}

TEST_F(TlsTrust, AfterAFailedHandshakeNothingIsSentOrReceived) {
    const TlsContext context = server();
    connect();
    client_.stream.start_tls_client(client().get(), "acme.example");
    server_.stream.start_tls_server(context.get());
    test::run_until(io_, [&] { return client_.is_up(writable); });
    EXPECT_TRUE(test::send(client_.stream, "secret").failed);
    client_.stream.start_receive(client_.buffer);
    EXPECT_TRUE(client_.is_up(received));
    EXPECT_EQ(client_.stream.received()->condition, Condition::failed);
}

TEST_F(TlsTrust, VersionsBelowTheLeastAreRefused) {
    const test::Identity files = authority_.issue();
    const TlsContext twelve =
        make_tls_server({.certificate = files.certificate, .private_key = files.private_key});
    const TlsContext thirteen = make_tls_server(
        {.certificate = files.certificate, .private_key = files.private_key, .only_tls13 = true});
    const auto client_of = [&](int version) {
        TlsContext context = test::odd_context(TLS_client_method());
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
        return context;
    };
    EXPECT_NE(shake_hands(twelve, client_of(TLS1_1_VERSION)).server, "");
    EXPECT_EQ(shake_hands(twelve, client_of(TLS1_2_VERSION)).server, "");
    EXPECT_NE(shake_hands(thirteen, client_of(TLS1_2_VERSION)).server, "");
    EXPECT_EQ(shake_hands(thirteen, client_of(TLS1_3_VERSION)).server, "");

    const TlsContext old = test::odd_server(files);
    SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
    EXPECT_NE(shake_hands(old, client()).client, "");
    SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION);
    EXPECT_EQ(shake_hands(old, client()).client, "");
}

std::vector<unsigned char> protocols(std::initializer_list<std::string_view> names) {
    std::vector<unsigned char> list;
    for (const std::string_view name : names) {
        list.push_back(static_cast<unsigned char>(name.size()));
        list.insert(list.end(), name.begin(), name.end());
    }
    return list;
}

TEST_F(TlsTrust, OnlyHttp1IsSpoken) {
    const TlsContext context = server();
    const auto client_of = [&](std::initializer_list<std::string_view> names) {
        TlsContext made = test::odd_context(TLS_client_method());
        const std::vector<unsigned char> list = protocols(names);
        SSL_CTX_set_alpn_protos(made.get(), list.data(), static_cast<unsigned>(list.size()));
        return made;
    };
    EXPECT_EQ(shake_hands(context, client_of({"h2", "http/1.1"})).client, "");
    EXPECT_EQ(shake_hands(context, test::odd_context(TLS_client_method())).client, "");
    const Handshake only_h2 = shake_hands(context, client_of({"h2"}));
    EXPECT_NE(only_h2.client.find("no application protocol"), std::string::npos) << only_h2.client;
    EXPECT_NE(only_h2.server, "");

    const TlsContext wilful = test::odd_server(authority_.issue());
    SSL_CTX_set_alpn_select_cb(
        wilful.get(),
        [](SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char*, unsigned,
           void*) {
            *chosen = reinterpret_cast<const unsigned char*>("h2");
            *size = 2;
            return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    EXPECT_NE(shake_hands(wilful, client()).client, "");
}

TEST_F(TlsTrust, AClientCertificateIsDemandedWhereAnAuthorityIsSet) {
    const test::Identity files = authority_.issue();
    const TlsContext context = make_tls_server({.certificate = files.certificate,
                                                .private_key = files.private_key,
                                                .client_ca = authority_.file()});
    const auto client_of = [&](const test::Identity& own) {
        return make_tls_client({.ca = authority_.file(),
                                .certificate = own.certificate,
                                .private_key = own.private_key});
    };
    EXPECT_NE(shake_hands(context, client()).server, "");
    EXPECT_EQ(shake_hands(context, client_of(authority_.issue())).server, "");
    EXPECT_NE(shake_hands(context, client_of(authority_.issue({.expired = true}))).server, "");
    test::Authority other;
    EXPECT_NE(shake_hands(context, client_of(other.issue())).server, "");
}

TEST_F(TlsTrust, BytesInPlaintextAreNoHandshake) {
    const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (const bool before_hello : {false, true}) {
        SCOPED_TRACE(before_hello);
        connect();
        if (before_hello) test::send(server_.stream, answer);
        client_.stream.start_tls_client(client().get(), "localhost");
        if (!before_hello) test::send(server_.stream, answer);
        test::run_until(io_, [&] { return client_.is_up(writable); });
        client_.signal.clear(writable);
        EXPECT_NE(client_.stream.take_error().value_or(""), "");
        EXPECT_TRUE(test::send(client_.stream, "x").failed);
    }
}

TEST_F(TlsTrust, AHandshakeThatEndsEarlyFails) {
    for (const bool by_reset : {false, true}) {
        connect();
        client_.stream.start_tls_client(client().get(), "localhost");
        by_reset ? server_.stream.reset() : server_.stream.close();
        test::run_until(io_, [&] { return client_.is_up(writable); });
        client_.signal.clear(writable);
        EXPECT_EQ(client_.stream.take_error(), "closed during the TLS handshake");
    }
    Stream closed;
    Signal signal;
    closed.attach(signal, received, writable);
    closed.start_tls_client(client().get(), "localhost");
    EXPECT_EQ(signal.raised(), writable);
    EXPECT_TRUE(closed.take_error());
}

std::string problem_of(const std::function<void()>& what) {
    try {
        what();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST_F(TlsTrust, AnUnusableFileIsNamed) {
    const test::Identity good = authority_.issue();
    const test::Identity other = authority_.issue();
    const test::Identity locked = authority_.issue({.passphrase = "secret"});
    const std::string missing = authority_.folder() + "/missing.pem";
    const std::string text = authority_.folder() + "/text.pem";
    std::ofstream(text) << "not a certificate\n";
    const auto of_server = [](const std::string& certificate, const std::string& key,
                              const std::string& ca = "") {
        return problem_of([&] {
            make_tls_server({.certificate = certificate, .private_key = key, .client_ca = ca});
        });
    };
    const auto names = [](const std::string& problem, const std::string& file) {
        return problem.starts_with(file + ": ");
    };
    EXPECT_TRUE(names(of_server(missing, good.private_key), missing));
    EXPECT_TRUE(names(of_server(text, good.private_key), text));
    EXPECT_TRUE(names(of_server(good.certificate, missing), missing));
    EXPECT_TRUE(names(of_server(good.certificate, other.private_key), other.private_key));
    EXPECT_TRUE(names(of_server(good.certificate, locked.private_key), locked.private_key));
    EXPECT_TRUE(names(of_server(good.certificate, good.private_key, text), text));
    EXPECT_EQ(of_server(good.certificate, good.private_key, authority_.file()), "");
    EXPECT_TRUE(names(problem_of([&] { make_tls_client({.ca = text}); }), text));
    EXPECT_TRUE(names(problem_of([&] { make_tls_client({.ca = missing}); }), missing));
    EXPECT_TRUE(names(problem_of([&] {
                          make_tls_client({.ca = authority_.file(),
                                           .certificate = good.certificate,
                                           .private_key = other.private_key});
                      }),
                      other.private_key));
}

// OpenSSL waits for the writer of a pipe, for as long as there is none.
TEST_F(TlsTrust, WhatIsNoRegularFileIsRefusedAtOnce) {
    const test::Identity good = authority_.issue();
    const std::string pipe = authority_.folder() + "/pipe.pem";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const std::string problem = pipe + ": not a regular file";
    EXPECT_EQ(problem_of(
                  [&] { make_tls_server({.certificate = pipe, .private_key = good.private_key}); }),
              problem);
    EXPECT_EQ(problem_of(
                  [&] { make_tls_server({.certificate = good.certificate, .private_key = pipe}); }),
              problem);
    EXPECT_EQ(problem_of([&] {
                  make_tls_server({.certificate = good.certificate,
                                   .private_key = good.private_key,
                                   .client_ca = pipe});
              }),
              problem);
    EXPECT_EQ(problem_of([&] { make_tls_client({.ca = pipe}); }), problem);
    EXPECT_EQ(problem_of(
                  [&] { make_tls_client({.certificate = pipe, .private_key = good.private_key}); }),
              problem);
}

}  // namespace
}  // namespace bearergate::net
