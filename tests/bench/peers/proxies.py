"""Those that proxy and look at no token: the floor, nginx and HAProxy."""

import shutil

from .process import Peer


class Floor(Peer):
    """Copies bytes and parses nothing."""

    def __init__(self, *args, build):
        super().__init__(*args)
        self.binary = build / "tests/bench/floor_relay"

    def command(self):
        return [str(self.binary), str(self.port), str(self.upstream_port)]


class Nginx(Peer):
    def __init__(self, *args, certificate=None):
        super().__init__(*args)
        self.certificate = certificate
        self.url_scheme = "https" if certificate else "http"

    @staticmethod
    def installed():
        return shutil.which("nginx") is not None

    def command(self):
        tls = ""
        if self.certificate:
            tls = f"""ssl_certificate {self.certificate}/cert.pem;
                ssl_certificate_key {self.certificate}/cert.key;
                ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off;"""
        config = self.folder / "nginx.conf"
        config.write_text(f"""
            daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
            events {{ worker_connections 19000; }}
            http {{
              access_log off;
              client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2;
              fastcgi_temp_path {self.folder}/t3; uwsgi_temp_path {self.folder}/t4;
              scgi_temp_path {self.folder}/t5;
              keepalive_requests 1000000000; keepalive_timeout 600s;
              upstream backend {{
                server 127.0.0.1:{self.upstream_port};
                keepalive 256; keepalive_requests 1000000000;
              }}
              server {{
                listen 127.0.0.1:{self.port} backlog=4096 {"ssl" if tls else ""};
                {tls}
                location / {{
                  proxy_pass http://backend; proxy_http_version 1.1;
                  proxy_set_header Connection ""; proxy_buffering off;
                }}
              }}
            }}""")
        return ["nginx", "-p", str(self.folder), "-c", str(config)]


class Haproxy(Peer):
    """`interactive`: what its manual advises where small pieces must not be held back for more."""

    def __init__(self, *args, certificate=None, interactive=False):
        super().__init__(*args)
        self.certificate, self.interactive = certificate, interactive
        self.url_scheme = "https" if certificate else "http"

    @staticmethod
    def installed():
        return shutil.which("haproxy") is not None

    def rules(self):
        return ""

    def command(self):
        tls = f"ssl crt {self.certificate}/both.pem no-tls-tickets" if self.certificate else ""
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""
            global
              nbthread 1
              tune.ssl.default-dh-param 2048
            defaults
              mode http
              timeout connect 5s
              timeout client 600s
              timeout server 60s
              http-reuse always
              {"option http-no-delay" if self.interactive else ""}
            frontend front
              bind 127.0.0.1:{self.port} backlog 4096 {tls}
              {self.rules()}
              default_backend back
            backend back
              server upstream 127.0.0.1:{self.upstream_port} pool-max-conn 512
            """.replace("\n            ", "\n"))
        return ["haproxy", "-db", "-f", str(config)]
