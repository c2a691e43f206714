"""What connections and requests leave behind in memory, and how soon a gateway is there."""

import resource
import socket
import statistics
import time

import load
import stage

from .base import at_most, scenario, spaced


def request(peer):
    return (f"GET /items HTTP/1.1\r\nHost: bench.example\r\n"
            f"Authorization: Bearer {peer.issuer.good}\r\n\r\n").encode()


def read_response(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head.decode())


def open_idle(peer, count):
    """So many connections that have had their answer and say nothing more."""
    connections = []
    for number in range(count):
        # Several addresses: one has too few ports for as many connections as this.
        source = (f"127.0.0.{2 + number // 5000}", 0)
        connection = socket.create_connection(("127.0.0.1", peer.port), 20, source)
        connection.sendall(request(peer))
        read_response(connection)
        connections.append(connection)
    return connections


@scenario("idle", "Idle connections")
def idle(bench):
    issuer = bench.issuer()
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    count = min(10_000, descriptors // 2 - 100)
    found = {}
    with bench.stage() as on:
        # The floor has no idle connections: each of its clients holds one to the upstream.
        peers = [*bench.plain(on, with_floor=False), *bench.ours(on, issuer)]
        on.open(peers, issuer)
        for peer in peers:
            connections = open_idle(peer, count)
            time.sleep(2)  # buffers of what fell silent are given back in sweeps
            held = peer.program.memory()
            each = (held["rss_mib"] - peer.idle_memory["rss_mib"]) * 1024 / count
            found[peer.name] = {"idle": peer.idle_memory, "after": held, "kib_each": each}
            for connection in connections:
                connection.close()
    ours = found["bearergate"]
    return {
        "about": f"{spaced(count)} connections, each of which has had one answer.",
        "peers": found,
        "checks": [at_most("RSS idle, MiB", ours["idle"]["rss_mib"], 12),
                   at_most("RSS a further idle connection, KiB", ours["kib_each"], 10)],
    }


@scenario("flat", "Memory after many requests")
def flat(bench):
    issuer, total = bench.issuer(), bench.few_or_many(300_000, 10_000_000)
    with bench.stage() as on:
        peers = bench.ours(on, issuer)
        on.open(peers, issuer)
        peer, done, samples = peers[0], 0, []
        while done < total:
            done += load.wrk(peer, bench.few_or_many(1, 20), 1000)["requests"]
            samples.append((done, peer.program.memory()["rss_mib"]))
    early = next(rss for requests, rss in samples if requests >= total / 10)
    grown = samples[-1][1] - early
    found = {"bearergate": {"requests": done, "early_rss_mib": early, "late_rss_mib": samples[-1][1]}}
    return {"about": f"RSS after a tenth of {spaced(total)} requests, and after all of them.", "peers": found,
            "checks": [at_most("RSS growth over many requests, MiB", grown, 0.5)]}


@scenario("start", "From start to the first request answered")
def start(bench):
    issuer, found = bench.issuer(), {}
    for _ in range(bench.few_or_many(3, 11)):
        with bench.stage() as on:
            peers = [*bench.plain(on), *bench.haproxy_jwt(on, issuer), *bench.apache(on, issuer),
                     *bench.node(on, issuer, "jose", "fast-jwt"), *bench.ours(on, issuer)]
            for peer in peers:
                taken = stage.seconds_to_first_answer(peer, issuer.good)
                found.setdefault(peer.name, []).append(taken * 1000)
                peer.stop()
    results = {name: {"start_ms": statistics.median(times), "best_start_ms": min(times)}
               for name, times in found.items()}
    return {"about": "With the key set in a file; the median of several starts.", "peers": results,
            "checks": [at_most("start to the first answer, ms", results["bearergate"]["start_ms"], 30)]}
