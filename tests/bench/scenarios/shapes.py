"""What a request costs, by its shape: many routes, TLS, new connections, large bodies, events."""

import subprocess

import load

from .base import at_least, at_most, ratio, scenario


@scenario("routes", "Routes: none, 10 and 10 000 besides the one that is asked for")
def routes(bench):
    issuer = bench.issuer()
    rounds = bench.turns(
        lambda on: [peer for count in (0, 10, 10_000)
                    for peer in bench.ours(on, issuer, f"bearergate with {count} routes", routes=count)],
        issuer)
    value = rounds.ratio("bearergate with 10000 routes", "bearergate with 10 routes")
    return {"about": "ES384, warm; in turns.", "peers": rounds.medians(),
            "checks": [at_most("CPU per request, 10 000 routes ÷ 10", value, 1.03)]}


@scenario("connections", "A new connection for every request")
def connections(bench):
    issuer = bench.issuer()
    with bench.stage() as on:
        peers = [*bench.plain(on), *bench.apache(on, issuer),
                 *bench.node(on, issuer, "fast-jwt"), *bench.ours(on, issuer)]
        on.open(peers, issuer)
        found = bench.compare(peers, 1000, close=True)
    return {"about": "ES384, warm; every request says Connection: close.", "peers": found, "checks": []}


@scenario("tls", "TLS in")
def tls(bench):
    issuer, found = bench.issuer(), {}
    for title, close in (("kept alive", False), ("a handshake each", True)):
        with bench.stage() as on:
            certificate = bench.certificate(on)
            peers = [*bench.plain(on, certificate, with_floor=False),
                     *bench.ours(on, issuer, certificate=certificate)]
            on.open(peers, issuer)
            results = bench.compare(peers, 1000, close=close)
        found |= {f"{name}, {title}": value for name, value in results.items()}
    return {"about": "TLS 1.3 with a P-256 certificate, no resumption; plain HTTP to the upstream. ES384, "
                     "warm.", "peers": found, "checks": []}


@scenario("bodies", "Bodies of 1 MiB")
def bodies(bench):
    issuer = bench.issuer()
    with bench.stage() as on:
        peers = [*bench.plain(on), *bench.ours(on, issuer)]
        on.open(peers, issuer)
        found = bench.compare(peers, 1000, path="/big", connections=8)
    return {
        "about": "8 connections; nginx with proxy_buffering off.", "peers": found,
        "checks": [at_least("throughput, 1 MiB bodies, ÷ nginx",
                            ratio(found, "mib_per_s", "bearergate", "nginx"), 1.0)],
    }


def read_events(bench, peer, streams):
    """One round: CPU µs an event, and how long events were under way."""
    reader = subprocess.Popen(
        [*load.ON_LOAD_CPU, str(bench.build / "tests/bench/streams"), str(peer.port),
         str(peer.issuer.tokens), str(streams), str(bench.seconds)],
        stdout=subprocess.PIPE, text=True)
    try:
        if reader.stdout.readline() != "BEGUN\n":
            raise RuntimeError(f"{peer.name}: not every stream began")
        before = peer.program.cpu_seconds()
        result = load.read_streams(reader.stdout.readline())
        used = peer.program.cpu_seconds() - before
    finally:
        reader.stdout.close()
        reader.wait(60)
    if result["broken"] or result["events"] < streams * bench.seconds * 50 / 2:
        raise RuntimeError(f"{peer.name} lost events: {result}")
    return result | {"cpu_us": used / result["events"] * 1e6}


@scenario("events", "Server-sent events on 200 streams, 50 a second each")
def events(bench):
    issuer, streams = bench.issuer(), 200
    with bench.stage() as on:
        peers = [*bench.plain(on, interactive=True), *bench.ours(on, issuer)]
        on.open(peers, issuer)
        for peer in peers:
            read_events(bench, peer, streams)
        results = load.interleaved(peers, bench.rounds, lambda peer: read_events(bench, peer, streams))
    found = load.medians(results)
    return {"about": "CPU per event and how long it was under way from upstream to client. HAProxy with "
                     "option http-no-delay.",
            "peers": found, "checks": []}
