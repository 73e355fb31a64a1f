# SPDX-License-Identifier: BSL-1.0
"""The programs that check: how each is started, and whether its checks succeeded."""

import csv
import io
import shutil
import socket
import subprocess
from pathlib import Path

from machine import Failure
from servers import PATH

HERE = Path(__file__).parent

# How many checks at a time make a core busy all the time.
AT_A_TIME = 64


def address(index):
    """An address of its own for each target, so that none runs out of ports."""
    return f"127.{1 + index // 62500}.{index // 250 % 250}.{1 + index % 250}"


def targets_file(folder, server, count):
    file = Path(folder) / f"targets-{server.scheme}-{server.port}-{count}"
    if not file.exists():
        # A certificate is for one address.
        place = address if server.scheme == "http" else lambda _: "127.0.0.1"
        file.write_text("".join(server.url(place(index)) + "\n" for index in range(count)))
    return file


class Prober:
    """`command` checks each target once in an interval, or as fast as it can if that is None."""

    name = None
    can_reuse = True

    def __init__(self, build, folder, reuse=False):
        self.build, self.folder, self.reuse = Path(build), Path(folder), reuse

    def program(self):
        raise NotImplementedError

    def missing(self):
        return None if Path(self.program()).exists() else f"{self.program()} is not there"

    def command(self, server, count, interval):
        pace = ["--flat-out", AT_A_TIME] if interval is None else ["--interval-ms",
                                                                   round(interval * 1000)]
        return [self.program(), "--targets", targets_file(self.folder, server, count), *pace,
                *(["--reuse"] if self.reuse else [])]

    def judge(self, count):
        """Asked while it runs, for what it tells only then."""

    def judge_at_end(self, told):
        """Raises a Failure when checks have failed; answers what else it told."""
        if told is None:
            raise Failure(f"{self.name} printed no result")
        if told["failures"] or not told["checks"]:
            raise Failure(f"{self.name}: {told['failures']} of {told['checks']} checks failed")
        return told


class Forest(Prober):
    name = "forest"

    # As fast as it goes: with 1,000 targets, more is due all the time than any prober can do.
    busy_interval = 0.005

    def program(self):
        return self.build / "forest-health"

    def missing(self):
        if absent := super().missing():
            return absent
        known = subprocess.run([self.program(), "watch", "--help"], capture_output=True, text=True,
                               check=False).stdout
        unknown = [each for each in ("--targets", "--stats", "--reuse") if each not in known]
        return f"forest-health watch does not know {', '.join(unknown)}" if unknown else None

    def command(self, server, count, interval):
        trust = ["--ca-file", server.certificate()] if server.scheme == "https" else []
        bound = ["--checks-in-flight", AT_A_TIME] if interval is None else []
        return [self.program(), "watch", "--unsigned", "--stats", "--targets",
                targets_file(self.folder, server, count), "--interval",
                f"{round((interval or self.busy_interval) * 1000)}ms", *bound,
                *(["--reuse"] if self.reuse else []), *trust]


class ForestFleet(Prober):
    name = "forest, the library alone"

    def program(self):
        return self.build / "benchmarks/compare/forest_fleet"


class HAProxy(Prober):
    name = "HAProxy"
    can_reuse = False
    # It compares each server of a backend with all before it when it reads its configuration.
    servers_of_a_backend = 1000

    def program(self):
        return "/usr/sbin/haproxy"

    def command(self, server, count, interval):
        file = self.folder / f"haproxy-{server.port}-{count}-{interval}.cfg"
        if not file.exists():
            file.write_text(self.configuration(server, count, interval))
        return [self.program(), "-db", "-f", file]

    def socket(self):
        return self.folder / "haproxy.sock"

    def configuration(self, server, count, interval):
        # It counts an open file for each server, of which only a few are open at a time.
        parts = [f"""global
    nbthread 1
    no strict-limits
    stats socket {self.socket()} level operator
defaults
    mode http
    timeout connect 5s
    timeout server 5s
    timeout check 5s
"""]
        for first in range(0, count, self.servers_of_a_backend):
            parts.append(f"""backend from{first}
    option httpchk GET {PATH}
    http-check expect status 200
    http-check expect string "\\"status\\":\\"ok\\""
    default-server check inter {round(interval * 1000)}ms
""")
            parts += [f"    server t{index} {address(index)}:{server.port}\n"
                      for index in range(first, min(first + self.servers_of_a_backend, count))]
        return "".join(parts)

    def judge(self, count):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(self.socket()))
            connection.sendall(b"show stat -1 4 -1\n")
            text = connection.makefile().read()
        rows = list(csv.DictReader(io.StringIO(text.lstrip("# "))))
        healthy = sum(row["check_status"].lstrip("* ") == "L7OK" for row in rows)
        failures = sum(int(row["chkfail"] or 0) for row in rows)
        if healthy != count or failures:
            raise Failure(f"HAProxy: {healthy} of {count} servers are up, {failures} checks failed")

    def judge_at_end(self, told):
        return {}


class BareEpoll(Prober):
    name = "bare epoll"

    def program(self):
        return self.build / "benchmarks/compare/bare_epoll"


class BareAsio(Prober):
    name = "bare Asio"

    def program(self):
        return self.build / "benchmarks/compare/bare_asio"


class Libcurl(Prober):
    name = "libcurl multi"

    def program(self):
        return self.build / "benchmarks/compare/libcurl_multi"


class Httplib(Prober):
    name = "cpp-httplib loop"

    def program(self):
        return self.build / "benchmarks/compare/httplib_loop"


class Faraday(Prober):
    name = "Ruby, Faraday loop"
    can_reuse = False

    def program(self):
        return shutil.which("ruby") or "/usr/bin/ruby"

    def missing(self):
        if absent := super().missing():
            return absent
        found = subprocess.run([self.program(), "-e", "require 'faraday'"], capture_output=True,
                               check=False)
        return "ruby-faraday is missing" if found.returncode else None

    def command(self, server, count, interval):
        command = super().command(server, count, interval)
        return [command[0], HERE / "faraday_loop.rb", *command[1:]]


ALL = {"forest": Forest, "fleet": ForestFleet, "haproxy": HAProxy, "epoll": BareEpoll,
       "asio": BareAsio, "libcurl": Libcurl, "httplib": Httplib, "faraday": Faraday}
