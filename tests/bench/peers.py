"""The gateways that are compared, each as one worker on one port: how to configure and start it."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

ISSUER = "https://issuer.bench.example"
AUDIENCE = "https://api.bench.example"


def wait_for_port(port, process):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"{process.args[0]} does not listen on {port}")


class Peer:
    """A process on a CPU of its own choosing; `checks_tokens` says whether it authorises at all."""

    checks_tokens = False

    def __init__(self, name, folder, port, upstream_port):
        self.name, self.port, self.upstream_port = name, port, upstream_port
        self.folder = pathlib.Path(folder) / name.replace(" ", "-")
        self.folder.mkdir()
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self, cpu):
        begin = time.monotonic()
        self.process = subprocess.Popen(
            ["taskset", "-c", str(cpu), *self.command()],
            stdout=open(self.folder / "out", "wb"), stderr=subprocess.STDOUT, cwd=self.folder)
        wait_for_port(self.port, self.process)
        self.start_seconds = time.monotonic() - begin

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def processes(self):
        """This process and its children: nginx and HAProxy work in a child."""
        todo, found = [self.process.pid], []
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in os.listdir(f"/proc/{pid}/task"):
                children = pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split()
                todo.extend(int(child) for child in children)
        return found

    def cpu_seconds(self):
        """On-CPU time of all threads, in the kernel's nanoseconds."""
        total = 0
        for pid in self.processes():
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        return total / 1e9

    def rss_mib(self):
        total = 0
        for pid in self.processes():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024


class Floor(Peer):
    def __init__(self, *args, binary):
        super().__init__(*args)
        self.binary = binary

    def command(self):
        return [self.binary, str(self.port), str(self.upstream_port)]


class Nginx(Peer):
    def command(self):
        config = self.folder / "nginx.conf"
        config.write_text(f"""
            daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
            events {{ worker_connections 4096; }}
            http {{
              access_log off;
              client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2;
              fastcgi_temp_path {self.folder}/t3; uwsgi_temp_path {self.folder}/t4; scgi_temp_path {self.folder}/t5;
              keepalive_requests 1000000000;
              upstream backend {{ server 127.0.0.1:{self.upstream_port}; keepalive 256; keepalive_requests 1000000000; }}
              server {{
                listen 127.0.0.1:{self.port} backlog=4096;
                location / {{
                  proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
                  proxy_buffering off;
                }}
              }}
            }}""")
        return ["nginx", "-p", str(self.folder), "-c", str(config)]


class Haproxy(Peer):
    """A plain proxy, or with `algorithm` and `public_key` a checking one."""

    def __init__(self, *args, algorithm=None, public_key=None):
        super().__init__(*args)
        self.algorithm, self.public_key = algorithm, public_key
        self.checks_tokens = algorithm is not None

    def command(self):
        rules = ""
        if self.algorithm:
            rules = f"""
              http-request set-var(txn.bearer) http_auth_bearer
              http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
              http-request deny deny_status 401 unless {{ var(txn.alg) -m str {self.algorithm} }}
              http-request deny deny_status 401 unless {{ var(txn.bearer),jwt_payload_query('$.iss') -m str {ISSUER} }}
              http-request deny deny_status 403 unless {{ var(txn.bearer),jwt_payload_query('$.aud') -m str {AUDIENCE} }}
              http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
              http-request set-var(txn.now) date()
              http-request deny deny_status 401 if {{ var(txn.exp),sub(txn.now) -m int lt 0 }}
              http-request deny deny_status 401 unless {{ var(txn.bearer),jwt_verify(txn.alg,"{self.public_key}") -m int 1 }}
              http-request deny deny_status 403 unless {{ var(txn.bearer),jwt_payload_query('$.scope') -m sub read:items }}
              http-request set-header X-Auth-Subject %[var(txn.bearer),jwt_payload_query('$.sub')]
              http-request del-header Authorization"""
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""
            global
              nbthread 1
              maxconn 8192
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              http-reuse always
            frontend front
              bind 127.0.0.1:{self.port} backlog 4096
              {rules.strip()}
              default_backend back
            backend back
              server upstream 127.0.0.1:{self.upstream_port} pool-max-conn 512
            """.replace("\n            ", "\n"))
        return ["haproxy", "-db", "-f", str(config)]


class Bearergate(Peer):
    checks_tokens = True

    def __init__(self, *args, binary, jwks, routes=0, cache=10000, access="off", tls=None, workers=1):
        super().__init__(*args)
        self.binary, self.jwks, self.routes = binary, jwks, routes
        self.cache, self.access, self.workers = cache, access, workers

    def command(self):
        extra = "".join(f"  GET /r{i}/{{id}}/x: {{ scopes: [s{i}] }}\n" for i in range(self.routes))
        config = self.folder / "bearergate.yaml"
        config.write_text(f"""
server: {{ listen: "127.0.0.1:{self.port}", workers: {self.workers}, cache: {self.cache} }}
admin: {{ listen: off }}
logging: {{ access: {self.access} }}
audience: {AUDIENCE}
issuers:
  bench: {{ issuer: "{ISSUER}", jwks_file: "{self.jwks}" }}
upstream: http://127.0.0.1:{self.upstream_port}
routes:
  GET /items: {{ scopes: [read:items] }}
  GET /big: {{ scopes: [read:items] }}
{extra}""")
        return [self.binary, "run", "-c", str(config)]


def installed(program):
    return shutil.which(program) is not None
