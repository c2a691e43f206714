// An open-loop load generator: requests fall due at a fixed rate whether or not the ones before
// were answered, and each one's latency counts from when it was due. A closed loop, wrk's, would
// wait with the gateway and never notice. Prints "RESULT answered refused broken p50 p90 p99 p99.9
// max" in microseconds.
#include "events.hpp"
#include "latencies.hpp"
#include "loop.hpp"

#include <sys/prctl.h>

#include <cctype>
#include <deque>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::uint64_t second = 1'000'000'000;

// The length of a whole response at the start of `bytes`, or 0; all have a Content-Length.
std::size_t response_size(std::string_view bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return 0;
    std::string head(bytes.substr(0, end));
    for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::size_t field = head.find("\r\ncontent-length:");
    const std::size_t body = field == head.npos ? 0 : std::stoul(head.substr(field + 17));
    return bytes.size() < end + 4 + body ? 0 : end + 4 + body;
}

struct Plan {
    std::uint16_t port;
    std::uint64_t rate;  // requests a second
    std::size_t connections;
    std::uint64_t seconds;
};

class Pacer {
public:
    Pacer(const Plan& plan, std::vector<std::string> requests)
        : plan_(plan), requests_(std::move(requests)) {
        for (std::size_t i = 0; i < plan.connections; ++i) {
            connections_.push_back({.descriptor = bench::connect_to(plan.port)});
            epoll_.add(connections_.back().descriptor, EPOLLIN, i);
            free_.push_back(i);
        }
    }

    void run() {
        const std::uint64_t begin = bench::monotonic_nanoseconds();
        const std::uint64_t total = plan_.rate * plan_.seconds;
        const std::uint64_t give_up = begin + (plan_.seconds + 5) * second;
        std::uint64_t due = 0;  // how many
        while (answered() < total) {
            const std::uint64_t now = bench::monotonic_nanoseconds();
            if (now > give_up || broken_ > 0) break;
            for (; due < total && begin + due * second / plan_.rate <= now; ++due) {
                waiting_.push_back(begin + due * second / plan_.rate);
            }
            while (!waiting_.empty() && !free_.empty()) send_next();
            const std::uint64_t next = due < total ? begin + due * second / plan_.rate : give_up;
            epoll_.turn(std::chrono::nanoseconds(next > now ? next - now : 0),
                        [this](std::uint64_t index, std::uint32_t) { receive(index); });
        }
        std::printf("RESULT %zu %zu %zu", answered(), refused_,
                    broken_ + static_cast<std::size_t>(total) - answered());
        latencies_.print();
        std::puts("");
    }

private:
    struct Connection {
        int descriptor = -1;
        std::uint64_t due = 0;  // of its request
        std::string received{};
    };
    std::size_t answered() const { return latencies_.count(); }

    void send_next() {
        const std::size_t index = free_.front();
        free_.pop_front();
        Connection& connection = connections_[index];
        connection.due = waiting_.front();
        waiting_.pop_front();
        const std::string& request = requests_[sent_++ % requests_.size()];
        const ssize_t n = send(connection.descriptor, request.data(), request.size(), MSG_NOSIGNAL);
        if (n != static_cast<ssize_t>(request.size())) ++broken_;
    }
    void receive(std::size_t index) {
        Connection& connection = connections_[index];
        std::array<char, 16 * 1024> buffer;
        const ssize_t got = recv(connection.descriptor, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            if (got == 0 || errno != EAGAIN) ++broken_;
            return;
        }
        connection.received.append(buffer.data(), static_cast<std::size_t>(got));
        if (response_size(connection.received) == 0) return;
        if (!connection.received.starts_with("HTTP/1.1 200 ")) ++refused_;
        latencies_.add(bench::monotonic_nanoseconds() - connection.due);
        connection.received.clear();
        free_.push_back(index);
    }

    Plan plan_;
    std::vector<std::string> requests_;
    bench::Epoll epoll_{};
    std::vector<Connection> connections_{};
    std::deque<std::size_t> free_{};       // least recently used first
    std::deque<std::uint64_t> waiting_{};  // due, and no connection is free
    bench::Latencies latencies_{};
    std::size_t sent_ = 0, refused_ = 0, broken_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::fputs("usage: pace PORT PATH TOKENS RATE CONNECTIONS SECONDS\n", stderr);
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1UL);  // otherwise the kernel may wake us 50 µs late
    std::vector<std::string> requests;
    std::ifstream tokens(argv[3]);
    for (std::string token; std::getline(tokens, token);) {
        requests.push_back(std::string("GET ") + argv[2] + " HTTP/1.1\r\nHost: bench.example\r\n" +
                           "Authorization: Bearer " + token + "\r\n\r\n");
    }
    if (requests.empty()) return 2;
    const Plan plan{.port = bench::port_of(argv[1]),
                    .rate = std::stoul(argv[4]),
                    .connections = std::stoul(argv[5]),
                    .seconds = std::stoul(argv[6])};
    Pacer(plan, std::move(requests)).run();
}
