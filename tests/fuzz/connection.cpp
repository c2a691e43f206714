// A whole client connection through a real session, with an upstream that plays a script, in one
// thread, with time passed in. Nothing refused may come upstream, and both sides must be able to
// read every byte that they get.
//
// Input: letters for the upstream (scripted_upstream.hpp), a line; letters for what happens to the
// client, a line; the client's bytes, in which $R and the like stand for tokens; and, behind a line
// of four equals signs, what the upstream answers for the letter f.
#include <bearergate/config/load.hpp>
#include <bearergate/gateway/session.hpp>
#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/workplace.hpp>

#include "client_view.hpp"
#include "scripted_upstream.hpp"
#include "support/authenticate.hpp"
#include "support/test_issuer.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace bearergate::fuzz {

namespace {

// The steady clock, which the linker puts in the place of the system's.
net::SteadyTime steady_time{std::chrono::hours(1000)};

}  // namespace

net::SteadyTime steady_now() noexcept asm("__wrap__ZNSt6chrono3_V212steady_clock3nowEv");
net::SteadyTime steady_now() noexcept {
    return steady_time;
}

namespace {

using namespace gateway;

constexpr std::string_view configuration = R"(
server: { cache: 16, limits: { header_bytes: 4KiB, body_bytes: 1KiB } }
logging: { access: off }
issuer: https://issuer.example/oidc
audience: https://api.example
upstream: http://127.0.0.1:9
routes:
  GET /public/**: public
  /api/**: { scopes: [read] }
  /api/admin/**: { scopes: [admin] }
  /orgs/{org}/**: { organization: "{org}", scopes: [read] }
  /shadow/**: { mode: shadow, scopes: [read] }
  /closed/**: deny
)";

// What all inputs share: keys, tokens and the compiled configuration, which nothing changes.
struct World {
    World() {
        auto result = config::load(configuration, "fuzz.yaml", {});
        if (!result.loaded) throw std::runtime_error(result.errors.front().message);
        snapshot = make_snapshot(std::move(*result.loaded), 1);
        add('R', R"({"sub":"reader","scope":"read"})", "reader", {"read"});
        add('A', R"({"sub":"root","scope":"read admin"})", "root", {"read", "admin"});
        add('O', R"({"sub":"member","scope":"read","organization_id":"o1"})", "member", {"read"},
            "o1");
        add('E', R"({"sub":"late","scope":"read admin","exp":1700000001})");
        add('B', R"({"sub":"other","scope":"read admin","iss":"https://other.example"})");
        add('N', R"({"sub":"nobody"})", "nobody");
        tokens.push_back({.letter = 'F', .text = test::with_flipped_signature(tokens[1].text, 9)});
        core::KeyRing keys{test::keys_of(issuer.jwks())};
        ring = std::make_shared<const core::KeyRing>(std::move(keys));
        shared.wall_now = [] { return test::at(test::Issuer::issued_at + 60); };
        shared.verifiers = &verifiers;
        shared.questions.ask = [](const gateway::KeyQuestion&) {};
        net::UpstreamAddresses one{.servers = {{.endpoints = {upstream.endpoint()}}}};
        addresses = std::make_shared<const net::UpstreamAddresses>(std::move(one));
    }
    void add(char letter, const char* claims, std::string subject = "",
             std::vector<std::string> scopes = {}, std::string organization = "") {
        tokens.push_back({letter, issuer.token(claims), std::move(subject), std::move(scopes),
                          std::move(organization)});
    }

    test::Issuer issuer{};
    std::vector<KnownToken> tokens{};
    std::shared_ptr<const Snapshot> snapshot{};
    std::shared_ptr<const core::KeyRing> ring{};
    std::shared_ptr<const net::UpstreamAddresses> addresses{};
    VerifierPool verifiers{1, 1};
    Shared shared{};
    ScriptedUpstream upstream{};
};

std::string with_tokens(std::string_view text, const std::vector<KnownToken>& tokens) {
    std::string expanded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto token = std::find_if(tokens.begin(), tokens.end(), [&](const KnownToken& each) {
            return text[i] == '$' && i + 1 < text.size() && text[i + 1] == each.letter;
        });
        if (token == tokens.end()) {
            expanded += text[i];
        } else {
            expanded += token->text;
            ++i;
        }
    }
    return expanded;
}

// One connection and its worker's world, new for each input.
class Run {
public:
    Run(World& world, std::string bytes)
        : world_(world),
          bytes_(std::move(bytes)),
          place_(std::make_unique<boost::asio::io_context>(1), world.shared, world.snapshot, 4096) {
        place_.setup->upstreams.front()->addresses = world.addresses;
        place_.authenticator.use_keys(world.ring, 1);
        std::array<int, 2> ends{};
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "a pair");
        client_ = ends[0];
        session_ = std::make_unique<Session>(place_, net::Socket(*place_.io, ends[1]));
        net::spawn(session_->run(), [this](const std::exception_ptr& failure) {
            require(!failure, "no exception ends a session");
            is_over_ = true;
        });
    }
    ~Run() {
        if (client_ >= 0) (void)::close(client_);
        world_.upstream.forget();
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    void play(std::string_view letters) {
        settle();
        for (const char letter : letters) {
            happen(letter);
            settle();
        }
        feed(bytes_.size());
        settle();
        // Whatever is awaited, a time for it comes: at last the connection ends by itself.
        for (int i = 0; i < 20 && !is_over_; ++i) {
            pass_time();
            settle();
        }
        require(is_over_, "every session ends, when time passes and nothing comes");
    }
    const std::string& answered() const { return answered_; }
    std::string_view fed() const { return std::string_view(bytes_).substr(0, fed_); }

private:
    void happen(char letter) {
        if (letter >= '1' && letter <= '9') {
            feed(static_cast<std::size_t>(letter - '0'));
            return;
        }
        switch (letter) {
            case 'a': feed(100); return;
            case 't': pass_time(); return;
            case 'f': (void)::shutdown(client_, SHUT_WR); return;
            case 'x': hang_up(); return;
            case 'd':
                place_.draining = true;
                if (!is_over_) session_->raise(event::drain);
                return;
            case 's':
                if (!is_over_) session_->raise(event::stop);
                return;
            default: return;
        }
    }
    void feed(std::size_t count) {
        if (client_ < 0) return;
        const std::string_view piece = std::string_view(bytes_).substr(fed_, count);
        const auto sent = ::send(client_, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) fed_ += static_cast<std::size_t>(sent);
    }
    void pass_time() {
        steady_time += std::chrono::hours(1);
        place_.sweep.sweep(steady_time);
    }
    void hang_up() {
        if (client_ >= 0) (void)::close(std::exchange(client_, -1));
    }
    // Until neither the session nor the upstream has anything more to do.
    void settle() {
        for (int quiet = 0; quiet < 2; ++quiet) {
            const std::size_t before = answered_.size();
            if (place_.io->poll() > 0) quiet = 0;
            if (world_.upstream.step()) quiet = 0;
            if (client_ >= 0) (void)read_some(client_, answered_);
            if (answered_.size() > before) quiet = 0;
        }
    }

    World& world_;
    std::string bytes_;
    Workplace place_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        place_.io->get_executor()};
    std::unique_ptr<Session> session_{};
    int client_ = -1;
    std::size_t fed_ = 0;
    std::string answered_{};
    bool is_over_ = false;
};

// What the client got is one answer after the other, at most one per request and a last word; only
// the last may be cut short.
void require_answers(std::string_view bytes, const ClientView& view) {
    for (std::size_t finals = 0; !bytes.empty();) {
        auto answer = naive::read_head(bytes);
        if (!answer && !bytes.contains("\r\n\r\n")) return;
        require(answer && answer->start[0] == "HTTP/1.1" && answer->start[1].size() == 3,
                "the client gets answers");
        const auto status = naive::number(answer->start[1]).value_or(0);
        const bool closes = answer->values("connection") == std::vector<std::string>{"close"};
        require(finals <= view.size(), "no more answers than requests, and a last word");
        if (status == 101) return;
        const bool is_to_head = finals < view.size() && view.at(finals).start[0] == "HEAD";
        if (status < 200 || status == 204 || status == 304 || is_to_head) {
            bytes.remove_prefix(answer->head_size);
            // A head that we could not read may have asked with HEAD, and gets a body.
            if (status >= 400 && closes) return;
        } else if (!answer->has("content-length") && !answer->has("transfer-encoding")) {
            return;
        } else {
            naive::read_body(bytes, *answer);
            if (answer->size == 0) return;
            bytes.remove_prefix(answer->size);
            require(!closes || bytes.empty(), "nothing follows the last word");
        }
        finals += status >= 200 ? 1 : 0;
    }
}

}  // namespace

void try_input(std::string_view input) {
    static World world;
    const std::string_view upstream_letters = take_line(input);
    const std::string_view client_letters = take_line(input).substr(0, 64);
    const std::size_t end = input.find("\n====\n");
    const std::string_view answer = end == input.npos ? "" : input.substr(end + 6);
    const std::string bytes = with_tokens(input.substr(0, end), world.tokens);
    ClientView view(bytes, world.tokens);
    world.upstream.play(upstream_letters, answer,
                        {.head = [&](const naive::Message& sent) { view.came(sent); },
                         .whole = [&](const naive::Message& sent) { view.came_whole(sent); }});
    Run run(world, bytes);
    run.play(client_letters);
    require_answers(run.answered(), view);
}

}  // namespace bearergate::fuzz
