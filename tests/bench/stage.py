"""The upstream and the gateways of one scenario: started, proved, and ended together."""

import http.client
import ssl
import tempfile
import time
import pathlib

import peers as p

BRIEF = 4  # seconds that the token lives which caches must not outlive


def status_of(peer, path, token=None, timeout=20):
    """What one request on a connection of its own is answered with."""
    if peer.url_scheme == "https":
        context = ssl._create_unverified_context()  # loopback, and our own certificate
        connection = http.client.HTTPSConnection("127.0.0.1", peer.port, timeout=timeout,
                                                 context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status
    finally:
        connection.close()


class Stage:
    def __init__(self, build):
        self.build = build
        self.running = []

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="bearergate-bench-")
        self.folder = pathlib.Path(self._folder.name)
        self.folder.chmod(0o755)  # Apache's worker is another user
        self.upstream_port = p.free_port()
        (self.folder / "upstream").mkdir()
        self.upstream = p.Program([str(self.build / "tests/bench/upstream"), str(self.upstream_port)],
                                  self.folder / "upstream")
        self.upstream.wait_for_port(self.upstream_port)
        return self

    def __exit__(self, *_):
        for peer in self.running:
            peer.stop()
        self.upstream.stop()
        self._folder.cleanup()

    def make(self, kind, name, **settings):
        """A peer in front of this stage's upstream, not started."""
        peer = kind(name, self.folder, self.upstream_port, **settings)
        if not hasattr(peer, "issuer"):
            peer.issuer = None
        self.running.append(peer)
        return peer

    def open(self, peers, issuer, cpus=(p.GATEWAY_CPU,), is_proved=False):
        """Starts them all. Each lets a good token in; what else a checking one lets in, it says, unless
        that is proved already."""
        for peer in peers:
            peer.issuer = peer.issuer or issuer
            peer.start(cpus)
            peer.idle_memory = peer.program.memory()
            status = status_of(peer, "/items", peer.issuer.good)
            if status != 200:
                raise RuntimeError(f"{peer.name} answers a good token with {status}")
        if not is_proved:
            prove([peer for peer in peers if peer.checks])


def prove(peers):
    """Who claims to check tokens must keep bad ones out; what it lets in stands in the results."""
    for peer in peers:
        bad = [*peer.issuer.bad(), ("no token", None)]
        peer.lets_in = [name for name, token in bad if status_of(peer, "/items", token) < 300]
    caching = [(peer, peer.issuer.brief(BRIEF)) for peer in peers if peer.caches]
    born = time.monotonic()
    for peer, token in caching:
        if status_of(peer, "/items", token) != 200:
            raise RuntimeError(f"{peer.name} refuses a token that is still good")
    if caching:
        time.sleep(max(0.0, born + BRIEF + 2 - time.monotonic()))
    for peer, token in caching:
        if status_of(peer, "/items", token) < 300:
            peer.lets_in.append("expired while cached")
    for peer in peers:
        if peer.lets_in and isinstance(peer, p.Bearergate):
            raise RuntimeError(f"{peer.name} lets in: {', '.join(peer.lets_in)}")


def seconds_to_first_answer(peer, token, patience=30):
    """From its start to the first request that it answers with 200."""
    begin = time.monotonic()
    peer.launch()
    while time.monotonic() - begin < patience:
        try:
            if status_of(peer, "/items", token) == 200:
                return time.monotonic() - begin
        except (OSError, http.client.HTTPException):
            time.sleep(0.0005)
    raise RuntimeError(f"{peer.name} never answered: {peer.program.log.read_text()[-1000:]}")
