"""On what, with what and when a run was made."""

import os
import platform
import shutil
import subprocess
import time

import peers as p


def said(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except FileNotFoundError:
        return None
    text = (done.stdout + done.stderr).strip().splitlines()
    return text[0] if text else None


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
        "bearergate": said([str(bench.build / "bearergate"), "version"]),
        "nginx": said(["nginx", "-v"]),
        "HAProxy": said(["haproxy", "-v"]),
        "Apache": said(["apache2", "-v"]),
        "mod_oauth2": said(["dpkg-query", "-W", "-f", "${Version}", "libapache2-mod-oauth2"]),
        "Node.js": said(["node", "--version"]) if shutil.which("node") else None,
        "OpenSSL": said(["openssl", "version"]),
        "wrk": said(["dpkg-query", "-W", "-f", "${Version}", "wrk"]),
    } | node_packages()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": f"{os.cpu_count()} × {cpu}",
        "kernel": f"{platform.system()} {platform.release()}",
        "load_average": os.getloadavg()[0],
        "versions": {name: version for name, version in versions.items() if version},
        "quick": bench.quick,
        "rounds": bench.rounds,
        "seconds": bench.seconds,
    }
