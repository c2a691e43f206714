// `upstream:` and `upstreams:`: where permitted requests go.
#include <bearergate/config/urls.hpp>

#include "blocks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bearergate::config {
namespace {

using namespace std::chrono_literals;

void read_urls(Block& block, Upstream& upstream, Draft& draft) {
    const Node* node = block.find("url");
    if (node == nullptr) {
        if (block.lacks("url")) {
            draft.error(block.place(),
                        fmt::format("the upstream {} needs 'url'", shown(upstream.name)));
        }
        return;
    }
    const auto items = read_list(*node, "'url'", Alone::accepted, draft.reading);
    if (!items) return;
    if (items->empty()) draft.error(node->place, "'url' is an empty list");
    for (const Item& item : *items) {
        const auto refuse = [&](std::string_view fault) {
            draft.error(item.node->place, fmt::format("the upstream's URL is {}; it {}",
                                                      shown(item.node->text), fault));
        };
        auto url = parse_upstream_url(item.value);
        if (!url) {
            refuse(url.error());
            continue;
        }
        url->text = item.node->text;
        if (url->is_unix) {
            auto path = socket_in_folder(draft.reading.folder, url->path);
            if (!path) {
                refuse(path.error());
                continue;
            }
            url->path = std::move(*path);
        }
        upstream.urls.push_back(std::move(*url));
    }
}

void read_host(Block& block, Upstream& upstream, Draft& draft) {
    std::string host = "preserve";
    block.text("host", host);
    if (host == "preserve") return;
    upstream.host = host == "upstream" ? HostHeader::upstream : HostHeader::literal;
    if (upstream.host == HostHeader::upstream) return;
    if (!is_host_and_port(host)) {
        draft.error(block.place("host"),
                    "'host' must be preserve, upstream, or a host with or without a port");
    }
    upstream.host_literal = std::move(host);
}

void read_tls(Block& block, Upstream& upstream, Draft& draft) {
    Block tls = block.block("tls");
    tls.file("ca", NamedFile::Use::authorities, upstream.tls.ca);
    tls.file("certificate", NamedFile::Use::certificate, upstream.tls.certificate);
    tls.file("private_key", NamedFile::Use::private_key, upstream.tls.private_key);
    tls.text("server_name", upstream.tls.server_name);
    tls.finish();
    if (!tls.is_there()) return;
    if (tls.has("certificate") != tls.has("private_key")) {
        draft.error(block.key_place("tls"), "'certificate' and 'private_key' belong together");
    }
    if (!upstream.tls.server_name.empty() && !is_host_name(upstream.tls.server_name)) {
        draft.error(tls.place("server_name"), "'server_name' must be a DNS name");
    }
    const auto is_tls = [](const Url& url) { return url.tls; };
    if (std::none_of(upstream.urls.begin(), upstream.urls.end(), is_tls)) {
        draft.warn(block.key_place("tls"), "'tls' has no effect: no URL here begins with https://");
    }
}

void read_upstream(const std::string& name, Block block, Draft& draft) {
    Upstream upstream{.name = name};
    read_urls(block, upstream, draft);
    read_host(block, upstream, draft);
    Block timeouts = block.block("timeouts");
    timeouts.duration("connect", upstream.timeouts.connect, 1ms, 1h);
    timeouts.duration("response", upstream.timeouts.response, 1ms, 24h);
    timeouts.duration("body", upstream.timeouts.body, 1ms, 24h);
    timeouts.duration("idle", upstream.timeouts.idle, 1ms, 24h);
    timeouts.finish();
    block.number("idle_connections", upstream.idle_connections, 0, 100'000);
    read_tls(block, upstream, draft);
    block.finish();
    draft.config.upstreams.push_back(std::move(upstream));
}

}  // namespace

void load_upstreams(Block& root, Draft& draft) {
    const Node* alone = root.find("upstream");
    const Node* several = root.find("upstreams");
    if (alone != nullptr) {
        Node block{.kind = Node::Kind::map, .place = alone->place};
        block.children.push_back(*alone);
        block.children.back().key = "url";
        read_upstream("default", Block(&block, "upstreams.*", draft.reading), draft);
    }
    const bool knows_several =
        several != nullptr && several->kind == Node::Kind::map && !several->has_gaps;
    draft.knows_upstreams =
        (alone != nullptr || root.lacks("upstream")) && (knows_several || root.lacks("upstreams"));
    if (several == nullptr || !expect_map(*several, "'upstreams'", draft.reading)) return;
    if (several->children.empty() && !several->has_gaps)
        draft.error(several->place, "'upstreams' is empty");
    for (const Node& child : several->children) {
        if (alone != nullptr && child.key == "default") {
            draft.error(child.key_place,
                        "'upstream:' at the top is the upstream called default "
                        "already: give this one another name");
        }
        check_name(child, draft);
        read_upstream(child.key, Block(&child, "upstreams.*", draft.reading), draft);
    }
}

}  // namespace bearergate::config
