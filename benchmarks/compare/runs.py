# SPDX-License-Identifier: BSL-1.0
"""Single runs: one prober or server, measured once."""

import hashlib
import hmac
import json
import re
import subprocess
import time
from datetime import datetime, timedelta, timezone

from machine import DROPS, PROBER_CORE, Failure, Process, counters
from servers import PATH, SECRET

CONNECTIONS = 64  # of wrk


class Probe:
    """A prober at work on a server, until the end of the `with`."""

    def __init__(self, prober, server, count, interval, wrapper=()):
        self.prober, self.server = prober, server
        self.count, self.interval = count, interval
        self.wrapper = wrapper
        self.drops = None

    def __enter__(self):
        self.before = counters()
        self.first = self.server.answered()
        command = self.prober.command(self.server, self.count, self.interval)
        self.process = Process([*self.wrapper, *command], PROBER_CORE, self.prober.folder,
                               type(self.prober).__name__)
        return self

    def __exit__(self, *_):
        self.process.stop()

    def answered(self):
        return self.server.answered() - self.first

    def wait_until_all_were_checked(self):
        until = time.monotonic() + 60 + 4 * (self.interval or 0)
        while self.answered() < self.count:
            if not self.process.running():
                raise self.process.ended()
            if time.monotonic() > until:
                raise Failure(f"{self.prober.name} has begun with {self.answered()} checks of "
                              f"{self.count} targets")
            time.sleep(0.1)

    def sample(self):
        return (time.monotonic(), self.process.cpu(), self.server.process.cpu(), self.answered())

    def finish(self):
        """Ends it in order, and holds it to what it says of its checks."""
        self.prober.judge(self.count)
        told = self.prober.judge_at_end(self.process.stop())
        after = counters()
        self.drops = {name: after[name] - self.before[name] for name in DROPS}
        return told


def steady(prober, server, count, interval, seconds):
    """The cost of checks while nothing begins or ends: between two moments after each target was
    checked. All are counted by the server, so that none counts itself."""
    with Probe(prober, server, count, interval) as probe:
        probe.wait_until_all_were_checked()
        time.sleep(1)
        begin = probe.sample()
        time.sleep(seconds)
        end = probe.sample()
        resident = probe.process.memory()
        resident_most = probe.process.memory("VmHWM")
        told = probe.finish()
    wall, cpu, server_cpu, checks = (after - before for after, before in zip(end, begin))
    if not checks:
        raise Failure(f"{prober.name} has checked nothing")
    result = {
        "targets": count, "interval_s": interval, "checks": checks, "wall_s": wall,
        "cpu_us": cpu / checks * 1e6, "both_us": (cpu + server_cpu) / checks * 1e6,
        "rate": checks / wall, "rate_of_core": checks / cpu, "core": cpu / wall,
        "server_core": server_cpu / wall, "rss": resident, "rss_most": resident_most,
        "told": told, "drops": probe.drops,
    }
    if interval:
        result["done"] = checks * interval / (count * wall)
    return result


def memory(prober, server, count, interval, seconds):
    """What a target adds to what the prober takes with one."""
    one = steady(prober, server, 1, min(interval, 1), min(seconds, 2))
    result = steady(prober, server, count, interval, seconds)
    result["bytes"] = (result["rss"] - one["rss"]) / (count - 1)
    return result


def instructions(prober, server, count, interval, seconds):
    """Of user mode, for a check: two runs of unlike length have the same beginning and end."""

    def counted(duration):
        out = f"--callgrind-out-file={prober.folder}/callgrind"
        wrapper = ["valgrind", "--tool=callgrind", out]
        with Probe(prober, server, count, interval, wrapper) as probe:
            probe.wait_until_all_were_checked()
            time.sleep(duration)
            probe.finish()
            checks = probe.answered()
            said = probe.process.errors.read_text(errors="replace")
            found = re.search(r"Collected : (\d+)", said)
        if not found:
            raise Failure(f"callgrind has counted nothing: {probe.process.said_last()}")
        return int(found.group(1)), checks

    short, few = counted(seconds)
    long, many = counted(3 * seconds)
    return {"instructions": (long - short) / (many - few), "checks": many - few}


def signed_requests(file, count=256):
    """A script for wrk that sends so many signatures in turn, each of another time."""
    now = datetime.now(timezone.utc)
    requests = []
    for index in range(count):
        at = now + timedelta(milliseconds=index)
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
        signature = hmac.new(SECRET.encode(), stamp.encode(), hashlib.sha256).hexdigest()
        requests.append(f"GET {PATH} HTTP/1.1\r\nHost: compare\r\nX_TIMESTAMP: {stamp}\r\n"
                        f"X_SIGNATURE: {signature}\r\n\r\n")
    table = ",\n".join(json.dumps(each) for each in requests)
    file.write_text(f"local requests = {{\n{table}}}\nlocal next = 0\nfunction request()\n"
                    f"  next = next % {count} + 1\n  return requests[next]\nend\n")
    return ["-s", str(file)]


def driven(server, folder, seconds):
    """A server under wrk with kept connections."""
    script = signed_requests(folder / "signed.lua") if server.signed else []
    with server:
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", *script]
        for duration in (1, seconds):
            before = server.process.cpu()
            began = time.monotonic()
            wrk = Process([*command, f"-d{duration}s", server.url()], PROBER_CORE, folder, "wrk")
            if not wrk.wait(duration + 20):
                wrk.stop()
                raise Failure("wrk does not end")
            cpu, wall = server.process.cpu() - before, time.monotonic() - began
    said = wrk.out.read_text()
    requests = re.search(r"(\d+) requests in", said)
    if not requests or not int(requests.group(1)):
        raise Failure(f"wrk: {wrk.said_last()}")
    if failed := re.search(r"Non-2xx.*|Socket errors.*[1-9].*", said):
        raise Failure(f"{server.name}: {failed.group(0)}")
    count = int(requests.group(1))
    wrk_cpu = wrk.usage.ru_utime + wrk.usage.ru_stime
    return {"requests": count, "cpu_us": cpu / count * 1e6, "rate": count / wall,
            "core": cpu / wall, "wrk_core": wrk_cpu / wall}


def signing(program):
    """The signer against OpenSSL's one-shot HMAC() and fmt, taken in turns by the benchmark."""
    done = subprocess.run(
        ["taskset", "-c", str(PROBER_CORE), program, "--benchmark_format=json",
         "--benchmark_filter=^at_equal_load_headers$"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{program}: {done.stderr.strip()}")
    found = json.loads(done.stdout)["benchmarks"][0]
    return {"ours_ns": found["ours_ns"], "one_shot_ns": found["one_shot_ns"]}
