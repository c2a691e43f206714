"""On what, with what and when a run was made."""

import os
import platform
import re
import subprocess
import time

import peers as p


def version(*command):
    """The first thing that a program says which looks like a version; None where it is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except FileNotFoundError:
        return None
    found = re.search(r"\d+\.\d+[\w.+~-]*", done.stdout + done.stderr)
    return found and found.group()


def node_packages():
    found = {}
    for name in ("fastify", "@fastify/http-proxy", "jose", "fast-jwt"):
        manifest = p.checkers.NODE / "node_modules" / name / "package.json"
        if manifest.exists():
            line = next(line for line in manifest.read_text().splitlines() if '"version"' in line)
            found[name] = line.split('"')[3]
    return found


def describe(bench):
    cpu = "unknown CPU"
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                cpu = line.split(":")[1].strip()
                break
    versions = {
        "bearergate": version(bench.build / "bearergate", "version"),
        "nginx": version("nginx", "-v"),
        "HAProxy": version("haproxy", "-v"),
        "Apache": version("apache2", "-v"),
        "mod_oauth2": version("dpkg-query", "-W", "-f", "${Version}", "libapache2-mod-oauth2"),
        "Node.js": version("node", "--version"),
        "OpenSSL": version("openssl", "version"),
        "wrk": version("dpkg-query", "-W", "-f", "${Version}", "wrk"),
    } | node_packages()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": f"{os.cpu_count()} × {cpu}",
        "kernel": f"{platform.system()} {platform.release()}",
        "load_average": os.getloadavg()[0],
        "versions": {name: value for name, value in versions.items() if value},
        "quick": bench.quick,
        "rounds": bench.rounds,
        "seconds": bench.seconds,
    }
