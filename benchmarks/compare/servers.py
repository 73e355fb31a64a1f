# SPDX-License-Identifier: BSL-1.0
"""Servers that the probers check, and that wrk drives."""

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

from machine import SERVER_CORE, Failure, Process

DOCUMENT = '{"status":"ok","version":"1.16.10"}'
PATH = "/forest/health"
SECRET = "compare"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    """The body of an answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        request = f"GET {path} HTTP/1.1\r\nHost: count\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer.partition(b"\r\n\r\n")[2].decode()


class Server:
    """One that is listening. `missing` says why there is none."""

    name = scheme = None
    signed = False

    def __init__(self, build, folder):
        self.build, self.folder = Path(build), Path(folder)
        self.port = free_port()
        self.process = None

    def missing(self):
        return None if Path(self.command()[0]).exists() else f"{self.command()[0]} is not there"

    def command(self):
        raise NotImplementedError

    def __enter__(self):
        self.process = Process(self.command(), SERVER_CORE, self.folder, type(self).__name__)
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if not self.process.running() or time.monotonic() > until:
                    self.process.stop(1)
                    raise self.process.ended() from None
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.stop(3)

    def url(self, address="127.0.0.1"):
        return f"{self.scheme}://{address}:{self.port}{PATH}"

    def answered(self):
        raise NotImplementedError


class AnswerServer(Server):
    name, scheme = "bare epoll", "http"

    def command(self):
        return [self.build / "benchmarks/compare/answer_server", self.port]

    def answered(self):
        return int(get(self.port, "/count"))


class HttplibServer(Server):
    name, scheme = "cpp-httplib", "http"

    def command(self):
        return [self.build / "benchmarks/compare/httplib_server", self.port]


class BeastServer(Server):
    name, scheme = "Boost.Beast", "http"

    def command(self):
        return [self.build / "benchmarks/compare/beast_server", self.port]


class Forest(Server):
    """The route of `forest-health serve`, which verifies signatures. It refuses none for being sent
    again: its replay window is off by default."""

    name, scheme, signed = "forest, signed and verified", "http", True

    def command(self):
        return [self.build / "forest-health", "serve", "--listen", f"127.0.0.1:{self.port}",
                "--grace", "0s", *self.authority()]

    def authority(self):
        secret = self.folder / "secret"
        secret.write_text(SECRET)
        return ["--secret-file", secret]


class UnsignedForest(Forest):
    name, signed = "forest, unsigned", False

    def authority(self):
        return ["--unsigned"]


class Nginx(Server):
    name, scheme = "nginx, `return 200`", "http"
    tls = ""

    def command(self):
        return ["/usr/sbin/nginx", "-p", self.folder, "-c", self.configuration()]

    def configuration(self):
        file = self.folder / f"{type(self).__name__}.conf"
        file.write_text(f"""
daemon off; master_process off; pid {file}.pid; error_log {file}.log;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; client_body_temp_path {file}.body;
    proxy_temp_path {file}.proxy; fastcgi_temp_path {file}.fastcgi;
    uwsgi_temp_path {file}.uwsgi; scgi_temp_path {file}.scgi;
    server {{
        listen 127.0.0.1:{self.port} backlog=4096{" ssl" if self.tls else ""};
        {self.tls}
        location = {PATH} {{ default_type application/json; return 200 '{DOCUMENT}'; }}
    }}
    server {{ listen 127.0.0.1:{self.count_port()}; location = /count {{ stub_status; }} }}
}}
""")
        return file

    def count_port(self):
        if not hasattr(self, "_count_port"):
            self._count_port = free_port()
        return self._count_port

    def answered(self):
        # The line of the sums: accepted, handled, requests. This one is counted as well.
        sums = re.search(r"^ (\d+) (\d+) (\d+) $", get(self.count_port(), "/count"), re.M)
        return int(sums.group(3))


class FullHandshakes(Nginx):
    """No session is resumed, whatever the prober would like."""

    name, scheme = "https, full handshakes", "https"
    sessions = "ssl_session_cache off; ssl_session_tickets off;"

    @property
    def tls(self):
        return (f"ssl_certificate {self.certificate()}; ssl_certificate_key {self.key()}; "
                f"ssl_protocols TLSv1.3; {self.sessions}")

    def missing(self):
        return super().missing() or (None if shutil.which("openssl") else "openssl is missing")

    def key(self):
        return self.folder / "key.pem"

    def certificate(self):
        file = self.folder / "certificate.pem"
        if not file.exists():
            made = subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                 "-keyout", self.key(), "-out", file], capture_output=True, check=False)
            if made.returncode:
                raise Failure("openssl made no certificate")
        return file


class ResumedHandshakes(FullHandshakes):
    name = "https, resumed"
    sessions = "ssl_session_cache shared:all:10m; ssl_session_tickets on;"
