"""Where a warm request's instructions go, by Callgrind: the same on a busy machine as on an idle one."""

import re
import shutil
import subprocess

import load
import peers as p

from .base import scenario, spaced

LISTED = 20  # functions


class Valgrind(p.Bearergate):
    """bearergate under Callgrind, which counts when it is told to. Without debug information: valgrind
    3.19 cannot read what clang writes, and names of functions are all that is needed."""

    def command(self):
        binary = self.folder / "bearergate"
        _, *arguments = super().command()
        subprocess.run(["objcopy", "--strip-debug", str(self.binary), str(binary)], check=True)
        return ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes",
                f"--callgrind-out-file={self.folder}/profile", str(binary), *arguments]

    def control(self, *what):
        subprocess.run(["callgrind_control", *what, str(self.program.process.pid)], check=True,
                       capture_output=True, timeout=60)


def annotated(profile, inclusive):
    """Instructions by function, and all of them."""
    out = subprocess.run(["callgrind_annotate", "--threshold=100", "--show-percs=no",
                          f"--inclusive={'yes' if inclusive else 'no'}", str(profile)],
                         check=True, capture_output=True, text=True, timeout=300).stdout
    counts = {}
    for count, name, library in re.findall(r"^ *([\d,]+)  +(\S.*?)(?: \[([^\[\]]*)\])?$", out, re.M):
        if "0x" in name:
            name = f"(without a name, in {library.rpartition('/')[2]})"
        counts[name] = counts.get(name, 0) + int(count.replace(",", ""))
    return counts, counts.pop("PROGRAM TOTALS")


def short(name):
    """A function's name without file, arguments and template arguments."""
    if name.startswith("("):
        return name
    name = re.sub(r"^[^:\s]*:(?!:)", "", name)
    while "<" in name and (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    name = re.sub(r"\((?!anonymous).*", "", name)
    return name.replace("bearergate::", "").replace("boost::", "")


def by_short_name(own, with_callees):
    """A coroutine is several functions that differ in what their short name leaves out: they are
    one row. What of it calls another of it counts twice among the callees, so the largest is taken."""
    rows = {}
    for name, count in own.items():
        row = rows.setdefault(short(name), {"instructions": 0, "with_callees": 0})
        row["instructions"] += count
        row["with_callees"] = max(row["with_callees"], with_callees.get(name, 0))
    return rows


@scenario("instructions", "Instructions of a warm request in user space, by function")
def instructions(bench):
    if not shutil.which("valgrind"):
        raise RuntimeError("valgrind is not installed")
    issuer = bench.issuer()
    with bench.stage() as on:
        peer = on.make(Valgrind, "bearergate", binary=bench.build / "bearergate", issuer=issuer)
        on.open([peer], issuer)
        load.warm_up(peer, 10, 1000, connections=bench.connections)
        peer.control("--instr=on")
        requests = load.wrk(peer, 10, 1000, connections=bench.connections)["requests"]
        peer.control("--instr=off")
        peer.control("--dump")
        # A thread each; the worker's is the one in which nearly everything happens.
        profile = max(peer.folder.glob("profile.1-*"), key=lambda file: file.stat().st_size)
        own, total = annotated(profile, inclusive=False)
        with_callees, _ = annotated(profile, inclusive=True)
    rows = by_short_name(own, with_callees)
    dearest = sorted(rows, key=lambda name: rows[name]["instructions"], reverse=True)[:LISTED]
    found = {"all": {"instructions": total / requests}}
    for name in dearest:
        found[name] = {measure: count / requests for measure, count in rows[name].items()}
    return {
        "about": f"{spaced(requests)} requests under Callgrind, on {bench.connections} connections.",
        "peers": found, "checks": [],
    }
