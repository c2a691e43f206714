// The files beside a configuration: certificates, keys, key sets, tokens.
#include <bearergate/cli/check_files.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/net/tls.hpp>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace bearergate::cli {
namespace {

using config::Diagnostic;
using config::NamedFile;
using Use = NamedFile::Use;

constexpr std::size_t most_bytes = 4 * 1024 * 1024;  // of a store of authorities, the largest

struct Free {
    void operator()(BIO* bio) const { BIO_free(bio); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Certificate = std::unique_ptr<X509, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

std::string_view name_of(Use use) {
    switch (use) {
        case Use::certificate: return "certificate";
        case Use::private_key: return "private key";
        case Use::authorities: return "CA file";
        case Use::key_set: return "key set";
        case Use::token: return "token";
    }
    return "file";
}

// The files' findings while they are made; everything is said at a file's place.
struct Findings {
    FileFindings out{};

    static Diagnostic about(const NamedFile& file, std::string_view what) {
        Diagnostic said = file.place;
        said.message =
            config::printable(fmt::format("the {} {} {}", name_of(file.use), file.written, what));
        return said;
    }
    void error(const NamedFile& file, std::string_view what) {
        out.errors.push_back(about(file, what));
    }
    void warn(const NamedFile& file, std::string_view what) {
        out.warnings.push_back(about(file, what));
    }
};

Bio reader_of(const std::string& text) {
    return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int no_passphrase(char*, int, int, void*) {
    return 0;
}

std::string time_text(const ASN1_TIME* time) {
    const Bio out(BIO_new(BIO_s_mem()));
    char* bytes = nullptr;
    if (!out || ASN1_TIME_print(out.get(), time) != 1) return "an unknown time";
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

void check_validity(const NamedFile& file, const X509* certificate, Findings& findings) {
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        findings.warn(file, "expired at " + time_text(X509_get0_notAfter(certificate)));
    } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        findings.warn(file, "is not valid before " + time_text(X509_get0_notBefore(certificate)));
    }
}

void check_certificates(const NamedFile& file, const std::string& text, Findings& findings) {
    ERR_clear_error();
    const Bio bio = reader_of(text);
    std::size_t count = 0;
    while (const Certificate one{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
        // A store holds old authorities too; what is shown to others is the first of its file.
        if (count++ == 0 && file.use == Use::certificate) check_validity(file, one.get(), findings);
    }
    const unsigned long end = ERR_peek_last_error();
    ERR_clear_error();
    const bool at_end =
        ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
    if (!at_end) {
        findings.error(file, fmt::format("holds a broken certificate, number {}", count + 1));
    } else if (count == 0) {
        findings.error(file, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    }
}

void check_private_key(const NamedFile& file, const std::string& text, Findings& findings) {
    const Bio bio = reader_of(text);
    const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    if (key) return;
    findings.error(file, text.contains("ENCRYPTED")
                             ? "is locked with a passphrase, and nobody is there to be asked for "
                               "one: store it without"
                             : "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
}

void check_key_set(const NamedFile& file, const std::string& text, Findings& findings) {
    const auto document = core::parse_key_set(text);
    if (!document) return findings.error(file, core::describe(document.error()));
    const auto shown = [](const std::string& id) {
        return id.empty() ? "one without `kid`" : fmt::format("'{}'", id);
    };
    for (const core::SkippedKey& key : document->skipped) {
        findings.warn(file,
                      fmt::format("has a key that is passed over: {} {}", shown(key.id), key.why));
    }
    for (const std::string& id : document->lost) {
        findings.warn(file, fmt::format("has a key with its private half, so anybody who reads it "
                                        "can sign: {} must be replaced",
                                        shown(id)));
    }
}

void check_contents(const NamedFile& file, const std::string& text, Findings& findings) {
    switch (file.use) {
        case Use::certificate:
        case Use::authorities: return check_certificates(file, text, findings);
        case Use::private_key: return check_private_key(file, text, findings);
        case Use::key_set: return check_key_set(file, text, findings);
        case Use::token:
            if (text.empty()) findings.error(file, "is empty");
            return;
    }
}

void check_file(const NamedFile& file, Findings& findings) {
    std::error_code error;
    const auto status = std::filesystem::status(file.path, error);
    if (error) return findings.error(file, "cannot be read: " + error.message());
    // A pipe or a device could hold up the gateway.
    if (!std::filesystem::is_regular_file(status)) {
        return findings.error(file, "is not a regular file");
    }
    const auto text = read_file(file.path, most_bytes);
    if (!text) return findings.error(file, "cannot be read: " + text.error());
    check_contents(file, *text, findings);
}

}  // namespace

FileFindings check_files(std::span<const NamedFile> files) {
    Findings findings;
    std::set<std::pair<Use, std::string_view>> seen;
    for (const NamedFile& file : files) {
        if (seen.emplace(file.use, file.path).second) check_file(file, findings);
    }
    return std::move(findings.out);
}

std::vector<Diagnostic> check_tls(const config::Config& config, std::span<const NamedFile> files) {
    std::vector<Diagnostic> errors;
    const auto attempt = [&](const std::function<void()>& make) {
        try {
            make();
        } catch (const net::TlsFileError& error) {
            const auto file = std::ranges::find(files, error.file, &NamedFile::path);
            errors.push_back(file == files.end()
                                 ? Diagnostic{.message = config::printable(error.what())}
                                 : Findings::about(*file, "cannot be used: " + error.reason));
        }
    };
    if (const auto& tls = config.server.tls) {
        attempt([&] {
            net::make_tls_server({.certificate = tls->certificate,
                                  .private_key = tls->private_key,
                                  .client_ca = tls->client_ca,
                                  .only_tls13 = tls->only_tls13});
        });
    }
    for (const config::Upstream& upstream : config.upstreams) {
        if (std::ranges::none_of(upstream.urls, &config::Url::tls)) continue;
        attempt([&] {
            net::make_tls_client({.ca = upstream.tls.ca,
                                  .certificate = upstream.tls.certificate,
                                  .private_key = upstream.tls.private_key});
        });
    }
    for (const config::KeySource& source : config.key_sources) {
        if (source.ca.empty()) continue;
        attempt([&] { net::make_tls_client({.ca = source.ca}); });
    }
    return errors;
}

}  // namespace bearergate::cli
