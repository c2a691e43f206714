"""The issuer that the benchmark's tokens are by: minted once, and used for a day."""

import os
import pathlib
import subprocess
import time

from peers.process import spawn

ISSUER = "https://issuer.bench.example/oidc"
AUDIENCE = "https://api.bench.example"
SCOPE = "read:items"
A_DAY = 86_400  # tokens live two


class Issuer:
    name, audience, scope = ISSUER, AUDIENCE, SCOPE

    def __init__(self, build, algorithm, count):
        self.build, self.algorithm, self.count = build, algorithm, count
        self.folder = build / "bench-tokens" / f"{algorithm}-{count}"
        self.tokens = self.folder / "tokens"
        if not self._is_fresh():
            self.folder.mkdir(parents=True, exist_ok=True)
            mint = spawn([build / "tests/bench/mint", self.folder, algorithm, str(count), self.name,
                          self.audience], range(os.cpu_count()))
            if mint.wait() != 0:
                raise RuntimeError("mint failed")
            (self.folder / "whole").touch()
        with self.tokens.open() as lines:
            self.good = next(lines).strip()

    def _is_fresh(self):
        whole = self.folder / "whole"
        return whole.exists() and time.time() - whole.stat().st_mtime < A_DAY

    def bad(self):
        """What must be refused: (name, token)."""
        lines = (self.folder / "bad").read_text().splitlines()
        return [tuple(line.split("\t")) for line in lines]

    def brief(self, seconds):
        """A good token that lives no longer."""
        return subprocess.run(
            [self.build / "bearergate", "token", "--key", self.folder / "key.jwk", "--issuer", self.name,
             "--audience", self.audience, "--scope", self.scope, "--lifetime", f"{seconds}s"],
            check=True, capture_output=True, text=True).stdout.strip()


def certificate(folder):
    """A TLS certificate for 127.0.0.1: cert.pem, cert.key, and both in one file."""
    folder = pathlib.Path(folder)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", folder / "cert.key", "-out", folder / "cert.pem", "-days", "2",
                    "-subj", "/CN=bench.example", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, capture_output=True)
    (folder / "both.pem").write_text((folder / "cert.pem").read_text() + (folder / "cert.key").read_text())
    return folder
