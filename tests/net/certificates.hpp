#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace bearergate::net::test {

// Files of one identity, in PEM.
struct Identity {
    std::string certificate{};
    std::string private_key{};
};

// A certificate authority made for one test, with its files in a folder of its own. What it issues
// is real, down to the flaws that it is asked for.
class Authority {
public:
    struct Wish {
        std::string alternatives = "DNS:localhost,IP:127.0.0.1,IP:::1";  // subjectAltName
        bool expired = false;
        bool self_signed = false;
        bool through_intermediate = false;  // the file holds the chain
        std::string passphrase{};           // for the private key
    };

    Authority() : folder_(make_folder()), key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
        sign(certificate_.get(), key_.get(), "test authority", Wish{.alternatives = ""}, true,
             certificate_.get(), key_.get());
        write_certificates(file(), {certificate_.get()});
    }
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    ~Authority() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::string file() const { return folder_ + "/ca.pem"; }
    const std::string& folder() const { return folder_; }

    Identity issue(const Wish& wish) {
        const std::string stem = folder_ + "/" + std::to_string(++issued_);
        const Identity files{.certificate = stem + ".crt", .private_key = stem + ".key"};
        const Key key(EVP_EC_gen("P-256"));
        const Certificate certificate(X509_new());
        const Key between_key(EVP_EC_gen("P-256"));
        const Certificate between(X509_new());
        X509* issuer = certificate_.get();
        EVP_PKEY* issuer_key = key_.get();
        if (wish.self_signed) {
            issuer = certificate.get();
            issuer_key = key.get();
        } else if (wish.through_intermediate) {
            sign(between.get(), between_key.get(), "between", Wish{.alternatives = ""}, true,
                 issuer, issuer_key);
            issuer = between.get();
            issuer_key = between_key.get();
        }
        sign(certificate.get(), key.get(), "end", wish, false, issuer, issuer_key);
        wish.through_intermediate
            ? write_certificates(files.certificate, {certificate.get(), between.get()})
            : write_certificates(files.certificate, {certificate.get()});
        write_key(files.private_key, key.get(), wish.passphrase);
        return files;
    }
    Identity issue() { return issue(Wish{}); }

private:
    struct Free {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { X509_free(certificate); }
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    using Key = std::unique_ptr<EVP_PKEY, Free>;
    using Certificate = std::unique_ptr<X509, Free>;
    using File = std::unique_ptr<std::FILE, Free>;

    static std::string make_folder() {
        std::string name = testing::TempDir() + "bg_ca_XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        return name;
    }

    static void add(X509* certificate, X509* issuer, int what, const char* value) {
        X509V3_CTX context{};
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
        EXPECT_NE(extension, nullptr);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    void sign(X509* certificate, EVP_PKEY* key, const char* name, const Wish& wish,
              bool is_authority, X509* issuer, EVP_PKEY* issuer_key) {
        constexpr long day = 86'400;
        X509_set_version(certificate, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * day);
        X509_gmtime_adj(X509_getm_notAfter(certificate), wish.expired ? -day : day);
        X509_set_pubkey(certificate, key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
        add(certificate, issuer, NID_basic_constraints,
            is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
        add(certificate, issuer, NID_subject_key_identifier, "hash");
        if (is_authority) add(certificate, issuer, NID_key_usage, "critical,keyCertSign");
        if (!wish.alternatives.empty()) {
            add(certificate, issuer, NID_subject_alt_name, wish.alternatives.c_str());
        }
        EXPECT_GT(X509_sign(certificate, issuer_key, EVP_sha256()), 0);
    }

    static void write_certificates(const std::string& name, std::initializer_list<X509*> chain) {
        const File file(std::fopen(name.c_str(), "w"));
        for (X509* certificate : chain) EXPECT_EQ(PEM_write_X509(file.get(), certificate), 1);
    }

    static void write_key(const std::string& name, EVP_PKEY* key, const std::string& passphrase) {
        const File file(std::fopen(name.c_str(), "w"));
        const EVP_CIPHER* cipher = passphrase.empty() ? nullptr : EVP_aes_128_cbc();
        EXPECT_EQ(PEM_write_PKCS8PrivateKey(file.get(), key, cipher, passphrase.data(),
                                            static_cast<int>(passphrase.size()), nullptr, nullptr),
                  1);
    }

    std::string folder_;
    Key key_;
    Certificate certificate_;
    int issued_ = 0;
    long serial_ = 0;
};

}  // namespace bearergate::net::test
