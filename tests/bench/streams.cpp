// Reads many streams of server-sent events at once, and how long each event was under way. Prints
// "RESULT events broken p50 p90 p99 p99.9 max" in microseconds, once all streams had begun.
#include "events.hpp"
#include "latencies.hpp"
#include "loop.hpp"

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view mark = "data: ";
constexpr std::size_t digits = 20;

class Reader {
public:
    Reader(std::uint16_t port, const std::string& request, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            streams_.push_back({.descriptor = bench::connect_to(port)});
            epoll_.add(streams_.back().descriptor, EPOLLIN, i);
            const ssize_t n =
                send(streams_.back().descriptor, request.data(), request.size(), MSG_NOSIGNAL);
            if (n != static_cast<ssize_t>(request.size())) ++broken_;
        }
    }

    // Until every stream has brought an event, but for ten seconds at most.
    bool begin() {
        const std::uint64_t give_up = bench::monotonic_nanoseconds() + 10'000'000'000;
        while (begun_ < streams_.size() && bench::monotonic_nanoseconds() < give_up) turn();
        return begun_ == streams_.size() && broken_ == 0;
    }
    void count_for(std::uint64_t seconds) {
        latencies_ = {};
        const std::uint64_t end = bench::monotonic_nanoseconds() + seconds * 1'000'000'000;
        while (bench::monotonic_nanoseconds() < end) turn();
        std::printf("RESULT %zu %zu", latencies_.count(), broken_);
        latencies_.print();
        std::puts("");
    }

private:
    struct Stream {
        int descriptor = -1;
        bool begun = false;
        std::string rest{};  // of what came, from where an event may begin
    };

    void turn() {
        epoll_.turn(std::chrono::milliseconds(100),
                    [this](std::uint64_t index, std::uint32_t) { receive(streams_[index]); });
    }
    void receive(Stream& stream) {
        std::array<char, 4096> buffer;
        const ssize_t got = recv(stream.descriptor, buffer.data(), buffer.size(), 0);
        if (got <= 0) {
            if (got < 0 && errno == EAGAIN) return;
            ++broken_;
            close(stream.descriptor);
            return;
        }
        const std::uint64_t now = bench::monotonic_nanoseconds();
        stream.rest.append(buffer.data(), static_cast<std::size_t>(got));
        for (;;) {
            const std::size_t at = stream.rest.find(mark);
            if (at == std::string::npos) {
                stream.rest.erase(0,
                                  stream.rest.size() - std::min(stream.rest.size(), mark.size()));
                return;
            }
            const std::size_t end = at + mark.size() + digits;
            if (stream.rest.size() < end) return;
            latencies_.add(now - std::stoull(stream.rest.substr(at + mark.size(), digits)));
            stream.rest.erase(0, end);
            if (!stream.begun) ++begun_;
            stream.begun = true;
        }
    }

    bench::Epoll epoll_{};
    std::vector<Stream> streams_{};
    bench::Latencies latencies_{};
    std::size_t begun_ = 0, broken_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fputs("usage: streams PORT TOKENS STREAMS SECONDS\n", stderr);
        return 2;
    }
    std::string token;
    std::getline(std::ifstream(argv[2]), token);
    const std::string request =
        "GET /events HTTP/1.1\r\nHost: bench.example\r\nAuthorization: Bearer " + token +
        "\r\n\r\n";
    Reader reader(bench::port_of(argv[1]), request, std::stoul(argv[3]));
    if (!reader.begin()) {
        std::fputs("streams: not every stream began\n", stderr);
        return 1;
    }
    std::puts("BEGUN");
    std::fflush(stdout);
    reader.count_for(std::stoul(argv[4]));
}
