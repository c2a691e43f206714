"""What shows only from within: the access log's price, and parts by themselves."""

import json
import subprocess

import peers as p

from .base import at_most, scenario


@scenario("log", "The access log, as JSON into a file")
def log(bench):
    issuer = bench.issuer()
    rounds = bench.turns(lambda on: [*bench.ours(on, issuer, "bearergate, log off"),
                                     *bench.ours(on, issuer, "bearergate, log on", access="all")], issuer)
    value = rounds.ratio("bearergate, log on", "bearergate, log off")
    return {"about": "One line a request; ES384, warm; in turns.", "peers": rounds.medians(),
            "checks": [at_most("CPU per request, access log on ÷ off", value, 1.10)]}


@scenario("micro", "Parts of it by themselves")
def micro(bench):
    out = subprocess.run(
        ["taskset", "-c", str(p.GATEWAY_CPU), str(bench.build / "tests/bench/micro"),
         "--benchmark_format=json", f"--benchmark_min_time={bench.few_or_many(0.05, 0.5)}"],
        check=True, capture_output=True, text=True, timeout=1800).stdout
    found = {run["name"]: {"ns": run["cpu_time"]} for run in json.loads(out)["benchmarks"]}
    return {"about": "Google Benchmark, nanoseconds of CPU time.", "peers": found, "checks": []}
