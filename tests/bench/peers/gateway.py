"""bearergate itself."""

import resource

from .process import Peer, free_port


class Bearergate(Peer):
    checks = True

    def __init__(self, *args, binary, issuer, cache=10000, routes=0, workers=1, access="off",
                 certificate=None, admin=False):
        super().__init__(*args)
        self.binary, self.issuer, self.caches = binary, issuer, cache > 0
        self.cache, self.routes, self.workers, self.access = cache, routes, workers, access
        self.certificate = certificate
        self.url_scheme = "https" if certificate else "http"
        self.admin_port = free_port() if admin else None

    def command(self):
        i = self.issuer
        tls = ""
        if self.certificate:
            tls = (f"  tls: {{ certificate: {self.certificate}/cert.pem,"
                   f" private_key: {self.certificate}/cert.key }}\n")
        admin = f'"127.0.0.1:{self.admin_port}"' if self.admin_port else "off"
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        further = "".join(f"  GET /r{n}/{{id}}/x: {{ scopes: [s{n}] }}\n"
                          for n in range(self.routes))
        config = self.folder / "bearergate.yaml"
        config.write_text(f"""
server:
  listen: "127.0.0.1:{self.port}"
  workers: {self.workers}
  cache: {self.cache}
  limits: {{ connections: {descriptors // 2} }}
  timeouts: {{ idle: 10m }}
{tls}admin: {{ listen: {admin} }}
logging: {{ access: {self.access} }}
audience: {i.audience}
issuers:
  bench: {{ issuer: "{i.name}", jwks_file: "{i.folder}/jwks.json", clock_skew: 0s }}
upstream: http://127.0.0.1:{self.upstream_port}
routes:
  GET /items: {{ scopes: [{i.scope}] }}
  GET /big: {{ scopes: [{i.scope}] }}
  GET /events: {{ scopes: [{i.scope}] }}
{further}""")
        return [str(self.binary), "run", "-c", str(config)]
