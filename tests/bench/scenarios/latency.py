"""How long warm requests take while others keep the verification threads busy."""

import statistics
import subprocess
import time

import load

from .base import at_most, scenario

RATE = 2000  # a second: far from what would queue by itself


def pace(bench, peer, tokens_file):
    out = subprocess.run(load.pace_command(bench.build, peer, RATE, bench.seconds, tokens_file),
                         check=True, capture_output=True, text=True, timeout=bench.seconds + 60).stdout
    return load.read_pace(out)


def with_cold_load(bench, peer, cold, tokens_file):
    """The same while wrk keeps 64 tokens that nobody knows in the verification queue."""
    before = peer.program.cpu_seconds()
    strangers = subprocess.Popen(
        [*load.ON_LOAD_CPU, "wrk", "-t1", "-c64", f"-d{bench.seconds + 3}s", "--timeout", "20s", "-s",
         str(load.HERE / "tokens.lua"), peer.url("/items"), "--", str(cold.tokens), str(cold.count),
         str(getattr(peer, "sent", 1000))], stdout=subprocess.PIPE, text=True)
    try:
        while strangers.poll() is None and peer.program.cpu_seconds() < before + 0.2:
            time.sleep(0.05)  # wrk reads its tokens first
        result = pace(bench, peer, tokens_file)
        line = next(line for line in strangers.stdout if line.startswith("RESULT"))
    finally:
        strangers.stdout.close()
        strangers.wait(60)
    requests, micros, broken, refused = (int(field) for field in line.split()[1:5])
    peer.sent = getattr(peer, "sent", 1000) + requests
    return result | {"cold_rate": requests / micros * 1e6, "cold_refused": refused + broken}


@scenario("mixed", "Warm latency while the verification threads are busy")
def mixed(bench):
    cold = bench.issuer(count=bench.many_tokens)
    with bench.stage() as on:
        # A cache that holds the warm ones and soon forgets the others.
        peers = bench.ours(on, cold, cache=10_000)
        on.open(peers, cold)
        known = on.folder / "known"
        with cold.tokens.open() as lines:
            known.write_text("".join(next(lines) for _ in range(100)))
        alone, beside = [], []
        pace(bench, peers[0], known)
        for _ in range(bench.rounds):
            alone.append(pace(bench, peers[0], known))
            beside.append(with_cold_load(bench, peers[0], cold, known))

    def median(rounds):
        return {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}

    found = {"bearergate, warm requests alone": median(alone),
             "bearergate, beside misses": median(beside)}
    refused = sum(r["refused"] + r["broken"] for r in alone + beside)
    refused += sum(r["cold_refused"] for r in beside)
    p99 = [found[name]["p99_us"] for name in found]
    return {
        "about": f"{RATE} warm requests a second in an open loop; a closed loop of 64 connections brings "
                 "ES384 misses, as many as the verification threads can take. Everything but the load "
                 "shares one CPU.",
        "peers": found,
        "checks": [at_most("p99 of warm requests beside misses ÷ alone", p99[1] / p99[0], 3),
                   at_most("requests refused or broken meanwhile", refused, 0)],
    }
