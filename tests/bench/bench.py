#!/usr/bin/env python3
"""Measures bearergate beside what people use instead of it, in scenarios that have names.

Gateway and upstream share one CPU, the load comes from another; the rounds of all peers are
interleaved, after a first one that is not counted, and medians count. The figure to look at is CPU time a request:
what all threads of the gateway spent on a CPU, per completed request. Everything runs on loopback.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import machine  # noqa: E402
import peers as p  # noqa: E402
import report  # noqa: E402
from scenarios import Bench, scenarios  # noqa: E402


def arguments():
    names = "\n".join(f"  {name:12} {title}" for name, (title, _) in scenarios.items())
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, epilog=f"scenarios:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="*", help="which to run; none: warm")
    parser.add_argument("--all", action="store_true", help="every scenario")
    parser.add_argument("--quick", action="store_true", help="short rounds and few: an impression")
    parser.add_argument("--peers", default="", help="only these, comma-separated, as the tables spell them")
    parser.add_argument("--against", type=pathlib.Path, help="another bearergate binary, beside ours")
    parser.add_argument("--rounds", type=int, help="per peer, besides the first")
    parser.add_argument("--seconds", type=int, help="per round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--json", type=pathlib.Path, help="also write the results here")
    parser.add_argument("--publish", action="store_true",
                        help="make docs/performance.json, .svg and the tables of .md of this run")
    parser.add_argument("--check", action="store_true",
                        help="only say whether docs/performance.md and .svg are made of .json")
    options = parser.parse_args()
    unknown = [name for name in options.scenario if name not in scenarios]
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}")
    return options


def main():
    options = arguments()
    if options.check:
        sys.exit(report.difference())
    bench = Bench(build=options.build.resolve(), quick=options.quick,
                  rounds=options.rounds or (3 if options.quick else 5),
                  seconds=options.seconds or (1 if options.quick else 3),
                  connections=options.connections,
                  only=tuple(name for name in options.peers.split(",") if name),
                  against=options.against and options.against.resolve())
    os.sched_setaffinity(0, {p.LOAD_CPU})
    # As by Ctrl-C: on the way out, whatever was started is ended as well, paused or not.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: told to end"))
    wanted = list(scenarios) if options.all else options.scenario or ["warm"]
    results = {"run": machine.describe(bench), "scenarios": {}}
    failed = []
    for name in wanted:
        title, run = scenarios[name]
        print(f"bench: {name}: {title}", file=sys.stderr, flush=True)
        try:
            results["scenarios"][name] = {"title": title} | run(bench)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print(f"bench: {name} failed: {error}", file=sys.stderr, flush=True)
            failed.append(name)
            continue
        print(report.text_of(name, results["scenarios"][name]), flush=True)
        if options.json:  # each time: a long run that is cut short has not been for nothing
            options.json.write_text(report.json_of(results))
    if any(result["checks"] for result in results["scenarios"].values()):
        print(report.verdict_of(results))
    if failed:
        sys.exit(f"bench: failed: {', '.join(failed)}")
    if options.publish:
        report.publish(results)


if __name__ == "__main__":
    main()
