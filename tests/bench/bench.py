#!/usr/bin/env python3
"""Compares bearergate with the floor, nginx and HAProxy, side by side in one run.

Gateway and upstream share one CPU, the load comes from another; the rounds of all peers are
interleaved, the first is dropped, and medians are printed. The figure to look at is CPU per
request: time that all threads of the gateway spent on a CPU (schedstat) per completed request.
Everything runs on loopback, for a bounded time.
"""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import peers as p  # noqa: E402

HERE = pathlib.Path(__file__).parent
GATEWAY_CPU, LOAD_CPU = 0, 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="where the built programs are")
    parser.add_argument("--rounds", type=int, default=6, help="per peer; the first is dropped")
    parser.add_argument("--seconds", type=int, default=3, help="per round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--algorithm", default="ES384")
    parser.add_argument("--tokens", type=int, default=1000, help="distinct tokens")
    parser.add_argument("--cache", type=int, default=10000, help="bearergate's server.cache")
    parser.add_argument("--path", default="/items", help="/items (1 KiB) or /big (1 MiB)")
    parser.add_argument("--routes", type=int, default=0, help="further routes for bearergate")
    parser.add_argument("--only", default="", help="comma-separated names of peers")
    parser.add_argument("--json", help="also write the results here")
    return parser.parse_args()


def mint(options, folder):
    tokens = folder / "issuer"
    tokens.mkdir()
    subprocess.run([f"{options.build}/tests/bench/mint", str(tokens), options.algorithm, str(options.tokens),
                    p.ISSUER, p.AUDIENCE], check=True)
    return tokens


def all_peers(options, folder, issuer, upstream_port):
    build = pathlib.Path(options.build).resolve()
    ports = iter(range(upstream_port + 1, upstream_port + 100))

    def args(name):
        return (name, folder, next(ports), upstream_port)

    found = [p.Floor(*args("floor"), binary=str(build / "tests/bench/floor_relay"))]
    if p.installed("nginx"):
        found.append(p.Nginx(*args("nginx")))
    if p.installed("haproxy"):
        found.append(p.Haproxy(*args("haproxy")))
        if options.algorithm in ("RS256", "ES256", "ES384"):
            found.append(p.Haproxy(*args("haproxy jwt_verify"), algorithm=options.algorithm,
                                   public_key=issuer / "key.pem"))
    found.append(p.Bearergate(*args("bearergate"), binary=str(build / "bearergate"),
                              jwks=issuer / "jwks.json", routes=options.routes, cache=options.cache))
    wanted = [name for name in options.only.split(",") if name]
    return [peer for peer in found if not wanted or peer.name in wanted]


def status_of(port, path, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


def prove(peer, path, token):
    """Who claims to check tokens must let a good one in and keep bad ones out, before it is timed."""
    assert status_of(peer.port, path, token) == 200, f"{peer.name} refuses a good token"
    if not peer.checks_tokens:
        return
    head, body, signature = token.split(".")
    other = "A" if signature[10] != "A" else "B"
    flipped = signature[:10] + other + signature[11:]
    for bad in (f"{head}.{body}.{flipped}", f"{head}.{body}.", "garbage", f"{head}.{body}", None):
        assert status_of(peer.port, path, bad) in (400, 401, 403), f"{peer.name} accepts {bad}"


def load(peer, options, tokens, first):
    """One round: requests, seconds, errors, p50 and p99 in µs, CPU µs per request."""
    before = peer.cpu_seconds()
    out = subprocess.run(
        ["taskset", "-c", str(LOAD_CPU), "wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds}s",
         "--latency", "-s", str(HERE / "tokens.lua"), f"http://127.0.0.1:{peer.port}{options.path}",
         "--", str(tokens), str(first)],
        check=True, capture_output=True, text=True, timeout=options.seconds + 60).stdout
    used = peer.cpu_seconds() - before
    fields = next(line for line in out.splitlines() if line.startswith("RESULT")).split()[1:]
    requests, micros, broken, refused, p50, p99 = (int(field) for field in fields)
    if broken or refused:
        raise RuntimeError(f"{peer.name}: {broken} broken and {refused} refused of {requests} requests\n{out}")
    return {"rate": requests / (micros / 1e6), "cpu_us": used / requests * 1e6, "p50_us": p50, "p99_us": p99}


def versions():
    found = {"machine": f"{platform.machine()}, {platform.release()}"}
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            found["cpu"] = line.split(":")[1].strip()
            break
    for program, flag in (("nginx", "-v"), ("haproxy", "-v")):
        if p.installed(program):
            done = subprocess.run([program, flag], capture_output=True, text=True, check=False)
            found[program] = (done.stdout + done.stderr).splitlines()[0]
    return found


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="bearergate-bench-") as name:
        folder = pathlib.Path(name)
        issuer = mint(options, folder)
        token = (issuer / "tokens").open().readline().strip()
        upstream_port = 19100
        upstream = subprocess.Popen(["taskset", "-c", str(GATEWAY_CPU),
                                     f"{options.build}/tests/bench/upstream", str(upstream_port)])
        running = []
        results = {}
        try:
            p.wait_for_port(upstream_port, upstream)
            for peer in all_peers(options, folder, issuer, upstream_port):
                peer.start(GATEWAY_CPU)
                running.append(peer)
                prove(peer, options.path, token)
            sent = 0
            for round_number in range(options.rounds):
                for peer in running:
                    result = load(peer, options, issuer / "tokens", sent)
                    sent += int(result["rate"] * options.seconds)
                    if round_number > 0:
                        results.setdefault(peer.name, []).append(result)
            medians = {name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
                       for name, rounds in results.items()}
            for peer in running:
                medians[peer.name]["rss_mib"] = peer.rss_mib()
        finally:
            for peer in running:
                peer.stop()
            upstream.terminate()
            upstream.wait()

    base = medians.get("bearergate", {}).get("cpu_us")
    print(f"{options.algorithm}, {options.tokens} tokens, {options.path}, {options.connections} connections, "
          f"median of {options.rounds - 1} rounds of {options.seconds} s, {time.strftime('%Y-%m-%d')}")
    print(f"{'':24}{'CPU µs/request':>15}{'ours ÷ its':>12}{'requests/s':>12}{'p50 µs':>9}{'p99 µs':>9}{'PSS MiB':>9}")
    for peer, m in medians.items():
        ratio = f"{base / m['cpu_us']:.3f}" if base else "-"
        print(f"{peer:24}{m['cpu_us']:15.2f}{ratio:>12}{m['rate']:12.0f}{m['p50_us']:9.0f}{m['p99_us']:9.0f}{m['rss_mib']:9.1f}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(
            {"versions": versions(), "options": vars(options), "medians": medians, "rounds": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
