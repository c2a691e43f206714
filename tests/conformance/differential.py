#!/usr/bin/env python3
"""Sends the same bytes to nginx, HAProxy and bearergate, each a plain reverse proxy in front of the
same upstream, and prints the table of docs/strictness.md. By hand, not part of ctest:

    apt-get install nginx-light haproxy
    tests/conformance/differential.py build/release/bearergate > /tmp/table.md
"""

import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SMUGGLED = b"GET /SMUGGLED HTTP/1.1\r\nHost: gw.test\r\n\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"


def get(target=b"/a", fields=b"", version=b"HTTP/1.1", host=b"Host: gw.test\r\n"):
    return b"GET " + target + b" " + version + b"\r\n" + host + fields + b"\r\n"


def post(fields, body, version=b"HTTP/1.1"):
    return b"POST /a " + version + b"\r\nHost: gw.test\r\n" + fields + b"\r\n" + body


CL, TE = b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"

# (class, example, bytes)
REQUESTS = [
    ("Two lengths of one body", "`Content-Length` and `Transfer-Encoding`", post(CL + TE, CHUNKS)),
    ("", "`Content-Length` twice, equal", post(CL + CL, b"hello")),
    ("", "`Content-Length` twice, different", post(CL + b"Content-Length: 6\r\n", b"hello!")),
    ("", "`Content-Length: 5, 5`", post(b"Content-Length: 5, 5\r\n", b"hello")),
    ("", "`Content-Length: +5`", post(b"Content-Length: +5\r\n", b"hello")),
    ("", "`Transfer-Encoding: chunked` twice", post(TE + TE, CHUNKS)),
    ("Codings that are not `chunked`", "`xchunked`", post(b"Transfer-Encoding: xchunked\r\n", SMUGGLED)),
    ("", "`chunked, identity`", post(b"Transfer-Encoding: chunked, identity\r\n", CHUNKS)),
    ("", "`gzip, chunked`", post(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS)),
    ("", "`chunked,` (an empty element)", post(b"Transfer-Encoding: chunked,\r\n", CHUNKS)),
    ("", "an empty value", post(b"Transfer-Encoding:\r\n", SMUGGLED)),
    ("", "`chunked` in HTTP/1.0", post(TE, CHUNKS, b"HTTP/1.0")),
    ("", "`Transfer_Encoding: chunked`", post(b"Transfer_Encoding: chunked\r\n", b"")),
    ("Lines", "a space before the colon", post(b"Transfer-Encoding : chunked\r\n", CHUNKS)),
    ("", "a folded line", post(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS)),
    ("", "a bare LF ends a field", get(fields=b"X: a\nY: b\r\n")),
    ("", "a bare CR in a value", get(fields=b"X: a\rY: b\r\n")),
    ("", "a NUL in a value", get(fields=b"X: a\0b\r\n")),
    ("", "a DEL in a value", get(fields=b"X: a\x7fb\r\n")),
    ("", "a name with `(`", get(fields=b"X(Y: z\r\n")),
    ("", "an empty name", get(fields=b": z\r\n")),
    ("", "200 fields", get(fields=b"".join(b"X-%d: y\r\n" % i for i in range(200)))),
    ("Chunks", "a bare LF after the size", post(TE, b"5\nhello\r\n0\r\n\r\n")),
    ("", "a bare LF after the data", post(TE, b"5\r\nhello\n0\r\n\r\n")),
    ("", "a LF in an extension", post(TE, b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    ("", "an empty extension", post(TE, b"5;\r\nhello\r\n0\r\n\r\n")),
    ("", "20 kB of extension", post(TE, b"5;" + b"a" * 20000 + b"\r\nhello\r\n0\r\n\r\n")),
    ("", "a space after the size", post(TE, b"5 \r\nhello\r\n0\r\n\r\n")),
    ("", "a size of 32 digits", post(TE, b"0" * 31 + b"5\r\nhello\r\n0\r\n\r\n")),
    ("", "a size of `+5`", post(TE, b"+5\r\nhello\r\n0\r\n\r\n")),
    ("", "a broken trailer", post(TE, b"0\r\nX : y\r\n\r\n")),
    ("Request lines", "HTTP/0.9", b"GET /a\r\n\r\n"),
    ("", "two spaces", b"GET  /a HTTP/1.1\r\nHost: gw.test\r\n\r\n"),
    ("", "tabs", b"GET\t/a\tHTTP/1.1\r\nHost: gw.test\r\n\r\n"),
    ("", "HTTP/1.2", get(version=b"HTTP/1.2")),
    ("", "an empty line before it", b"\r\n" + get()),
    ("", "a byte of 0x80 and more in the target", get(b"/\xc3\xa9")),
    ("", "`#` in the target", get(b"/a#/../b")),
    ("", "`@evil.test/`", get(b"@evil.test/")),
    ("", "an authority that is not `Host`", get(b"http://evil.test/a")),
    ("", "`TRACE`", b"TRACE /a HTTP/1.1\r\nHost: gw.test\r\n\r\n"),
    ("", "`get`", b"get /a HTTP/1.1\r\nHost: gw.test\r\n\r\n"),
    ("Hosts", "none", get(host=b"")),
    ("", "two", get(host=b"Host: gw.test\r\nHost: evil.test\r\n")),
    ("", "`gw.test, evil.test`", get(host=b"Host: gw.test, evil.test\r\n")),
    ("", "`user@gw.test`", get(host=b"Host: user@gw.test\r\n")),
    ("", "`gw.test:80x`", get(host=b"Host: gw.test:80x\r\n")),
    ("", "`gw.test/x`", get(host=b"Host: gw.test/x\r\n")),
    ("Paths", "`/a/../b`", get(b"/a/../b")),
    ("", "`/a/%2e%2e/b`", get(b"/a/%2e%2e/b")),
    ("", "`/a%2fb`", get(b"/a%2fb")),
    ("", "`/a%5cb`", get(b"/a%5cb")),
    ("", "`/a\\b`", get(b"/a\\b")),
    ("", "`//a`", get(b"//a")),
    ("", "`/a/..;/b`", get(b"/a/..;/b")),
    ("", "`/a%00`", get(b"/a%00")),
    ("", "`/%252e%252e/a`", get(b"/%252e%252e/a")),
    ("", "`/%c0%ae%c0%ae/a`", get(b"/%c0%ae%c0%ae/a")),
    ("", "`/%zz`", get(b"/%zz")),
    ("Others", "`Expect: y 100-continue`", post(CL + b"Expect: y 100-continue\r\n", b"hello")),
    ("", "`Connection: X-Forwarded-For` and 40 more", get(
        fields=b"Connection: " + b", ".join(b"X-%d" % i for i in range(41)) + b"\r\n")),
    ("", "`CONNECT gw.test:443`", b"CONNECT gw.test:443 HTTP/1.1\r\nHost: gw.test:443\r\n\r\n"),
]

OK = b"HTTP/1.1 200 OK\r\n"
# What the upstream answers to GET /r/N.
RESPONSES = [
    ("Answers of the upstream", "both lengths", OK + CL + TE + b"\r\n" + CHUNKS),
    ("", "`Content-Length` twice, different", OK + CL + b"Content-Length: 6\r\n\r\nhello!"),
    ("", "`Transfer-Encoding: gzip`", OK + b"Transfer-Encoding: gzip\r\n\r\nxxxx"),
    ("", "a bare LF in a value", OK + b"X: a\nSet-Cookie: evil=1\r\n" + CL + b"\r\nhello"),
    ("", "a bare CR in a value", OK + b"X: a\rSet-Cookie: evil=1\r\n" + CL + b"\r\nhello"),
    ("", "a NUL in a value", OK + b"X: a\0b\r\n" + CL + b"\r\nhello"),
    ("", "a folded line", OK + b"X: a\r\n b\r\n" + CL + b"\r\nhello"),
    ("", "no HTTP at all", b"hello\r\n"),
    ("", "a status of 099", b"HTTP/1.1 099 X\r\n" + CL + b"\r\nhello"),
    ("", "101 that nobody asked for", b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    ("", "a bare LF in a chunk", OK + TE + b"\r\n5\nhello\r\n0\r\n\r\n"),
    ("", "200 fields", OK + b"".join(b"X-%d: y\r\n" % i for i in range(200)) + CL + b"\r\nhello"),
]


class Upstream:
    """Notes what arrives and answers each head that it sees."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.seen = b""
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        peer.settimeout(5)
        unread = b""
        try:
            while data := peer.recv(65536):
                self.seen += data
                unread += data
                while b"\r\n\r\n" in unread:
                    head, unread = unread.split(b"\r\n\r\n", 1)
                    wanted = re.search(rb"GET /r/(\d+) ", head)
                    if wanted:
                        peer.sendall(RESPONSES[int(wanted[1])][2])
                        return
                    # Bodies here are short, and come with their head.
                    unread = unread[unread.find(SMUGGLED):] if SMUGGLED in unread else b""
                    peer.sendall(OK + b"Content-Length: 2\r\n\r\nok")
        except OSError:
            pass
        finally:
            peer.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


def start(folder, name, text, command):
    (folder / name).write_text(text)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def nginx(folder, port, upstream):
    text = f"""daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $http_host;
    }}
  }}
}}
"""
    return start(folder, "nginx.conf", text, ["nginx", "-p", folder, "-c", folder / "nginx.conf"])


def haproxy(folder, port, upstream):
    text = f"""defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 1s
listen main
  bind 127.0.0.1:{port}
  server upstream 127.0.0.1:{upstream}
"""
    return start(folder, "haproxy.cfg", text, ["haproxy", "-db", "-f", folder / "haproxy.cfg"])


def bearergate(binary):
    def launch(folder, port, upstream):
        text = f"""server: {{ listen: "127.0.0.1:{port}", workers: 1 }}
admin: {{ listen: off }}
upstream: http://127.0.0.1:{upstream}
routes: {{ "/**": public }}
"""
        return start(folder, "gate.yaml", text, [binary, "run", "-c", folder / "gate.yaml"])

    return launch


def talk(port, data):
    """The bytes that come back until the end, or until it has been quiet for a while."""
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.settimeout(0.5)
        answer = b""
        try:
            client.sendall(data)
            while more := client.recv(65536):
                answer += more
        except OSError:
            pass
        return answer


def request_outcome(port, upstream, data):
    upstream.seen = b""
    answer = talk(port, data)
    found = re.findall(rb"HTTP/1\.[01] (\d{3})", answer)
    lines = re.findall(rb"(?:^|\n)([A-Za-z]+ \S+) HTTP/1\.[01]\r\n", upstream.seen)
    if not upstream.seen:
        return found[0].decode() if found else "closes"
    text = "forwards"
    if b"Transfer_Encoding" in data:
        text += " it" if b"transfer_encoding" in upstream.seen.lower() else " without it"
    sent = re.match(rb"\r?\n?[A-Za-z]+ +(\S+)", data)
    target = lines[0].split(b" ", 1)[1] if lines else b""
    if sent and target != sent[1] and re.match(rb"[!-~]+$", target):
        text += f" `{target.decode()}`"
    if any(line.endswith(b"/SMUGGLED") for line in lines):
        text += ", with a second request"
    if found and found[0] != b"200":
        text += f", then {found[0].decode()}"
    return text


def response_outcome(port, index):
    answer = talk(port, get(b"/r/%d" % index))
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    if not found:
        return "relays it" if answer else "closes"
    status = found[1].decode()
    chunked = re.search(rb"(?i)\ntransfer-encoding: *chunked", answer)
    if chunked and not answer.endswith(b"\r\n0\r\n\r\n"):
        return f"{status}, cut off"
    return status if status in ("502", "500") else f"relays {status}"


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    upstream = Upstream()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        proxies = []
        try:
            for launch in (nginx, haproxy, bearergate(sys.argv[1])):
                port = free_port()
                proxies.append((port, launch(folder, port, upstream.port)))
                wait_for(port)
            print("| class | example | nginx | HAProxy | bearergate |\n|---|---|---|---|---|")
            for kind, example, data in REQUESTS:
                cells = [request_outcome(port, upstream, data) for port, _ in proxies]
                print("| " + " | ".join([kind, example, *cells]) + " |", flush=True)
            for index, (kind, example, _) in enumerate(RESPONSES):
                cells = [response_outcome(port, index) for port, _ in proxies]
                print("| " + " | ".join([kind, example, *cells]) + " |", flush=True)
        finally:
            for _, process in proxies:
                process.terminate()
            for _, process in proxies:
                process.wait()


if __name__ == "__main__":
    main()
