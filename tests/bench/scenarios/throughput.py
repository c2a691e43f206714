"""What a request costs, by how well its token is known and by the algorithm it is signed with."""

import re
import subprocess

import peers as p

from .base import at_least, at_most, ratio, scenario, spaced


def everybody(bench, on, issuer):
    return [*bench.plain(on), *bench.haproxy_jwt(on, issuer), *bench.apache(on, issuer),
            *bench.node(on, issuer, "jose", "fast-jwt"), *bench.ours(on, issuer)]


@scenario("warm", "Warm: 1 000 tokens, each seen before")
def warm(bench):
    issuer, rsa = bench.issuer(), bench.issuer("RS256")
    with bench.stage() as on:
        peers = [*everybody(bench, on, issuer), *bench.haproxy_jwt(on, rsa, "HAProxy jwt_verify RS256")]
        on.open(peers, issuer)
        found = bench.compare(peers, 1000)

    def against(other, limit):
        return at_most(f"CPU per request, warm, ÷ {other}", ratio(found, "cpu_us", "bearergate", other),
                       limit)

    return {
        "about": "ES384, keep-alive, 1 KiB of JSON. Peers without a cache verify every time.",
        "peers": found,
        "checks": [against("HAProxy", 0.95), against("nginx", 0.90), against("floor", 1.35),
                   against("HAProxy jwt_verify", 1 / 28), against("HAProxy jwt_verify RS256", 0.40),
                   against("Apache mod_oauth2", 1 / 7), against("Node + jose", 1 / 35),
                   against("Node + fast-jwt", 1 / 4.5)],
    }


@scenario("one", "One token")
def one(bench):
    issuer = bench.issuer()
    with bench.stage() as on:
        peers = everybody(bench, on, issuer)
        on.open(peers, issuer)
        return {"about": "ES384, one token in every request.", "peers": bench.compare(peers, 1),
                "checks": []}


def openssl_verifications(algorithm):
    """Verifications a second of one core's time, by OpenSSL's own benchmark on the gateway's CPU."""
    out = subprocess.run(
        ["taskset", "-c", str(p.GATEWAY_CPU), "openssl", "speed", "-seconds", "2", algorithm],
        check=True, capture_output=True, text=True, timeout=120).stdout
    line = next(line for line in reversed(out.splitlines()) if re.match(r"^\s*\d+ bits ecdsa", line))
    return float(line.split()[-1])


@scenario("cold", "Cold: a token that was never seen, each time")
def cold(bench):
    issuer = bench.issuer(count=bench.many_tokens)
    with bench.stage() as on:
        peers = [*bench.haproxy_jwt(on, issuer), *bench.apache(on, issuer),
                 *bench.node(on, issuer, "jose", "fast-jwt"), *bench.ours(on, issuer, cache=0)]
        on.open(peers, issuer)
        speed = [openssl_verifications("ecdsap384")]
        found = bench.compare(peers, bench.many_tokens)
        speed.append(openssl_verifications("ecdsap384"))
    ours = found["bearergate"]
    ours["verifications_per_core_s"] = 1e6 / ours["lowest_cpu_us"]
    found["openssl speed"] = {"verifications_per_core_s": max(speed)}
    return {
        "about": f"ES384, {spaced(bench.many_tokens)} tokens, bearergate's cache off and everybody else's "
                 "smaller than that. Verifications are counted per second of CPU time of the whole "
                 "gateway; of it and of openssl speed, the best of the run.",
        "peers": found,
        "checks": [
            at_most("CPU per request, ES384 miss, ÷ HAProxy jwt_verify",
                    ratio(found, "lowest_cpu_us", "bearergate", "HAProxy jwt_verify"), 1.00),
            at_least("ES384 verifications per core ÷ openssl speed",
                     ratio(found, "verifications_per_core_s", "bearergate", "openssl speed"), 0.93),
        ],
    }


@scenario("algorithms", "Misses, by algorithm")
def algorithms(bench):
    results, checks = {}, []
    targets = {"RS256": ("HAProxy jwt_verify", 0.85), "ES256": ("HAProxy jwt_verify", 0.90),
               "EdDSA": ("Node + jose", 0.50)}
    for algorithm, (other, limit) in targets.items():
        issuer = bench.issuer(algorithm)
        with bench.stage() as on:
            rivals = bench.node(on, issuer, "jose")
            if algorithm != "EdDSA":
                rivals += bench.haproxy_jwt(on, issuer)
            peers = [*rivals, *bench.ours(on, issuer, cache=0)]
            on.open(peers, issuer)
            found = bench.compare(peers, 1000)
        results |= {f"{algorithm}: {name}": value for name, value in found.items()}
        checks.append(at_most(f"CPU per request, {algorithm} miss, ÷ {other}",
                              ratio(found, "lowest_cpu_us", "bearergate", other), limit))
    return {"about": "Every request verified: bearergate's cache off, peers that have none. "
                     "For ES384 see cold.", "peers": results, "checks": checks}
