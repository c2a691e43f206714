"""What a request costs, by how well its token is known and by the algorithm it is signed with."""

import functools

from turns import OpensslSpeed

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
        "checks": [against("HAProxy jwt_verify", 1 / 28), against("HAProxy jwt_verify RS256", 0.40),
                   against("Apache mod_oauth2", 1 / 7), against("Node + jose", 1 / 35),
                   against("Node + fast-jwt", 1 / 4.5)],
    }


@scenario("turns", "Warm, beside those that look at no token, in turns")
def turns(bench):
    issuer = bench.issuer()
    rounds = bench.turns(lambda on: [*bench.plain(on), *bench.ours(on, issuer)], issuer)
    return {
        "about": "As warm. All are under load in turns of a quarter of a second, so that what the machine "
                 "does otherwise happens to each of them; every round is on programs that were started "
                 "anew. Ratios are medians of the rounds' own.",
        "peers": rounds.medians(),
        "checks": [at_most(f"CPU per request, warm, ÷ {other}", rounds.ratio("bearergate", other), limit)
                   for other, limit in (("HAProxy", 0.95), ("nginx", 0.90), ("floor", 1.35))],
    }


@scenario("one", "One token")
def one(bench):
    issuer = bench.issuer()
    with bench.stage() as on:
        peers = everybody(bench, on, issuer)
        on.open(peers, issuer)
        return {"about": "ES384, one token in every request.", "peers": bench.compare(peers, 1),
                "checks": []}


@scenario("cold", "Cold: a token that was never seen, each time")
def cold(bench):
    issuer = bench.issuer(count=bench.many_tokens)
    with bench.stage() as on:
        peers = [*bench.haproxy_jwt(on, issuer), *bench.apache(on, issuer),
                 *bench.node(on, issuer, "jose", "fast-jwt"), *bench.ours(on, issuer, cache=0)]
        on.open(peers, issuer)
        found = bench.compare(peers, bench.many_tokens)
    return {
        "about": f"ES384, {spaced(bench.many_tokens)} tokens, bearergate's cache off and everybody else's "
                 "smaller than that.",
        "peers": found, "checks": [],
    }


@scenario("verifications", "Cold, beside OpenSSL's own verifications, in turns")
def verifications(bench):
    issuer = bench.issuer(count=bench.many_tokens)
    rounds = bench.turns(
        lambda on: [*bench.haproxy_jwt(on, issuer), *bench.ours(on, issuer, cache=0)], issuer,
        bench.many_tokens, further=[functools.partial(OpensslSpeed, "ecdsap384")])
    return {
        "about": "As cold, in turns as in turns: CPU time of the whole gateway for a request, and of "
                 "openssl speed for nothing but the verification.",
        "peers": rounds.medians(),
        "checks": [
            at_most("CPU per request, ES384 miss, ÷ HAProxy jwt_verify",
                    rounds.ratio("bearergate", "HAProxy jwt_verify"), 1.00),
            at_least("ES384 verifications per core ÷ openssl speed",
                     rounds.ratio("openssl speed", "bearergate"), 0.93),
        ],
    }


@scenario("algorithms", "Misses, by algorithm")
def algorithms(bench):
    results, checks = {}, []
    targets = {"RS256": ("HAProxy jwt_verify", 0.85), "ES256": ("HAProxy jwt_verify", 0.90),
               "EdDSA": ("Node + jose", 0.50)}
    alone = {"ES256": "ecdsap256", "EdDSA": "ed25519"}  # of RSA, openssl speed speaks otherwise
    for algorithm, (other, limit) in targets.items():
        issuer = bench.issuer(algorithm)

        def peers(on, issuer=issuer, has_haproxy=algorithm != "EdDSA"):
            haproxy = bench.haproxy_jwt(on, issuer) if has_haproxy else []
            return [*bench.node(on, issuer, "jose"), *haproxy, *bench.ours(on, issuer, cache=0)]

        further = [functools.partial(OpensslSpeed, alone[algorithm])] if algorithm in alone else []
        rounds = bench.turns(peers, issuer, further=further)
        results |= {f"{algorithm}: {name}": value for name, value in rounds.medians().items()}
        checks.append(at_most(f"CPU per request, {algorithm} miss, ÷ {other}",
                              rounds.ratio("bearergate", other), limit))
    return {"about": "Every request verified: bearergate's cache off, peers that have none; in turns, beside "
                     "openssl speed for nothing but the verification. For ES384 see cold.",
            "peers": results, "checks": checks}
