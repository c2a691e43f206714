#pragma once

#include "soak/world.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace bearergate::soak {

// What came of all requests. Everything that is not as it must be is counted, and the first few
// are told.
struct Tally {
    std::atomic<std::uint64_t> exchanges = 0;
    std::atomic<std::uint64_t> refused = 0;  // rightly
    std::atomic<std::uint64_t> explained =
        0;  // errors while the upstream's connections were killed
    std::atomic<std::uint64_t> wrong = 0;
    std::mutex mutex{};
    std::vector<std::string> told{};

    void add_wrong(const std::string& what, const test::Reply& reply) {
        ++wrong;
        const std::lock_guard lock(mutex);
        if (told.size() < 20) {
            told.push_back(what + " got " + std::to_string(reply.status) + " " +
                           reply.body.substr(0, 300));
        }
    }
};

// One client that does one thing after the other until it is told to stop.
class Client {
public:
    Client(World& world, Tally& tally, unsigned seed)
        : world_(world), tally_(tally), random_(seed) {}

    void run(const std::atomic<bool>& over) {
        while (!over) step();
    }

private:
    void step() {
        tokens_ = world_.tokens();
        kills_before_ = world_.kills();
        switch (random_() % 20) {
            case 0:
            case 1:
            case 2:
            case 3: return keep_asking();
            case 4: return expect(get("/public/slow"), 200, "a slow public GET");
            case 5:
                return expect(get("/items/chunks", tokens_.good), 200, "a chunked answer", "abcde");
            case 6: return refuse(get("/items/x"), 401, "no token");
            case 7: return refuse(get("/items/x", tokens_.other_scope), 403, "another scope");
            case 8: return refuse(get("/items/x", tokens_.expired), 401, "an expired token");
            case 9: return refuse(get("/items/x", tokens_.tampered), 401, "a tampered token");
            case 10: return refuse(get("/forbidden", tokens_.good), 403, "a scope nobody has");
            case 11: return refuse(get("/closed", tokens_.good), 403, "a closed route");
            case 12: return refuse(get("/nowhere"), 404, "no route");
            case 13: return refuse("GE T / HTTP/1.1\r\n\r\n", 400, "garbage");
            case 14: return upload();
            case 15:
                return expect(get("/public/big"), 200, "a big answer", std::string(big_body, 'b'));
            case 16: return broken_upstream();
            case 17: return vanish();
            case 18: return dribble();
            default: return chat();
        }
    }

    static std::string get(const std::string& path, const std::string& token = "") {
        return "GET " + path + " HTTP/1.1\r\nHost: soak.example\r\n" +
               (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
    }
    bool was_hit() const { return (kills_before_ % 2) != 0 || world_.kills() != kills_before_; }
    void judge(bool right, const char* what, const test::Reply& reply) {
        ++tally_.exchanges;
        if (right) return;
        const bool upstreams_fault = reply.status == 502 || reply.status == 0;
        if (upstreams_fault && was_hit()) {
            ++tally_.explained;
        } else {
            tally_.add_wrong(what, reply);
        }
    }
    test::Reply ask(const std::string& request) const {
        test::Connection connection(world_.port());
        return connection.send(request) ? connection.read_reply() : test::Reply{};
    }
    void expect(const std::string& request, int status, const char* what,
                const std::string& body = "") {
        const test::Reply reply = ask(request);
        judge(reply.status == status && (body.empty() || reply.body == body), what, reply);
    }
    void refuse(const std::string& request, int status, const char* what) {
        const test::Reply reply = ask(request);
        ++tally_.exchanges;
        reply.status == status ? void(++tally_.refused) : tally_.add_wrong(what, reply);
    }

    void keep_asking() {
        test::Connection connection(world_.port());
        for (int i = 0; i < 20; ++i) {
            tokens_ = world_.tokens();
            kills_before_ = world_.kills();
            if (!connection.send(get("/items/who", tokens_.good))) break;
            const test::Reply reply = connection.read_reply();
            judge(reply.status == 200 && reply.body == "ada", "a valid token", reply);
            if (reply.status != 200) return;
        }
    }
    void upload() {
        const std::size_t size = 1 + random_() % 200'000;
        const bool chunked = random_() % 2 == 0;
        std::string request = "POST /items/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
                              tokens_.good + "\r\n";
        const std::string body(size, 'u');
        if (chunked) {
            std::array<char, 20> hex{};
            std::snprintf(hex.data(), hex.size(), "%zx", size);
            request += "Transfer-Encoding: chunked\r\n\r\n" + std::string(hex.data()) + "\r\n" +
                       body + "\r\n0\r\n\r\n";
        } else {
            request += "Content-Length: " + std::to_string(size) + "\r\n\r\n" + body;
        }
        expect(request, 200, "an upload", std::to_string(size));
    }
    void broken_upstream() {
        ++tally_.exchanges;
        const std::string path =
            std::array{"/public/reset", "/public/garbage", "/public/cut"}[random_() % 3];
        const test::Reply reply = ask(get(path));
        const bool right = path == "/public/cut"
                               ? reply.status == 0 || (reply.status == 502 && was_hit())
                               : reply.status == 502;
        if (!right) tally_.add_wrong(path, reply);
    }
    // Goes at some moment of an exchange.
    void vanish() {
        ++tally_.exchanges;
        test::Connection connection(world_.port());
        const std::string request = get("/public/big");
        connection.send(request.substr(0, random_() % (request.size() + 1)));
        if (random_() % 2 == 0) {
            connection.send(request.substr(request.size() / 2));
            connection.finish();
            connection.read_bytes(random_() % 100'000);
        }
        connection.reset();
    }
    // As slow as a client may be that is still served.
    void dribble() {
        test::Connection connection(world_.port());
        const std::string request = get("/items/who", tokens_.good);
        for (std::size_t at = 0; at < request.size(); at += 40) {
            if (!connection.send(request.substr(at, 40))) break;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        const test::Reply reply = connection.read_reply();
        judge(reply.status == 200 && reply.body == "ada", "a slow client", reply);
    }
    void chat() {
        test::Connection connection(world_.port());
        connection.send(
            "GET /items/chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " +
            tokens_.good + "\r\n\r\n");
        test::Reply reply = test::parse_reply(connection.read_head(), true);
        bool right = reply.status == 101;
        for (int i = 0; right && i < 5; ++i) {
            const std::string words(1 + random_() % 5000, 'w');
            right = connection.send(words) && connection.read_bytes(words.size()) == words;
        }
        if (!right && reply.status == 101) reply.status = 0;
        judge(right, "a conversation", reply);
    }

    World& world_;
    Tally& tally_;
    std::mt19937 random_;
    Tokens tokens_{};
    std::uint64_t kills_before_ = 0;
};

}  // namespace bearergate::soak
