// The chunked decoder: it agrees with a naive reading of RFC 9112 section 7.1, whatever the split.
#include <bearergate/http/framing.hpp>

#include "fuzz.hpp"
#include "naive_http.hpp"

#include <string>

namespace bearergate::fuzz {

namespace {

using http::BodyReader;
using Kind = http::BodyLength::Kind;
using State = BodyReader::State;

struct Reading {
    State state = State::more;
    std::string data{};
    std::size_t consumed = 0;
    friend bool operator==(const Reading&, const Reading&) = default;
};

// Feeds pieces of the sizes that `next` says. What a step leaves is given again with the rest.
template <class Next>
Reading read(std::string_view bytes, const http::BodyLength& length, Next next) {
    BodyReader reader(length);
    Reading reading{.state = reader.state()};
    while (reading.consumed < bytes.size() && reading.state == State::more) {
        std::string piece(bytes.substr(reading.consumed, next(bytes.size() - reading.consumed)));
        const State foreseen = reader.check(piece);
        const auto step = reader.take(piece.data(), piece.size());
        require(step.state == foreseen, "check() foresees what take() finds");
        require(step.data <= step.consumed && step.consumed <= piece.size(), "sizes fit");
        require(step.consumed == piece.size() || step.state != State::more,
                "everything is consumed while more is wanted");
        reading.data.append(piece, 0, step.data);
        reading.consumed += step.consumed;
        reading.state = step.state;
        require(reader.state() == step.state, "the state stays what it was said to be");
    }
    require(reader.received() == reading.data.size(), "received() counts the data");
    return reading;
}

// Put into chunks anew, as for the next server, the data are the same again.
void require_survives_framing(const std::string& data) {
    Cuts cuts(data);
    std::string framed;
    for (std::size_t at = 0; at < data.size();) {
        const std::size_t size = cuts.next(data.size() - at);
        framed.append(http::chunk_header(size).view()).append(data, at, size);
        framed.append(http::chunk_end);
        at += size;
    }
    framed.append(http::last_chunk);
    const auto all = [](std::size_t left) { return left; };
    const auto again = read(framed, {.kind = Kind::chunked}, all);
    require(again == Reading{.state = State::complete, .data = data, .consumed = framed.size()},
            "what is framed anew reads the same");
}

void try_body(std::string_view bytes, const http::BodyLength& length) {
    const auto whole = read(bytes, length, [](std::size_t left) { return left; });
    const auto dribbled = read(bytes, length, [](std::size_t) { return std::size_t{1}; });
    Cuts cuts(bytes);
    const auto cut = read(bytes, length, [&](std::size_t left) { return cuts.next(left); });
    require(whole.state == dribbled.state && whole.state == cut.state, "the end, however split");
    // What came before a fault has gone its way already, as far as it was looked at.
    if (whole.state != State::malformed) {
        require(whole == dribbled && whole == cut, "the same body, however split");
    }

    const bool is_whole = whole.state == State::complete;
    if (length.kind == Kind::chunked) {
        const auto naive = naive::read_chunks(bytes);
        require(!is_whole || (naive && naive->data == whole.data && naive->size == whole.consumed),
                "what is complete is so by the naive reading, with the same data and end");
        require(is_whole || !naive || !naive->is_plain, "what is plainly complete is so");
        if (is_whole) require_survives_framing(whole.data);
    } else if (length.kind == Kind::sized) {
        require(is_whole == (length.bytes <= bytes.size()), "a sized body ends at its size");
        require(whole.data == bytes.substr(0, length.bytes), "a sized body is its bytes");
    } else {
        require(!is_whole && whole.data == bytes, "until close, everything is body");
    }
}

}  // namespace

void try_input(std::string_view input) {
    try_body(input, {.kind = Kind::chunked});
    const std::size_t size = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    try_body(input, {.kind = Kind::sized, .bytes = size});
    try_body(input, {.kind = Kind::until_close});
}

}  // namespace bearergate::fuzz
