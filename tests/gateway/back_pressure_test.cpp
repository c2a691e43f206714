// Who reads slowly holds back who sends, and costs no memory of ours.

#include "support/gate.hpp"
#include "support/relaying.hpp"
#include "support/sanitized.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::UpstreamPeer;
using testing::HasSubstr;

constexpr std::size_t size = 64 << 20;
const std::string piece(1 << 16, 'x');

// Of this process, the test's own part included.
std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    statm >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void expect_at_most(std::size_t bytes) {
    if (!test::is_sanitized) EXPECT_LT(resident_bytes(), bytes);
}

class BackPressure : public test::Relaying {
protected:
    // Until the sender has had no progress for a while: only then the kernel's buffers are full.
    void wait_until_it_stands_still() const {
        for (std::size_t before = 1; before != sent_;) {
            before = sent_;
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
        }
    }
    std::atomic<std::size_t> sent_ = 0;
    test::Gate gate_{};
};

TEST_F(BackPressure, ASlowClientHoldsItsUpstreamBack) {
    for (const bool chunked : {false, true}) {
        SCOPED_TRACE(chunked);
        sent_ = 0;
        serve([this, chunked](UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            peer.send(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) +
                                    "\r\n\r\n");
            while (sent_ < size) {
                if (chunked && !peer.send("10000\r\n")) return;
                if (!peer.send(piece)) return;
                if (chunked && !peer.send("\r\n")) return;
                sent_ += piece.size();
            }
            if (chunked) peer.send("0\r\n\r\n");
        });
        const std::size_t before = resident_bytes();
        test::Connection client(gateway_->port(), 4096);
        ASSERT_TRUE(client.send("GET / HTTP/1.0\r\n\r\n"));
        EXPECT_THAT(client.read_head(), HasSubstr(" 200 "));
        wait_until_it_stands_still();
        EXPECT_LT(sent_, size / 2);
        expect_at_most(before + (16 << 20));
        std::size_t got = 0;
        for (std::size_t count = 1; count > 0; got += count) {
            count = client.read_bytes(1 << 16).size();
        }
        EXPECT_EQ(got, size);
        expect_at_most(before + (16 << 20));
    }
}

TEST_F(BackPressure, ASlowUpstreamHoldsItsClientBack) {
    std::size_t got = 0;
    serve([&](UpstreamPeer& peer) {
        if (!peer.read_head()) return;
        peer.stop_noting();
        gate_.wait();
        while (got < size) {
            const std::size_t count = peer.read_bytes(1 << 16).size();
            if (count == 0) return;
            got += count;
        }
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const std::size_t before = resident_bytes();
    const auto client = connect();
    ASSERT_TRUE(client->send(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n"));
    std::thread sender([&] {
        while (sent_ < size && client->send(piece)) sent_ += piece.size();
    });
    wait_until_it_stands_still();
    EXPECT_LT(sent_, size / 2);
    expect_at_most(before + (16 << 20));
    gate_.open();
    EXPECT_EQ(client->read_reply().status, 200);
    sender.join();
    EXPECT_EQ(got, size);
    expect_at_most(before + (16 << 20));
}

TEST_F(BackPressure, ManySlowClientsCostABufferEach) {
    serve([](UpstreamPeer& peer) {
        if (!peer.read_request()) return;
        bool there = peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while (there) there = peer.send(piece);
    });
    std::vector<std::unique_ptr<test::Connection>> clients;
    const auto add = [&](int count) {
        for (int i = 0; i < count; ++i) {
            clients.push_back(std::make_unique<test::Connection>(gateway_->port(), 4096));
            ASSERT_TRUE(clients.back()->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
            ASSERT_THAT(clients.back()->read_head(), HasSubstr(" 200 "));
        }
    };
    add(5);
    const std::size_t before = resident_bytes();
    add(60);
    // 20 KiB for the client's buffer and 16 for the upstream's, and the test's own threads.
    expect_at_most(before + (24 << 20));
    // Others are served meanwhile.
    upstream_->play(
        test::RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    for (int i = 0; i < 20; ++i) ASSERT_EQ(get().status, 200);
    for (const auto& client : clients) client->reset();
    EXPECT_TRUE(gateway_->wait_until([](const auto& c) { return c.requests_in_flight == 0; }));
}

TEST_F(BackPressure, AClientThatTakesNothingIsCutOff) {
    test::Gate over;
    serve(
        [&over](UpstreamPeer& peer) {
            if (!peer.read_request()) return;
            bool there = peer.send("HTTP/1.1 200 OK\r\n\r\n");
            while (there) there = peer.send(piece);
            over.open();
        },
        {.server = "timeouts: { idle: 300ms }"});
    test::Connection client(gateway_->port(), 4096);
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_TRUE(over.wait());
    EXPECT_EQ(gateway_->next_record().note, "client_gone");
}

}  // namespace
}  // namespace bearergate::gateway
