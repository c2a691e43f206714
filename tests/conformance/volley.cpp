#include "volley.hpp"

#include <algorithm>
#include <memory>

namespace bearergate::test {

namespace {

// Fewer than the gateway's loop takes in one turn, and than the upstream's backlog holds.
constexpr std::size_t at_once = 100;

std::vector<std::string> methods_of(const std::vector<std::string>& pieces) {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return read_strictly(all).methods;
}

}  // namespace

std::vector<Answers> converse_all(Fixture& fixture,
                                  const std::vector<std::vector<std::string>>& conversations) {
    std::vector<Answers> all;
    for (std::size_t begin = 0; begin < conversations.size(); begin += at_once) {
        const std::size_t end = std::min(begin + at_once, conversations.size());
        std::vector<std::unique_ptr<Connection>> connections;
        std::size_t rounds = 0;
        for (std::size_t i = begin; i < end; ++i) {
            connections.push_back(std::make_unique<Connection>(fixture.gateway().port()));
            rounds = std::max(rounds, conversations[i].size());
        }
        std::vector<bool> listens(connections.size(), true);
        for (std::size_t round = 0; round < rounds; ++round) {
            for (std::size_t i = 0; i < connections.size(); ++i) {
                const auto& pieces = conversations[begin + i];
                if (listens[i] && round < pieces.size()) {
                    listens[i] = connections[i]->send(pieces[round]);
                }
            }
            fixture.let_it_read();
        }
        for (auto& connection : connections) connection->finish();
        for (std::size_t i = 0; i < connections.size(); ++i) {
            const auto bytes = connections[i]->read_all();
            all.push_back(read_answers(bytes, methods_of(conversations[begin + i])));
        }
    }
    return all;
}

}  // namespace bearergate::test
