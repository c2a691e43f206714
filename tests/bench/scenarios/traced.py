"""What strace tells: the system calls of a request, and which worker takes which connection."""

import collections
import contextlib
import re
import statistics
import subprocess
import time

import load
import peers as p

from .base import at_most, scenario
from .connections import open_idle

# What moves a request or a response, by whichever name a gateway moves it.
DATA = ("recvfrom", "recvmsg", "sendto", "sendmsg", "read", "readv", "write", "writev", "splice")


@contextlib.contextmanager
def traced(peer, *options):
    """Traces all threads of a peer meanwhile; gives the file that has the result afterwards."""
    output = peer.folder / "strace"
    targets = [part for pid in peer.program.pids() for part in ("-p", str(pid))]
    tracer = subprocess.Popen(["strace", "-f", "-o", str(output), *options, *targets],
                              stderr=subprocess.PIPE, text=True)
    try:
        for _ in targets[::2]:
            said = tracer.stderr.readline()  # "strace: Process N attached"
            if "attached" not in said:
                raise RuntimeError(f"{peer.name} cannot be traced: {said.strip()}")
        time.sleep(0.3)  # its further threads, of which it says nothing that can be counted
        yield output
    finally:
        tracer.terminate()
        tracer.wait(30)
        tracer.stderr.close()


def count_calls(peer, seconds):
    with traced(peer, "-c") as output:
        requests = load.wrk(peer, seconds, 100)["requests"]
    row = r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$"
    counts = re.findall(row, output.read_text(), re.M)
    return requests, collections.Counter({name: int(n) for n, name in counts if name != "total"})


def system_calls(bench, peer):
    """What each amounts to per request. A long run less a short one: what connections cost to open
    and close is in both alike."""
    fewer, short = count_calls(peer, 1)
    more, long = count_calls(peer, bench.few_or_many(3, 6))
    counts = {name: (long[name] - short[name]) / (more - fewer) for name in long}
    return {name: count for name, count in counts.items() if count >= 0.005}


@scenario("syscalls", "System calls a warm request")
def syscalls(bench):
    issuer = bench.issuer()
    with bench.stage() as on:
        peers = [*bench.plain(on), *bench.ours(on, issuer)]
        on.open(peers, issuer)
        for peer in peers:
            load.wrk(peer, 1, 100)  # so that connections to the upstream are there
        found = {peer.name: system_calls(bench, peer) for peer in peers}
    ours = found["bearergate"]
    data = sum(ours.get(name, 0) for name in DATA)
    waits = sum(count for name, count in ours.items() if name.startswith("epoll_"))
    return {
        "about": "Counted by strace, on 64 connections that stay open. Below 0.005 a request they are left "
                 "out.",
        "peers": found,
        "checks": [at_most("system calls that move data, a warm request", data, 4.1),
                   at_most("epoll calls, a warm request", waits, 1.0),
                   at_most("all other system calls, a warm request",
                           sum(ours.values()) - data - waits, 0.1)],
    }


def busier_share(peer, count=64):
    """Of so many new connections, the share of the worker that takes most of them."""
    with traced(peer, "-e", "trace=accept,accept4") as output:
        for connection in open_idle(peer, count):
            connection.close()
    taken = collections.Counter(re.findall(r"^(\d+) .*\baccept4?\(.*= \d+$", output.read_text(), re.M))
    if sum(taken.values()) != count:
        raise RuntimeError(f"{sum(taken.values())} connections taken of {count}")
    return max(taken.values()) / count


@scenario("workers", "Two workers, and how connections fall to them")
def workers(bench):
    issuer = bench.issuer()
    one, two = (f"bearergate, workers: {count}" for count in (1, 2))
    cpus = (p.GATEWAY_CPU, p.LOAD_CPU)
    rounds = bench.turns(lambda on: [*bench.ours(on, issuer, one, workers=1),
                                     *bench.ours(on, issuer, two, workers=2)], issuer, cpus=cpus)
    with bench.stage() as on:
        peer = bench.ours(on, issuer, two, workers=2)[0]
        on.open([peer], issuer, cpus)
        shares = [busier_share(peer) for _ in range(bench.few_or_many(5, 15))]
    found = rounds.medians()
    found[two] |= {"busier_share": statistics.median(shares), "worst_share": max(shares)}
    return {
        "about": "In turns. Both may run on both CPUs, one of which the load has too. The busier worker's "
                 "share of 64 new connections: median, and worst, of several times.",
        "peers": found,
        "checks": [at_most("CPU per request, 2 workers ÷ 1", rounds.ratio(two, one), 1.10),
                   at_most("the busier worker's share of 64 connections", statistics.median(shares),
                           0.60)],
    }
