#include "support/recording_upstream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace bearergate::test {

namespace {

constexpr std::chrono::seconds patience{10};

bool is_token(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").contains(c);
    };
    return !text.empty() && std::ranges::all_of(text, fits);
}

bool is_visible(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

// What a strict upstream refuses, as an exception: scripts do not look for it.
struct Fault : std::runtime_error {
    using runtime_error::runtime_error;
};
struct Ended {};

SeenRequest parse_head(std::string_view head) {
    SeenRequest request;
    const auto take_line = [&head] {
        const auto end = head.find("\r\n");
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos) throw Fault("bare CR");
        return line;
    };
    const auto first = take_line();
    const auto space = first.find(' ');
    const auto last = first.rfind(' ');
    if (space == first.npos || last == space) throw Fault("request line: " + std::string(first));
    request.method = first.substr(0, space);
    request.target = first.substr(space + 1, last - space - 1);
    if (!is_token(request.method) || !is_visible(request.target) ||
        first.substr(last) != " HTTP/1.1") {
        throw Fault("request line: " + std::string(first));
    }
    for (auto line = take_line(); !line.empty(); line = take_line()) {
        const auto colon = line.find(':');
        if (colon == line.npos || !is_token(line.substr(0, colon))) {
            throw Fault("field: " + std::string(line));
        }
        auto value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        request.headers.emplace_back(line.substr(0, colon), value);
    }
    if (request.count("Host") != 1) throw Fault("not exactly one Host");
    if (request.count("Content-Length") + request.count("Transfer-Encoding") > 1) {
        throw Fault("more than one framing field");
    }
    return request;
}

}  // namespace

// ---- One connection's record and its peer

struct RecordingUpstream::State {
    explicit State(Script first) : script(std::move(first)) {}

    // Writes the address that it got back.
    void listen(int family, sockaddr* address, socklen_t size);
    void accept_all();
    void serve(int socket, std::size_t index, const Script& play);
    template <class Condition>
    bool wait(Condition condition) const {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, patience, condition);
    }

    int listening = -1;
    std::uint16_t port = 0;
    std::string url{};
    std::thread acceptor{};

    mutable std::mutex mutex{};
    mutable std::condition_variable changed{};
    Script script;
    std::vector<std::thread> threads{};
    std::vector<int> sockets{};
    std::vector<std::string> raw{};
    std::vector<SeenRequest> requests{};
    std::vector<std::string> faults{};
    bool over = false;
};

namespace {

class Peer : public UpstreamPeer {
public:
    Peer(int socket, std::size_t index, std::function<void(std::string_view)> note_bytes,
         std::function<void(const SeenRequest&)> note_request)
        : socket_(socket),
          index_(index),
          note_bytes_(std::move(note_bytes)),
          note_request_(std::move(note_request)) {}

    std::optional<SeenRequest> read_request() override {
        auto request = read_head();
        if (!request) return std::nullopt;
        try {
            read_body(*request);
        } catch (const Ended&) {
            return std::nullopt;
        }
        note_request_(*request);
        return request;
    }
    std::optional<SeenRequest> read_head() override {
        while (received_.find("\r\n\r\n") == std::string::npos) {
            if (!read_some()) return std::nullopt;
        }
        const auto size = received_.find("\r\n\r\n") + 4;
        auto request = parse_head(std::string_view(received_).substr(0, size));
        received_.erase(0, size);
        request.connection = index_;
        return request;
    }
    std::string read_bytes(std::size_t count) override {
        while (received_.size() < count && read_some()) {
        }
        std::string taken = received_.substr(0, count);
        received_.erase(0, count);
        return taken;
    }
    bool send(std::string_view bytes) override {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void stop_noting() override { notes_ = false; }
    void finish() override { ::shutdown(socket_, SHUT_WR); }
    void reset() override {
        const linger now{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        reset_ = true;
    }
    Connection::End wait_for_end() override {
        while (read_some()) {
        }
        return end_;
    }
    std::size_t index() const override { return index_; }
    bool was_reset() const { return reset_; }

private:
    bool read_some() {
        if (reset_) return false;
        std::array<char, 65'536> bytes{};
        const auto count = ::recv(socket_, bytes.data(), bytes.size(), 0);
        if (count == 0) end_ = Connection::End::closed;
        if (count < 0 && errno == ECONNRESET) end_ = Connection::End::reset;
        if (count <= 0) return false;
        const std::string_view got(bytes.data(), static_cast<std::size_t>(count));
        if (notes_) note_bytes_(got);
        received_ += got;
        return true;
    }
    std::string exactly(std::size_t count) {
        auto bytes = read_bytes(count);
        if (bytes.size() < count) throw Ended{};
        return bytes;
    }
    std::string line() {
        while (received_.find("\r\n") == std::string::npos) {
            if (!read_some()) throw Ended{};
        }
        return exactly(received_.find("\r\n") + 2);
    }
    void read_body(SeenRequest& request) {
        if (const auto length = request.header("Content-Length"); !length.empty()) {
            std::size_t size = 0;
            const auto* const end = length.data() + length.size();
            if (std::from_chars(length.data(), end, size).ptr != end) throw Fault("length");
            request.body = exactly(size);
            return;
        }
        if (request.count("Transfer-Encoding") == 0) return;
        if (request.header("Transfer-Encoding") != "chunked") throw Fault("transfer encoding");
        for (;;) {
            const auto size_line = line();
            std::size_t size = 0;
            const auto* const end = size_line.data() + size_line.size() - 2;
            if (end == size_line.data() ||
                std::from_chars(size_line.data(), end, size, 16).ptr != end) {
                throw Fault("chunk size: " + size_line);
            }
            const auto data = exactly(size + 2);
            if (!data.ends_with("\r\n")) throw Fault("chunk without its end");
            if (size == 0) return;
            request.body.append(data, 0, size);
        }
    }

    int socket_;
    std::size_t index_;
    std::function<void(std::string_view)> note_bytes_;
    std::function<void(const SeenRequest&)> note_request_;
    std::string received_{};
    Connection::End end_ = Connection::End::none;
    bool reset_ = false;
    bool notes_ = true;
};

}  // namespace

void RecordingUpstream::State::serve(int socket, std::size_t index, const Script& play) {
    Peer peer(
        socket, index,
        [&](std::string_view bytes) {
            const std::lock_guard lock(mutex);
            raw[index] += bytes;
            changed.notify_all();
        },
        [&](const SeenRequest& request) {
            const std::lock_guard lock(mutex);
            requests.push_back(request);
            changed.notify_all();
        });
    try {
        play(peer);
    } catch (const Fault& fault) {
        const std::lock_guard lock(mutex);
        faults.emplace_back(fault.what());
    }
    const std::lock_guard lock(mutex);
    sockets[index] = -1;
    ::close(socket);
    changed.notify_all();
}

void RecordingUpstream::State::listen(int family, sockaddr* address, socklen_t size) {
    listening = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listening, address, size) != 0 || ::listen(listening, 128) != 0 ||
        ::getsockname(listening, address, &size) != 0) {
        throw std::runtime_error("cannot listen");
    }
    acceptor = std::thread([this] { accept_all(); });
}

void RecordingUpstream::State::accept_all() {
    for (;;) {
        const int socket = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex);
        if (over || socket < 0) {
            if (socket >= 0) ::close(socket);
            return;
        }
        const timeval most{.tv_sec = patience.count(), .tv_usec = 0};
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
        ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
        const auto index = sockets.size();
        sockets.push_back(socket);
        raw.emplace_back();
        threads.emplace_back([this, socket, index, play = script] { serve(socket, index, play); });
        changed.notify_all();
    }
}

RecordingUpstream::RecordingUpstream()
    : RecordingUpstream(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) {}

RecordingUpstream::RecordingUpstream(Script script)
    : state_(std::make_unique<State>(std::move(script))) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state_->listen(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
    state_->port = ntohs(address.sin_port);
    state_->url = "http://127.0.0.1:" + std::to_string(state_->port);
}

RecordingUpstream::RecordingUpstream(Script script, const std::string& unix_socket)
    : state_(std::make_unique<State>(std::move(script))) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_socket.copy(address.sun_path, sizeof address.sun_path - 1);
    state_->listen(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
    state_->url = "unix:" + unix_socket;
}

RecordingUpstream::~RecordingUpstream() {
    State& state = *state_;
    {
        const std::lock_guard lock(state.mutex);
        state.over = true;
        for (const int socket : state.sockets) {
            if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
        }
    }
    ::shutdown(state.listening, SHUT_RDWR);
    state.acceptor.join();
    ::close(state.listening);
    for (auto& thread : state.threads) thread.join();
}

RecordingUpstream::Script RecordingUpstream::answer(std::string response) {
    return [response = std::move(response)](UpstreamPeer& peer) {
        while (peer.read_request() && peer.send(response)) {
        }
    };
}

std::uint16_t RecordingUpstream::port() const {
    return state_->port;
}
std::string RecordingUpstream::url() const {
    return state_->url;
}

void RecordingUpstream::play(Script script) {
    const std::lock_guard lock(state_->mutex);
    state_->script = std::move(script);
}

std::size_t RecordingUpstream::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->raw.size();
}

std::size_t RecordingUpstream::bytes() const {
    const std::lock_guard lock(state_->mutex);
    std::size_t all = 0;
    for (const auto& raw : state_->raw) all += raw.size();
    return all;
}

std::string RecordingUpstream::raw(std::size_t connection) const {
    const std::lock_guard lock(state_->mutex);
    return connection < state_->raw.size() ? state_->raw[connection] : "";
}

std::vector<SeenRequest> RecordingUpstream::requests() const {
    const std::lock_guard lock(state_->mutex);
    return state_->requests;
}

std::vector<std::string> RecordingUpstream::faults() const {
    const std::lock_guard lock(state_->mutex);
    return state_->faults;
}

bool RecordingUpstream::wait_for_requests(std::size_t count) const {
    return state_->wait([&] { return state_->requests.size() >= count; });
}

bool RecordingUpstream::wait_for_connections(std::size_t count) const {
    return state_->wait([&] { return state_->raw.size() >= count; });
}

}  // namespace bearergate::test
