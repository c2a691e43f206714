"""A program under test: started on its CPUs, watched, and ended by its process id."""

import os
import pathlib
import signal
import socket
import subprocess
import time

GATEWAY_CPU, LOAD_CPU = 0, 1
PATIENCE = 20  # seconds for anything that should take less than one


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spawn(command, cpus=(GATEWAY_CPU,), **further):
    """Starts a program that inherits our CPUs, which costs no further exec."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        return subprocess.Popen(command, **further)
    finally:
        os.sched_setaffinity(0, ours)


class Program:
    """A process and its children, with their output in a file."""

    def __init__(self, command, folder, cpus=(GATEWAY_CPU,), env=None):
        self.log = pathlib.Path(folder) / "out"
        with self.log.open("wb") as out:
            self.process = spawn(command, cpus, stdout=out, stderr=subprocess.STDOUT, cwd=folder,
                                 stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})

    def alive(self):
        return self.process.poll() is None

    def wait_for_port(self, port):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.alive():
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.002)
        raise RuntimeError(f"{self.process.args[0]} does not listen: {self.log.read_text()[-2000:]}")

    def stop(self):
        if not self.alive():
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def pids(self):
        """nginx, HAProxy and Apache work in children."""
        todo, found = [self.process.pid], []
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in os.listdir(f"/proc/{pid}/task"):
                children = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()
                todo.extend(int(child) for child in children)
        return found

    def thread_seconds(self):
        """On-CPU time of each thread, in the kernel's nanoseconds: {(name, id): seconds}."""
        found = {}
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                folder = pathlib.Path(f"/proc/{pid}/task/{task}")
                name = (folder / "comm").read_text().strip()
                found[name, int(task)] = int((folder / "schedstat").read_text().split()[0]) / 1e9
        return found

    def cpu_seconds(self):
        return sum(self.thread_seconds().values())

    def memory(self):
        """MiB of all processes together: RSS counts shared pages once each, PSS their share. Who is
        not root may not look that closely at a process that has made itself undumpable."""
        rss, pss, is_shown = 0, 0, True
        for pid in self.pids():
            try:
                rss += kib_of(f"/proc/{pid}/smaps_rollup", "Rss:")
                pss += kib_of(f"/proc/{pid}/smaps_rollup", "Pss:")
            except PermissionError:
                rss += kib_of(f"/proc/{pid}/status", "VmRSS:")
                is_shown = False
        return {"rss_mib": rss / 1024, "pss_mib": pss / 1024 if is_shown else None}


def kib_of(file, name):
    lines = pathlib.Path(file).read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


class Peer:
    """A gateway on a port of its own. `checks` says whether it looks at tokens at all."""

    checks = False
    caches = False  # whether it remembers tokens that it has verified
    url_scheme = "http"

    def __init__(self, name, folder, upstream_port):
        self.name, self.upstream_port, self.port = name, upstream_port, free_port()
        self.folder = pathlib.Path(folder) / name.replace(" ", "-").replace(",", "")
        self.folder.mkdir()
        self.program = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def launch(self, cpus=(GATEWAY_CPU,)):
        self.program = Program(self.command(), self.folder, cpus, self.environment())

    def start(self, cpus=(GATEWAY_CPU,)):
        self.launch(cpus)
        self.program.wait_for_port(self.port)

    def stop(self):
        if self.program:
            self.program.stop()

    def url(self, path):
        return f"{self.url_scheme}://127.0.0.1:{self.port}{path}"
