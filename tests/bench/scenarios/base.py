"""What scenarios are made of: the bench that they run on, their registry, and targets."""

import dataclasses
import functools
import pathlib
import statistics

import issuer as tokens
import load
import peers as p
import stage
import turns

scenarios = {}


def spaced(count):
    """A large number for people."""
    return f"{count:,}".replace(",", " ")


def scenario(name, title):
    """Registers a function of a Bench that returns a result: {"peers": {name: {measure: value}},
    "checks": […], "about": how it was measured}."""
    def register(function):
        scenarios[name] = (title, function)
        return function
    return register


def at_most(measure, value, limit):
    """A target of the benchmark; one that could not be measured has no value and is not met."""
    return {"measure": measure, "value": value, "limit": limit, "relation": "≤",
            "met": value is not None and value <= limit}


def at_least(measure, value, limit):
    return {"measure": measure, "value": value, "limit": limit, "relation": "≥",
            "met": value is not None and value >= limit}


def ratio(results, measure, one, other):
    """None where either was not measured."""
    if one not in results or other not in results or not results[other][measure]:
        return None
    return results[one][measure] / results[other][measure]


class Rounds(list):
    """Of turns: what each peer cost in each of them, {name: CPU µs a request}."""

    def medians(self):
        return {name: {"cpu_us": statistics.median(costs[name] for costs in self)} for name in self[0]}

    def ratio(self, one, other):
        """Of the costs within a round. None where either was not measured."""
        if not {one, other} <= self[0].keys():
            return None
        return statistics.median(costs[one] / costs[other] for costs in self)


@dataclasses.dataclass
class Bench:
    """How long, with what, and on which build."""

    build: pathlib.Path
    quick: bool = False
    rounds: int = 5
    seconds: int = 3
    connections: int = 64
    only: tuple = ()  # names of peers, as the table spells them; empty: all
    against: pathlib.Path | None = None  # another bearergate, measured beside ours

    def few_or_many(self, few, many):
        return few if self.quick else many

    @property
    def many_tokens(self):
        """More than any cache here holds."""
        return self.few_or_many(20_000, 100_000)

    def issuer(self, algorithm="ES384", count=1000):
        return tokens.Issuer(self.build, algorithm, count)

    def stage(self):
        return stage.Stage(self.build)

    def certificate(self, on):
        return tokens.certificate(on.folder)

    def wanted(self, name):
        return not self.only or name in self.only

    def plain(self, on, certificate=None, interactive=False, with_floor=True):
        """The peers that look at no token."""
        found = []
        if self.wanted("floor") and with_floor:
            found.append(on.make(p.Floor, "floor", build=self.build))
        if self.wanted("nginx") and p.Nginx.installed():
            found.append(on.make(p.Nginx, "nginx", certificate=certificate))
        if self.wanted("HAProxy") and p.Haproxy.installed():
            found.append(on.make(p.Haproxy, "HAProxy", certificate=certificate, interactive=interactive))
        return found

    def haproxy_jwt(self, on, issuer, name="HAProxy jwt_verify"):
        wanted = self.wanted(name) and p.Haproxy.installed()
        return [on.make(p.HaproxyJwt, name, issuer=issuer)] if wanted else []

    def apache(self, on, issuer):
        name = "Apache mod_oauth2"
        wanted = self.wanted(name) and p.Apache.installed()
        return [on.make(p.Apache, name, issuer=issuer, threads=2 * self.connections)] if wanted else []

    def node(self, on, issuer, *verifiers):
        found = []
        for verifier in verifiers:
            name = f"Node + {verifier}"
            if self.wanted(name) and p.Node.installed():
                found.append(on.make(p.Node, name, issuer=issuer, verifier=verifier.replace("-", "_"),
                                     cache=10_000 if verifier == "fast-jwt" else 0))
        return found

    def ours(self, on, issuer, name="bearergate", **settings):
        found = [on.make(p.Bearergate, name, binary=self.build / "bearergate", issuer=issuer, **settings)]
        if self.against:
            found.append(on.make(p.Bearergate, f"{name} (against)", binary=self.against, issuer=issuer,
                                 **settings))
        return found

    def turns(self, make, issuer, tokens_used=1000, turn=0.25, further=(), cpus=(p.GATEWAY_CPU,)):
        """Rounds of what make(stage) makes, `turn` seconds at a time, and of `further` things to start,
        which are told how many seconds they may be needed. Each round is on a stage of its own: where
        a program happens to lie in memory is a part of what it costs."""
        rounds = Rounds()
        for number in range(self.rounds):
            with self.stage() as on:
                peers = make(on)
                on.open(peers, issuer, cpus, is_proved=number > 0)
                for peer in peers:
                    load.warm_up(peer, 2, tokens_used, connections=self.connections)
                longest = (len(peers) + len(further)) * (self.seconds + turns.PATIENCE)
                starts = [functools.partial(turns.Load, peer, longest, tokens_used, self.connections)
                          for peer in peers]
                starts += [functools.partial(start, longest) for start in further]
                rounds.append(turns.in_turns(starts, self.seconds, turn))
        return rounds

    def compare(self, peers, tokens_used, **load_settings):
        """Interleaved rounds of wrk; medians, the lowest CPU time, memory, and what was let in."""
        settings = {"connections": self.connections} | load_settings
        for peer in peers:
            load.warm_up(peer, max(self.seconds, 3), tokens_used, **settings)
        results = load.interleaved(
            peers, self.rounds, lambda peer: load.wrk(peer, self.seconds, tokens_used, **settings))
        found = load.medians(results)
        for peer in peers:
            of_peer = found[peer.name]
            if "path" not in load_settings:
                del of_peer["mib_per_s"]  # says something of large bodies only
            of_peer["lowest_cpu_us"] = load.lowest(results, "cpu_us")[peer.name]
            of_peer["idle"] = peer.idle_memory
            of_peer["after"] = peer.program.memory()
            of_peer["lets_in"] = peer.lets_in if peer.checks else None
        return found
