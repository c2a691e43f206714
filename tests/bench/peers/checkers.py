"""Those that check tokens: HAProxy's jwt_verify, Apache's mod_oauth2, and gateways in Node.js."""

import json
import pathlib
import shutil
import subprocess

from .process import Peer
from .proxies import Haproxy

MODULES = pathlib.Path("/usr/lib/apache2/modules")
NODE = pathlib.Path(__file__).parent.parent / "node"


class HaproxyJwt(Haproxy):
    """HAProxy with everything that its converters can check; it verifies each time."""

    checks = True

    def __init__(self, *args, issuer):
        super().__init__(*args)
        self.issuer = issuer

    def rules(self):
        i = self.issuer
        payload = "var(txn.bearer),jwt_payload_query"
        return f"""
              http-request set-var(txn.bearer) http_auth_bearer
              http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
              http-request deny deny_status 401 unless {{ var(txn.alg) -m str {i.algorithm} }}
              http-request deny deny_status 401 unless {{ {payload}('$.iss') -m str {i.name} }}
              http-request deny deny_status 403 unless {{ {payload}('$.aud') -m str {i.audience} }}
              http-request set-var(txn.now) date()
              http-request set-var(txn.exp) {payload}('$.exp','int')
              http-request set-var(txn.nbf) {payload}('$.nbf','int')
              http-request deny deny_status 401 unless {{ var(txn.exp),sub(txn.now) -m int gt 0 }}
              http-request deny deny_status 401 if {{ var(txn.nbf),sub(txn.now) -m int gt 0 }}
              http-request deny deny_status 401 unless {{ var(txn.bearer),jwt_verify(txn.alg,"{i.folder}/key.pem") -m int 1 }}
              http-request deny deny_status 403 unless {{ {payload}('$.scope') -m reg (^|\\ ){i.scope}(\\ |$) }}
              http-request set-header X-Auth-Subject %[{payload}('$.sub')]
              http-request del-header Authorization""".lstrip()


class Apache(Peer):
    """Apache with mod_oauth2 and its cache: one process, threads enough for all connections. The cache is
    no larger than it must be, because it is searched from end to end. Scopes take an
    expression, since Debian builds the module without regular expressions; that it asks for the
    user keeps it from being evaluated before there is one."""

    checks = caches = True

    def __init__(self, *args, issuer, threads=64, cache=1500):
        super().__init__(*args)
        self.issuer, self.threads, self.cache = issuer, threads, cache

    @staticmethod
    def installed():
        return shutil.which("apache2") is not None and (MODULES / "mod_oauth2.so").exists()

    def command(self):
        i = self.issuer
        modules = ("mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http",
                   "headers", "oauth2", "unixd")
        load = "\n".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so" for m in modules
                         if (MODULES / f"mod_{m}.so").exists())
        key = json.dumps(json.loads((i.folder / "jwks.json").read_text())["keys"][0])
        config = self.folder / "apache.conf"
        config.write_text(f"""
{load}
ServerRoot {self.folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{self.port}
ListenBacklog 4096
PidFile {self.folder}/pid
DefaultRuntimeDir {self.folder}
ErrorLog {self.folder}/error.log
LogLevel error
<IfModule unixd_module>
User nobody
Group nogroup
</IfModule>
StartServers 1
ServerLimit 1
ThreadLimit {self.threads}
ThreadsPerChild {self.threads}
MaxRequestWorkers {self.threads}
MinSpareThreads 1
MaxSpareThreads {self.threads}
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
OAuth2Cache shm max_entries={self.cache}
OAuth2TokenVerify jwk '{key}' "verify.iss=skip&verify.exp=required&verify.iat=skip&expiry=300"
<Location "/">
  AuthType oauth2
  <RequireAll>
    Require oauth2_claim iss:{i.name}
    Require oauth2_claim aud:{i.audience}
    Require expr -n %{{REMOTE_USER}} && reqenv('OAUTH2_CLAIM_scope') =~ /(^| ){i.scope}( |$)/
  </RequireAll>
  RequestHeader unset Authorization
  ProxyPass "http://127.0.0.1:{self.upstream_port}/" keepalive=On
</Location>
""")
        return ["apache2", "-DFOREGROUND", "-d", str(self.folder), "-f", str(config)]


class Node(Peer):
    """fastify and @fastify/http-proxy, with jose or with fast-jwt and its cache."""

    checks = True

    def __init__(self, *args, issuer, verifier, cache=0):
        super().__init__(*args)
        self.issuer, self.verifier, self.cache = issuer, verifier, cache
        self.caches = cache > 0

    @staticmethod
    def installed():
        if shutil.which("node") is None or not (NODE / "node_modules/fastify").is_dir():
            return False
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        return int(version.stdout.lstrip("v").split(".")[0]) >= 20

    def environment(self):
        return {"NODE_ENV": "production"}

    def command(self):
        i = self.issuer
        return ["node", str(NODE / "gateway.mjs"), self.verifier, str(self.port),
                str(self.upstream_port), str(i.folder), i.name, i.audience, i.algorithm,
                str(self.cache)]
