#include <bearergate/core/key_set.hpp>
#include <bearergate/gateway/discovery.hpp>
#include <bearergate/gateway/key_fetcher.hpp>
#include <bearergate/gateway/regular_file.hpp>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace bearergate::gateway {

namespace {

using Done = std::function<void(KeyFetchResult)>;

KeyFetchResult read_key_file(const std::string& name) {
    // One byte more than a key set may have shows that it is too large.
    auto text = read_regular_file(name, core::max_key_set_bytes + 1);
    if (!text) return std::unexpected(fmt::format("{}: {}", name, text.error()));
    return KeyDocument{.text = std::move(*text), .from = name};
}

class WebKeyFetcher : public std::enable_shared_from_this<WebKeyFetcher> {
public:
    WebKeyFetcher(boost::asio::io_context& control, net::Resolver& resolver,
                  config::KeySource source, std::function<net::TlsContext()> tls,
                  std::function<net::SteadyTime()> now)
        : control_(control),
          resolver_(resolver),
          source_(std::move(source)),
          tls_(std::move(tls)),
          now_(std::move(now)) {}

    void fetch(const std::string& etag, Done done) {
        const net::SteadyTime deadline = now_() + key_fetch_deadline;
        if (source_.jwks_uri) return fetch_keys(*source_.jwks_uri, etag, deadline, std::move(done));
        const config::Url& url = *source_.discovery;
        auto read = [self = shared_from_this(), etag, deadline,
                     done = std::move(done)](std::expected<net::Fetched, net::FetchError> answer) {
            if (!answer) return done(self->failed(*self->source_.discovery, answer.error().what));
            const auto keys_url = read_discovery(answer->body, self->source_);
            if (!keys_url) return done(self->failed(*self->source_.discovery, keys_url.error()));
            self->fetch_keys(*keys_url, etag, deadline, done);
        };
        net::fetch(control_, resolver_, request(url, "", deadline), std::move(read));
    }

private:
    void fetch_keys(const config::Url& url, const std::string& etag, net::SteadyTime deadline,
                    Done done) {
        // An ETag says something about one resource: what another one was called does not count.
        const bool is_known = !etag.empty() && etag == known_etag_ && url.text == known_url_;
        auto read = [self = shared_from_this(), url,
                     done = std::move(done)](std::expected<net::Fetched, net::FetchError> answer) {
            if (!answer) return done(failed(url, answer.error().what));
            KeyDocument document{.text = std::move(answer->body),
                                 .from = url.text,
                                 .not_modified = answer->status == 304,
                                 .etag = std::move(answer->etag),
                                 .max_age = max_age_of(answer->cache_control)};
            if (!document.not_modified) {
                self->known_etag_ = document.etag;
                self->known_url_ = url.text;
            }
            done(std::move(document));
        };
        net::fetch(control_, resolver_, request(url, is_known ? etag : "", deadline),
                   std::move(read));
    }

    net::FetchRequest request(const config::Url& url, const std::string& etag,
                              net::SteadyTime deadline) const {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now_());
        return {.tls = url.tls,
                .host = url.host,
                .port = url.port,
                .target = url.path,
                .etag = etag,
                .context = url.tls ? tls_() : nullptr,
                .max_bytes = core::max_key_set_bytes,
                .deadline = std::max(left, std::chrono::milliseconds(1))};
    }

    static KeyFetchResult failed(const config::Url& url, const std::string& what) {
        return std::unexpected(fmt::format("{}: {}", url.text, what));
    }

    boost::asio::io_context& control_;
    net::Resolver& resolver_;
    config::KeySource source_;
    std::function<net::TlsContext()> tls_;
    std::function<net::SteadyTime()> now_;
    std::string known_etag_{};
    std::string known_url_{};
};

}  // namespace

FetchKeys make_key_fetcher(boost::asio::io_context& control, net::Resolver& resolver,
                           config::KeySource source, std::function<net::TlsContext()> tls,
                           std::function<net::SteadyTime()> now) {
    if (!source.jwks_file.empty()) {
        return [&control, name = source.jwks_file](const std::string&, Done done) {
            boost::asio::post(control,
                              [name, done = std::move(done)] { done(read_key_file(name)); });
        };
    }
    const auto fetcher = std::make_shared<WebKeyFetcher>(control, resolver, std::move(source),
                                                         std::move(tls), std::move(now));
    return [fetcher](const std::string& etag, Done done) { fetcher->fetch(etag, std::move(done)); };
}

}  // namespace bearergate::gateway
