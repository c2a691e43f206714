// soak SECONDS: mixed traffic through the real binary while its issuer, its upstream and its
// clients misbehave. Asserts that every answer is the right one, that every error has its reason,
// and that memory and descriptors stay flat. Ends by itself and prints its figures.

#include "soak/traffic.hpp"
#include "support/sanitized.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::soak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// After the last request its pooled and lingering connections go within these.
constexpr seconds to_settle{30};
constexpr std::size_t allowed_growth = 8 << 20;

struct Sample {
    std::size_t bytes = 0;
    std::size_t descriptors = 0;
};

Sample look_at(const test::RunningGateway& gateway) {
    return {.bytes = gateway.resident_bytes(),
            .descriptors = gateway.shows_descriptors() ? gateway.descriptors() : 0};
}

// Rotations stay further apart than the ten seconds within which the issuer is not asked again.
void befall(World& world, int second) {
    if (second % 15 == 12) world.rotate();
    if (second % 15 == 5) world.hang_issuer(milliseconds(1500));
    if (second % 4 == 3) world.kill_upstream_connections();
}

std::vector<Sample> let_run(World& world, Tally& tally, int duration) {
    std::atomic<bool> over = false;
    std::vector<std::thread> clients;
    for (unsigned i = 0; i < 12; ++i) {
        clients.emplace_back([&, i] { Client(world, tally, i).run(over); });
    }
    std::vector<Sample> samples;
    const auto begin = Clock::now();
    for (int second = 0; second < duration; ++second) {
        std::this_thread::sleep_until(begin + seconds(second));
        befall(world, second);
        samples.push_back(look_at(world.gateway()));
    }
    std::this_thread::sleep_until(begin + seconds(duration));
    over = true;
    for (std::thread& client : clients) client.join();
    return samples;
}

bool settles(const test::RunningGateway& gateway, std::size_t descriptors) {
    if (!gateway.shows_descriptors()) {
        std::printf("descriptors: SKIPPED, only root sees them\n");
        return true;
    }
    const auto end = Clock::now() + to_settle;
    while (gateway.descriptors() > descriptors) {
        if (Clock::now() > end) return false;
        std::this_thread::sleep_for(milliseconds(50));
    }
    return true;
}

// The most that was in use in a part of the run.
std::size_t most_bytes(const std::vector<Sample>& samples, std::size_t from, std::size_t to) {
    std::size_t most = 0;
    for (std::size_t i = from; i < to; ++i) most = std::max(most, samples[i].bytes);
    return most;
}

class Verdict {
public:
    void require(bool holds, const std::string& what) {
        if (holds) return;
        std::printf("FAILED: %s\n", what.c_str());
        good_ = false;
    }
    int exit_code() const { return good_ ? 0 : 1; }

private:
    bool good_ = true;
};

// What the gateway itself complained about, for whoever looks for a reason.
void print_warnings(const std::string& log) {
    std::istringstream lines(log);
    int left = 40;
    for (std::string line; left > 0 && std::getline(lines, line);) {
        if (line.find("\"warning\"") == line.npos && line.find("\"error\"") == line.npos) continue;
        std::printf("  %s\n", line.c_str());
        --left;
    }
}

int soak(const std::string& binary, int duration) {
    World world(binary);
    Tally tally;
    const Sample before = look_at(world.gateway());
    const std::vector<Sample> samples = let_run(world, tally, duration);

    Verdict verdict;
    const std::size_t third = samples.size() / 3;
    const std::size_t warm = most_bytes(samples, 0, std::max<std::size_t>(third, 1));
    const std::size_t late = most_bytes(samples, 2 * third, samples.size());
    verdict.require(tally.exchanges > 0, "nothing was asked");
    verdict.require(tally.wrong == 0, std::to_string(tally.wrong) + " wrong answers");
    for (const std::string& told : tally.told) std::printf("  %s\n", told.c_str());
    verdict.require(world.upstream().forbidden() == 0, "the upstream got what nobody may have");
    verdict.require(test::is_sanitized || late < warm + allowed_growth, "memory grows");
    verdict.require(settles(world.gateway(), before.descriptors), "descriptors leak");
    const Sample after = look_at(world.gateway());
    const auto cpu = world.gateway().cpu_time();
    world.gateway().process().signal(SIGTERM);
    verdict.require(world.gateway().process().wait() == 0, "SIGTERM does not end it well");
    verdict.require(world.gateway().log().find("after a fault") == std::string::npos,
                    "the control thread met a fault");

    std::printf(
        "%d s, %llu exchanges (%llu rightly refused, %llu hit by kills), %llu requests "
        "upstream, %lld ms of CPU\n",
        duration, static_cast<unsigned long long>(tally.exchanges),
        static_cast<unsigned long long>(tally.refused),
        static_cast<unsigned long long>(tally.explained),
        static_cast<unsigned long long>(world.upstream().requests()),
        static_cast<long long>(cpu.count()));
    std::printf("resident KiB: %zu at start, at most %zu in the first third, %zu in the last\n",
                before.bytes >> 10U, warm >> 10U, late >> 10U);
    std::printf("descriptors: %zu at start, %zu at the end\n", before.descriptors,
                after.descriptors);
    if (verdict.exit_code() != 0) print_warnings(world.gateway().log());
    return verdict.exit_code();
}

}  // namespace
}  // namespace bearergate::soak

int main(int count, char** words) {
    const int duration = count == 2 ? std::atoi(words[1]) : 0;
    if (duration < 1) {
        std::fprintf(stderr, "usage: soak SECONDS\n");
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    return bearergate::soak::soak(BEARERGATE_BINARY, duration);
}
