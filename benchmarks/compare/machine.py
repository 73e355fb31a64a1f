# SPDX-License-Identifier: BSL-1.0
"""What the operating system knows: processes and their cores, CPU and memory; lost packets."""

import json
import os
import platform
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

PROBER_CORE, SERVER_CORE = 0, 1

# What Linux counts when a listener could not keep up, and when a SYN was sent again.
DROPS = ("ListenOverflows", "ListenDrops", "TCPSynRetrans")


class Failure(Exception):
    """A run that cannot be counted, and why."""


def cpu_clock(pid):
    """The clock of the CPU time of a process, all its threads together, in user and system mode.

    It is what clock_getcpuclockid() answers, which Python does not have; a nanosecond is its unit,
    where /proc/PID/stat counts in hundredths of a second.
    """
    return (~pid << 3) | 2


class Process:
    """A program on a core of its own, from its start to its end."""

    def __init__(self, arguments, core, folder, name):
        self.name = name
        self.out = Path(folder) / f"{name}.out"
        self.errors = Path(folder) / f"{name}.err"

        def prepare():
            os.sched_setaffinity(0, {core})

        with open(self.out, "wb") as out, open(self.errors, "wb") as errors:
            self.child = subprocess.Popen([str(each) for each in arguments], stdout=out,
                                          stderr=errors, stdin=subprocess.DEVNULL,
                                          preexec_fn=prepare)
        self.pid = self.child.pid
        self.usage = None

    def cpu(self):
        """Seconds so far."""
        try:
            return time.clock_gettime(cpu_clock(self.pid))
        except OSError:
            raise self.ended() from None

    def memory(self, field="VmRSS"):
        """Bytes: VmRSS now, or VmHWM at most so far."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
            return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.M).group(1)) * 1024
        except (OSError, AttributeError):
            raise self.ended() from None

    def ended(self):
        return Failure(f"{self.name} has ended: {self.said_last()}")

    def said_last(self):
        lines = self.errors.read_text(errors="replace").strip().splitlines()
        return " / ".join(lines[-3:]) or "it says nothing"

    def running(self):
        """Also takes its status, and its use of the machine, when it has ended."""
        if self.usage is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.child.returncode = os.waitstatus_to_exitcode(status)
                self.usage = usage
        return self.usage is None

    def wait(self, seconds):
        """Answers whether it ended within that time."""
        until = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def stop(self, seconds=20):
        """Asks it to end; answers the JSON object of its last line, if it has one."""
        if self.running():
            os.kill(self.pid, signal.SIGTERM)
            if not self.wait(seconds):
                os.kill(self.pid, signal.SIGKILL)
                self.wait(seconds)
        return self.last_object()

    def last_object(self):
        """Of what it has printed; there may be much before."""
        with open(self.out, "rb") as out:
            out.seek(max(0, self.out.stat().st_size - 65536))
            for line in reversed(out.read().decode(errors="replace").splitlines()):
                if line.startswith("{"):
                    try:
                        return json.loads(line)
                    except ValueError:
                        return None
        return None


def counters():
    """Those of DROPS, as nstat prints them."""
    lines = Path("/proc/net/netstat").read_text().splitlines()
    found = {}
    for names, values in zip(lines[::2], lines[1::2]):
        found.update(zip(names.split()[1:], values.split()[1:]))
    return {name: int(found.get(name, 0)) for name in DROPS}


def raise_limits():
    """As many open files as the system allows; answers how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (1_000_000, 300_000, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            break
        except (ValueError, OSError):
            continue
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def stay_off_prober():
    """This program itself runs on the core of the server."""
    if os.cpu_count() < 2:
        raise SystemExit("compare: needs two cores, one for the prober and one for the server")
    os.sched_setaffinity(0, {SERVER_CORE})


def output_of(*arguments):
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=20, check=False)
        return done.stdout + done.stderr
    except (OSError, subprocess.TimeoutExpired):
        return ""


def versions():
    """Of the peers, as they say it themselves."""
    asked = {
        "HAProxy": (("haproxy", "-v"), r"version (\S+)"),
        "nginx": (("nginx", "-v"), r"nginx/(\S+)"),
        "libcurl": (("dpkg-query", "-W", "-f=${Version}", "libcurl4-openssl-dev"), r"^([\d.]+)"),
        "cpp-httplib": (("dpkg-query", "-W", "-f=${Version}", "libcpp-httplib-dev"), r"^([\d.]+)"),
        "Boost": (("dpkg-query", "-W", "-f=${Version}", "libboost-dev"), r"^([\d.]+)"),
        "Faraday": (("dpkg-query", "-W", "-f=${Version}", "ruby-faraday"), r"^([\d.]+)"),
        "Ruby": (("ruby", "-v"), r"ruby (\S+)"),
        "wrk": (("wrk", "-v"), r"wrk (?:debian/)?(\S+)"),
        "OpenSSL": (("openssl", "version"), r"OpenSSL (\S+)"),
        "valgrind": (("valgrind", "--version"), r"valgrind-(\S+)"),
        "g++": (("g++", "--version"), r"(\d+\.\d+\.\d+)"),
    }
    found = {}
    for name, (command, pattern) in asked.items():
        version = re.search(pattern, output_of(*command), re.M)
        if version:
            found[name] = version.group(1)
    return found


def description():
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return {
        "processor": model.group(1) if model else platform.processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "date": time.strftime("%Y-%m-%d"),
        "versions": versions(),
    }


def load():
    return os.getloadavg()[0]
