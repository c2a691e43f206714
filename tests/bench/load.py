"""Load on a peer, from the other CPU: wrk in a closed loop, pace in an open one; and rounds of it."""

import pathlib
import resource
import statistics
import subprocess

import peers as p

HERE = pathlib.Path(__file__).parent
ON_LOAD_CPU = ["taskset", "-c", str(p.LOAD_CPU)]


def wrk(peer, seconds, tokens, path="/items", connections=64, close=False):
    """One round through the first `tokens` of the peer's issuer, going on where the last one ended:
    requests/s, CPU µs a request of all its threads, p50 and p99. Nothing may be refused; of peers,
    one connection in a hundred requests may break. A round in which other programs left wrk no CPU
    says nothing of anybody, and is made again."""
    for _ in range(5):
        given = cpu_of_children()
        result = wrk_once(peer, seconds, tokens, path, connections, close)
        if result["requests"] > 0:
            return result
        if cpu_of_children() - given > seconds / 10:
            break
    raise RuntimeError(f"{peer.name} answered nothing for {seconds} s")


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wrk_once(peer, seconds, tokens, path, connections, close):
    before = peer.program.cpu_seconds()
    out = subprocess.run(wrk_command(peer, seconds, tokens, path, connections, close),
                         check=True, capture_output=True, text=True, timeout=seconds + 120).stdout
    used = peer.program.cpu_seconds() - before
    result = read_wrk(peer, out)
    return result | {"cpu_us": used / max(result["requests"], 1) * 1e6}


def wrk_command(peer, seconds, tokens, path="/items", connections=64, close=False):
    return [*ON_LOAD_CPU, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s",
            "-s", str(HERE / "tokens.lua"), peer.url(path), "--", str(peer.issuer.tokens), str(tokens),
            str(getattr(peer, "sent", 0)), "close" if close else "keep"]


def read_wrk(peer, out):
    line = next((line for line in out.splitlines() if line.startswith("RESULT")), None)
    if line is None:
        raise RuntimeError(f"{peer.name}: wrk says nothing: {out}")
    requests, micros, broken, refused, p50, p99, received = (int(field) for field in line.split()[1:])
    may_break = 0 if isinstance(peer, p.Bearergate) else requests / 100
    if refused or broken > may_break:
        raise RuntimeError(f"{peer.name}: {broken} broken, {refused} refused of {requests} requests\n{out}")
    peer.sent = getattr(peer, "sent", 0) + requests
    return {"rate": requests / (micros / 1e6), "p50_us": p50, "p99_us": p99,
            "mib_per_s": received / micros * 1e6 / 2**20, "requests": requests}


def pace_command(build, peer, rate, seconds, tokens_file, connections=32):
    return [*ON_LOAD_CPU, str(build / "tests/bench/pace"), str(peer.port), "/items", str(tokens_file),
            str(rate), str(connections), str(seconds)]


def read_pace(out):
    fields = out.split()[1:]
    counts = dict(zip(("answered", "refused", "broken"), map(int, fields[:3])))
    return counts | dict(zip(("p50_us", "p90_us", "p99_us", "p999_us", "max_us"), map(float, fields[3:])))


def read_streams(out):
    fields = out.split()[1:]
    return {"events": int(fields[0]), "broken": int(fields[1])} | dict(
        zip(("p50_us", "p90_us", "p99_us"), map(float, fields[2:5])))


def warm_up(peer, seconds, tokens, **settings):
    """Until every token has been there. Compilers at run time need some seconds."""
    wrk(peer, seconds, tokens, **settings)
    while peer.caches and tokens <= 1000 and peer.sent < tokens:
        wrk(peer, seconds, tokens, **settings)


def interleaved(peers, rounds, measure):
    """A B C, A B C, …: {name: [a result a round]}."""
    results = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            results[peer.name].append(measure(peer))
    return results


def medians(results):
    return {name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
            for name, rounds in results.items()}


def lowest(results, key):
    """The best round of each."""
    return {name: min(r[key] for r in rounds) for name, rounds in results.items()}
