#include "support/gateway.hpp"

#include <bearergate/config/load.hpp>
#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/worker.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bearergate::test {

namespace {

using gateway::AccessRecord;
using gateway::Snapshot;
using gateway::Worker;

constexpr std::chrono::seconds patience{10};
constexpr std::chrono::milliseconds pace{1};  // of asking again

std::shared_ptr<const Snapshot> compile(const std::string& yaml, std::uint64_t generation) {
    auto result = config::load(yaml, "test.yaml", {});
    if (!result.loaded) {
        std::string errors = "the test's configuration is wrong";
        for (const auto& error : result.errors) {
            errors += "\n" + config::render(error, "test.yaml", "error");
        }
        throw std::runtime_error(errors);
    }
    return gateway::make_snapshot(std::move(*result.loaded), generation);
}

net::UpstreamAddresses addresses_of(const config::Upstream& upstream) {
    net::UpstreamAddresses addresses;
    for (const auto& url : upstream.urls) {
        auto& server = addresses.servers.emplace_back();
        if (url.is_unix) {
            server.endpoints.emplace_back(boost::asio::local::stream_protocol::endpoint(url.path));
        } else {
            const auto host = url.host == "localhost" ? "127.0.0.1" : url.host;
            server.endpoints.emplace_back(
                boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(host), url.port));
        }
    }
    return addresses;
}

LogRecord copy_of(const AccessRecord& record) {
    const auto name = [](const std::optional<core::Reason>& reason) {
        return std::string(reason ? core::name_of(*reason) : "");
    };
    return {.request_id = std::string(record.request_id),
            .client_request_id = std::string(record.client_request_id),
            .trace_parent = std::string(record.trace_parent),
            .client = std::string(record.client),
            .method = std::string(record.method),
            .path = std::string(record.path),
            .route = std::string(record.route),
            .status = record.status,
            .reason = name(record.reason),
            .would_deny = name(record.would_deny),
            .subject = std::string(record.subject),
            .client_id = std::string(record.client_id),
            .organization = std::string(record.organization),
            .issuer = std::string(record.issuer),
            .bytes_in = record.bytes_in,
            .bytes_out = record.bytes_out,
            .reached_upstream = record.upstream_duration.has_value(),
            .note = std::string(record.note)};
}

}  // namespace

struct Gateway::State {
    State(Gateway& owner, const std::string& yaml, Options given)
        : options(std::move(given)),
          verifiers(1, options.verifications),
          snapshot(compile(yaml, 1)) {
        now = options.now.time_since_epoch().count();
        shared.wall_now = [this] { return core::WallTime(core::WallTime::duration(now.load())); };
        shared.verifiers = &verifiers;
        shared.questions.ask = [this, &owner](const gateway::KeyQuestion& question) {
            if (options.asked) options.asked(owner, question);
        };
        worker = std::make_unique<Worker>(0, shared, snapshot, 1U << 20U);
    }

    void use_addresses() const {
        auto all = std::make_shared<std::vector<net::UpstreamAddresses>>();
        for (const auto& upstream : snapshot->config.upstreams) {
            all->push_back(addresses_of(upstream));
        }
        worker->use_upstreams(std::move(all));
    }

    Options options;
    std::atomic<double> now{};
    gateway::VerifierPool verifiers;
    gateway::Shared shared{};
    std::shared_ptr<const Snapshot> snapshot;
    std::unique_ptr<Worker> worker{};
    std::thread thread{};
    std::uint16_t port = 0;
};

Gateway::Gateway(const std::string& yaml) : Gateway(yaml, Options{}) {}

Gateway::Gateway(const std::string& yaml, Options options)
    : state_(std::make_unique<State>(*this, yaml, std::move(options))) {
    const int listening = net::bind_listener({.text = "127.0.0.1:0", .host = "127.0.0.1"}, false);
    state_->port = net::local_port(listening);
    std::vector<int> descriptors{listening};
    if (const std::string& path = state_->options.unix_socket; !path.empty()) {
        descriptors.push_back(
            net::bind_listener({.text = path, .is_unix = true, .path = path}, false));
    }
    state_->worker->listen(std::move(descriptors));
    use_keys(state_->options.keys);
    state_->use_addresses();
    if (state_->options.before_it_runs) state_->options.before_it_runs(*this);
    state_->thread = std::thread([this] { state_->worker->run(); });
}

Gateway::~Gateway() {
    stop();
}

void Gateway::stop() {
    if (!state_->thread.joinable()) return;
    state_->worker->stop();
    state_->thread.join();
}

std::uint16_t Gateway::port() const {
    return state_->port;
}
gateway::Worker& Gateway::worker() {
    return *state_->worker;
}

LogRecord Gateway::next_record() {
    LogRecord record;
    const auto end = std::chrono::steady_clock::now() + patience;
    const auto take = [](const AccessRecord& from, void* to) {
        *static_cast<LogRecord*>(to) = copy_of(from);
    };
    gateway::AccessRing& ring = state_->worker->log();
    while (ring.pop(1, take, &record) == 0 && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(pace);
    }
    return record;
}

gateway::Counters Gateway::counters() {
    std::promise<gateway::Counters> promise;
    state_->worker->gather(
        [&promise](const Worker::Figures& figures) { promise.set_value(figures.counters); });
    return promise.get_future().get();
}

bool Gateway::wait_until(const std::function<bool(const gateway::Counters&)>& so) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
        if (so(counters())) return true;
        std::this_thread::sleep_for(pace);
    }
    return false;
}

void Gateway::set_now(core::WallTime now) {
    state_->now = now.time_since_epoch().count();
}

void Gateway::use_keys(const std::map<std::string, std::string>& keys) {
    auto ring = std::make_shared<core::KeyRing>();
    for (const auto& issuer : state_->snapshot->policy.issuers) {
        core::IssuerKeys& of = ring->emplace_back();
        const auto found = keys.find(issuer.issuer);
        if (found == keys.end()) continue;
        of.set =
            std::make_shared<const core::KeySet>(core::parse_key_set(found->second).value().set);
    }
    state_->worker->use_keys(std::move(ring), state_->snapshot->generation);
}

void Gateway::reload(const std::string& yaml) {
    state_->snapshot = compile(yaml, state_->snapshot->generation + 1);
    use_keys(state_->options.keys);  // before there is a request to need them
    state_->worker->use_snapshot(state_->snapshot);
    state_->use_addresses();
}

std::future<void> Gateway::start_draining() {
    auto drained = std::make_shared<std::promise<void>>();
    auto future = drained->get_future();
    state_->worker->drain([drained] { drained->set_value(); });
    return future;
}

bool Gateway::drain() {
    return start_draining().wait_for(patience) == std::future_status::ready;
}

}  // namespace bearergate::test
