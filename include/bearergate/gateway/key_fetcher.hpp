#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/gateway/key_store.hpp>
#include <bearergate/net/fetch.hpp>
#include <bearergate/net/resolver.hpp>
#include <bearergate/net/tls.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>

namespace bearergate::gateway {

// How long discovery and key set may take together.
inline constexpr std::chrono::milliseconds key_fetch_deadline{5000};

// Fetches one issuer's key set: from its file, from its jwks_uri, or by discovery. Discovery is
// asked anew each time: an issuer that moves its key set is followed within one refresh, and there
// is no remembered address whose trust would have to be judged again. `tls` is asked anew each
// time, too; it may give null where nothing is fetched by https. `control` and `resolver` must
// outlive what is under way.
FetchKeys make_key_fetcher(boost::asio::io_context& control, net::Resolver& resolver,
                           config::KeySource source, std::function<net::TlsContext()> tls,
                           std::function<net::SteadyTime()> now);

}  // namespace bearergate::gateway
