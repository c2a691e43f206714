"""Work on several programs in turns: what else the machine does, it does to all of them.

On shared hardware the speed of a CPU wanders by tens of percents within seconds, and rounds of a
second wander with it. Here everything is under way at once, and all of it is stopped but one.
"""

import os
import re
import select
import signal
import subprocess
import time

import load
import peers as p

PATIENCE = 30


class Paused:
    """A process that works only between resume() and pause(). It begins paused."""

    def __init__(self, name, command, **further):
        self.name = name
        self.process = subprocess.Popen(command, text=True, **further)
        try:
            self.begin()
            self.pause()
        except BaseException:
            self.kill()
            raise

    def begin(self):
        """Until it does what is to be measured."""

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self, how):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended before its turns did")
        self.resume()
        # More than once: while its first thread has not woken yet, another gets the signal, and the
        # first sleeps on.
        for _ in range(PATIENCE):
            self.process.send_signal(how)
            try:
                return self.process.communicate(timeout=1)[0]
            except subprocess.TimeoutExpired:
                pass
        raise RuntimeError(f"{self.name} does not end")

    def wait(self):
        self.process.communicate(timeout=PATIENCE)

    def kill(self):
        """Without waiting for it: there may be others to end."""
        if self.process.poll() is None:
            self.process.kill()


class Load(Paused):
    """wrk on a peer: CPU µs a request."""

    def __init__(self, peer, seconds, tokens, connections):
        self.peer = peer
        self.before = self.cpu_at_rest()
        super().__init__(peer.name, load.wrk_command(peer, seconds, tokens, connections=connections),
                         stdout=subprocess.PIPE)

    def begin(self):
        end = time.monotonic() + PATIENCE
        while self.peer.program.cpu_seconds() < self.before + 0.002:
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.name}: no load came")
            time.sleep(0.002)

    def cpu_at_rest(self):
        """Of the gateway, when it has done what came before."""
        end = time.monotonic() + PATIENCE
        used, before = self.peer.program.cpu_seconds(), -1
        while used > before + 0.001 and time.monotonic() < end:
            time.sleep(0.02)
            before, used = used, self.peer.program.cpu_seconds()
        return used

    def finish(self):
        # All that was asked until here is counted: wrk reads the answers, and says so.
        used = self.cpu_at_rest() - self.before
        requests = load.read_wrk(self.peer, self.end(signal.SIGINT))["requests"]
        if requests == 0:
            raise RuntimeError(f"{self.name} answered nothing")
        return used / requests * 1e6


class OpensslSpeed(Paused):
    """OpenSSL's own benchmark on the gateway's CPU: CPU µs a verification. It takes SIGALRM for the
    end of what it does: first of signing, then of verifying."""

    def __init__(self, algorithm, seconds):
        super().__init__("openssl speed", ["taskset", "-c", str(p.GATEWAY_CPU), "openssl", "speed",
                                           "-seconds", str(seconds), algorithm],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def begin(self):
        said, end = "", time.monotonic() + PATIENCE
        while "verify" not in said:
            # More than once: what it had not begun yet it does not end.
            if "sign" in said:
                self.process.send_signal(signal.SIGALRM)
            while select.select([self.process.stderr], [], [], 0.1)[0]:
                more = os.read(self.process.stderr.fileno(), 4096).decode()
                if not more:
                    raise RuntimeError(f"openssl speed ended: {said}")
                said += more
            if time.monotonic() > end:
                raise RuntimeError(f"openssl speed does not begin to verify: {said}")

    def finish(self):
        out = self.end(signal.SIGALRM)
        lines = [line for line in out.splitlines() if re.match(r"^\s*\d+ bits (ecdsa|EdDSA)", line)]
        if not lines:
            raise RuntimeError(f"openssl speed says nothing: {out}")
        return 1e6 / float(lines[-1].split()[-1])


def in_turns(starts, seconds, turn):
    """What each of `starts` makes works for so many seconds in all, `turn` seconds at a time; what
    they come to, by name."""
    working = []
    try:
        for start in starts:
            working.append(start())
        for _ in range(round(seconds / turn)):
            for each in working:
                each.resume()
                time.sleep(turn)
                each.pause()
        return {each.name: each.finish() for each in working}
    finally:
        for each in working:
            each.kill()
        for each in working:
            each.wait()
