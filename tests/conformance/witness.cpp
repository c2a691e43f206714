#include "witness.hpp"

#include <functional>
#include <mutex>
#include <utility>

namespace bearergate::test {

struct Witness::Memory {
    mutable std::mutex mutex{};
    std::map<std::string, SeenRequest> by_id{};
    std::size_t whole = 0;
    std::string complaints{};
};

Witness::Witness()
    : memory_(std::make_unique<Memory>()), upstream_([this](UpstreamPeer& peer) { play(peer); }) {}

Witness::~Witness() = default;

void Witness::play(UpstreamPeer& peer) const {
    while (auto request = peer.read_request()) {
        const bool is_head = request->method == "HEAD";
        const std::string body = answer_to(request->method, request->target, request->body);
        std::string id = request->header("X-Request-Id");
        {
            const std::lock_guard lock(memory_->mutex);
            ++memory_->whole;
            if (request->count("X-Request-Id") != 1) memory_->complaints += "not one id; ";
            if (!memory_->by_id.emplace(id, std::move(*request)).second) {
                memory_->complaints += "twice: " + id + "; ";
            }
        }
        const std::string head =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
        if (!peer.send(is_head ? head : head + body)) return;
    }
}

std::optional<SeenRequest> Witness::seen(const std::string& request_id) const {
    const std::lock_guard lock(memory_->mutex);
    const auto found = memory_->by_id.find(request_id);
    if (found == memory_->by_id.end()) return std::nullopt;
    return found->second;
}

std::size_t Witness::whole_requests() const {
    const std::lock_guard lock(memory_->mutex);
    return memory_->whole;
}

bool Witness::is_content() const {
    return complaints().empty();
}

std::string Witness::complaints() const {
    std::string all;
    for (const std::string& fault : upstream_.faults()) all += fault + "; ";
    const std::lock_guard lock(memory_->mutex);
    return all + memory_->complaints;
}

std::string Witness::answer_to(std::string_view method, std::string_view target,
                               std::string_view body) {
    return std::string(method) + " " + std::string(target) + " " + std::to_string(body.size()) +
           " " + std::to_string(std::hash<std::string_view>()(body));
}

}  // namespace bearergate::test
