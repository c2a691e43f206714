// `server:` and `admin:`: where the gateway listens and what it lets a client take up.
#include <bearergate/config/urls.hpp>

#include "blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace bearergate::config {
namespace {

using namespace std::chrono_literals;

std::optional<Address> read_address(const std::string& value, const Node& node,
                                    std::string_view what, Draft& draft) {
    const auto refuse = [&](std::string_view fault) {
        draft.error(node.place, fmt::format("{} is {}; it {}", what, shown(node.text), fault));
        return std::nullopt;
    };
    auto address = parse_address(value);
    if (!address) return refuse(address.error());
    address->text = node.text;
    if (address->is_unix) {
        auto path = socket_in_folder(draft.reading.folder, address->path);
        if (!path) return refuse(path.error());
        address->path = std::move(*path);
    }
    return *address;
}

bool same_socket(const Address& a, const Address& b) {
    if (a.is_unix || b.is_unix) return a.is_unix && b.is_unix && a.path == b.path;
    return a.host == b.host && a.port == b.port && a.port != 0;
}

bool same_port(const Address& a, const Address& b) {
    return !a.is_unix && !b.is_unix && a.port == b.port && a.port != 0;
}
// Whether binding one leaves no room for the other.
bool covers(const Address& wide, const Address& other) {
    const bool is_v6 = other.host.contains(':');
    return same_port(wide, other) && wide.host == (is_v6 ? "::" : "0.0.0.0");
}
bool clash(const Address& a, const Address& b) {
    return same_socket(a, b) || covers(a, b) || covers(b, a);
}
// "[::]" takes IPv4 as well, unless its socket is handed over and was made otherwise.
bool may_clash(const Address& a, const Address& b) {
    const auto covers_v4 = [](const Address& wide, const Address& other) {
        return wide.host == "::" && !other.host.contains(':');
    };
    return same_port(a, b) && (covers_v4(a, b) || covers_v4(b, a));
}
std::string shared_port(const Address& a, const Address& b) {
    return fmt::format("{} and {} want the same port", shown(a.text), shown(b.text));
}

void load_listen(Block& server, Draft& draft) {
    std::vector<Address>& listen = draft.config.server.listen;
    const Node* node = server.find("listen");
    if (node == nullptr) {
        listen.push_back({.text = "127.0.0.1:8080", .host = "127.0.0.1", .port = 8080});
        return;
    }
    const auto items = read_list(*node, "'listen'", Alone::accepted, draft.reading);
    if (!items) return;
    if (items->empty()) draft.error(node->place, "'listen' is an empty list");
    for (const Item& item : *items) {
        const auto address = read_address(item.value, *item.node, "'listen'", draft);
        if (!address) continue;
        for (const Address& other : listen) {
            if (same_socket(*address, other)) {
                draft.error(item.node->place,
                            fmt::format("{} stands in 'listen' twice", shown(item.node->text)));
            } else if (clash(*address, other)) {
                draft.error(item.node->place,
                            shared_port(other, *address) + ": the wider one is enough");
            } else if (may_clash(*address, other)) {
                draft.warn(item.node->place, shared_port(other, *address) +
                                                 ", and '[::]' takes IPv4 as well: the two go "
                                                 "together only as sockets that are handed over");
            }
        }
        listen.push_back(*address);
    }
}

void load_tls(Block& server, Draft& draft) {
    Block tls = server.block("tls");
    ServerTls files;
    tls.file("certificate", NamedFile::Use::certificate, files.certificate);
    tls.file("private_key", NamedFile::Use::private_key, files.private_key);
    tls.file("client_ca", NamedFile::Use::authorities, files.client_ca);
    tls.word("min_version", files.only_tls13, {Word<bool>{"1.2", false}, Word<bool>{"1.3", true}});
    tls.finish();
    if (!tls.is_there()) return;
    for (const std::string_view key : {"certificate", "private_key"}) {
        if (tls.lacks(key)) {
            draft.error(server.key_place("tls"), fmt::format("'tls' needs {}", shown(key)));
        }
    }
    draft.config.server.tls = std::move(files);
}

void load_limits(Block& server, Draft& draft) {
    Limits& limits = draft.config.server.limits;
    Block block = server.block("limits");
    block.number("connections", limits.connections, 1, 1'000'000);
    block.size("header_bytes", limits.header_bytes, 1024, 1024 * 1024);
    block.number("header_count", limits.header_count, 1, 1000);
    block.size("token_bytes", limits.token_bytes, 256, 256 * 1024);
    if (!block.is("body_bytes", "none")) {
        limits.body_bytes = block.size("body_bytes", 0, std::numeric_limits<std::int64_t>::max());
    }
    block.finish();
    // The token is one field of the header.
    if (block.has("token_bytes") && limits.token_bytes >= limits.header_bytes) {
        draft.warn(block.key_place("token_bytes"),
                   "'token_bytes' has no effect: a token of that size is more than 'header_bytes' "
                   "lets a whole header be, and is refused with 431");
    }
}

void load_timeouts(Block& server, ServerTimeouts& timeouts) {
    Block block = server.block("timeouts");
    block.duration("tls", timeouts.tls, 1ms, 1h);
    block.duration("header", timeouts.header, 1ms, 1h);
    block.duration("idle", timeouts.idle, 1ms, 24h);
    block.duration("tunnel", timeouts.tunnel, 1ms, 24h * 30);
    block.word("tunnel_at_expiry", timeouts.tunnel_closes_at_expiry,
               {Word<bool>{"close", true}, Word<bool>{"keep", false}});
    block.duration("drain", timeouts.drain, 0ms, 24h);
    block.finish();
}

void load_trusted_proxies(Block& server, Draft& draft) {
    const Node* node = server.find("trusted_proxies");
    if (node == nullptr) return;
    const auto items = read_list(*node, "'trusted_proxies'", Alone::refused, draft.reading);
    if (!items) return;
    for (const Item& item : *items) {
        auto proxy = parse_trusted_proxy(item.value);
        if (proxy) {
            draft.config.server.trusted_proxies.push_back(std::move(*proxy));
        } else {
            draft.error(item.node->place, fmt::format("the trusted proxy {} {}",
                                                      shown(item.node->text), proxy.error()));
        }
    }
}

}  // namespace

void load_server(Block& root, Draft& draft) {
    Block server = root.block("server");
    Server& out = draft.config.server;
    load_listen(server, draft);
    if (!server.is("workers", "auto")) server.number("workers", out.workers, 1, 512);
    load_tls(server, draft);
    server.number("cache", out.cache, 0, 10'000'000);
    load_trusted_proxies(server, draft);
    load_limits(server, draft);
    load_timeouts(server, out.timeouts);
    server.finish();
    draft.policy.token_bytes = out.limits.token_bytes;
}

void load_admin(Block& root, Draft& draft) {
    Block admin = root.block("admin");
    Admin& out = draft.config.admin;
    out.listen = Address{.text = "127.0.0.1:9901", .host = "127.0.0.1", .port = 9901};
    if (admin.is("listen", "off")) {
        out.listen.reset();
    } else if (const Node* node = admin.find("listen")) {
        const auto value = read_text(*node, "'listen'", draft.reading);
        if (value) out.listen = read_address(*value, *node, "'listen'", draft);
    }
    if (const Node* node = admin.find("hosts")) {
        const auto items = read_list(*node, "'hosts'", Alone::refused, draft.reading);
        for (const Item& item : items.value_or(std::vector<Item>{})) {
            if (!is_host_name(item.value)) {
                draft.error(item.node->place, fmt::format("{} is no host name; write it without "
                                                          "scheme and port",
                                                          shown(item.node->text)));
            }
            out.hosts.push_back(lower_case(item.value));
        }
    }
    admin.word("page", out.page,
               {Word<AdminPage>{"loopback", AdminPage::loopback},
                Word<AdminPage>{"on", AdminPage::on}, Word<AdminPage>{"off", AdminPage::off}});
    admin.finish();
    for (const Address& address : draft.config.server.listen) {
        const bool cannot_be =
            out.listen && (clash(*out.listen, address) || may_clash(*out.listen, address));
        if (!cannot_be) continue;
        draft.error(admin.has("listen") ? admin.place("listen") : root.key_place("server"),
                    same_socket(*out.listen, address)
                        ? fmt::format("{} is both the admin listener's address and one of "
                                      "'server.listen': give one of them another port",
                                      shown(address.text))
                        : fmt::format("the admin listener's {}: give one of them another",
                                      shared_port(*out.listen, address)));
    }
}

}  // namespace bearergate::config
