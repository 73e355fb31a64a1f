# SPDX-License-Identifier: BSL-1.0
"""What is compared with what, and the goals of issue 5."""

import shutil
from dataclasses import dataclass, field
from functools import partial
from typing import Callable, Optional

import probers as peers
import runs
import servers

MICROSECONDS = ("cpu_us", "CPU of a check, µs")
CORE = ("core", "share of a core")


def absent(program):
    return None if shutil.which(program) else f"{program} is missing"


@dataclass
class Contestant:
    label: str
    run: Callable[[], dict]
    missing: Optional[str] = None
    base: Optional[str] = None  # whose ratio to it is shown; the first one's if nothing is said


@dataclass
class Goal:
    """That `metric` of one contestant is at most (or at least) `limit` times that of another in the
    same turn, or at most `limit` if there is no other."""

    text: str
    metric: str
    of: str
    to: Optional[str]
    limit: float
    at_least: bool = False
    scale: float = 1


@dataclass
class Figure:
    key: str
    title: str
    metrics: list
    contestants: list
    goals: list = field(default_factory=list)
    repetitions: Optional[int] = None  # where fewer do


class Figures:
    """Makes the figures for the options that were chosen."""

    def __init__(self, options, build, folder, server):
        self.options, self.build, self.folder, self.server = options, build, folder, server

    def all(self):
        """Without goals in a quick run, whose numbers say nothing."""
        makers = [*(partial(self.fresh, size) for size in self.options.sizes), self.reused,
                  self.flat_out_fresh, self.flat_out_reused, self.sustained, self.memory,
                  self.many, self.instructions, self.instructions_of_few, self.signing,
                  self.https, self.served, self.plotted]
        made = [make() for make in makers]
        for figure in made:
            figure.goals = [] if self.options.quick else figure.goals
        return made

    def contestant(self, peer, run, *arguments, reuse=False, label=None, base=None):
        """`run` is one of runs.py that takes a prober and the server, and then the arguments."""
        made = peers.ALL[peer](self.build, self.folder, reuse)
        return Contestant(label or made.name, partial(run, made, self.server, *arguments),
                          made.missing(), base)

    def steady(self, peer, size, interval, **how):
        """A prober with an interval, or flat out."""
        return self.contestant(peer, runs.steady, size, interval, self.options.seconds, **how)

    def by_size(self, peer, run, size, *arguments):
        """One whose ratio is to forest with as many targets."""
        return self.contestant(peer, run, size, *arguments, base=f"forest, {size:,}",
                               label=f"{peers.ALL[peer].name}, {size:,}")

    def chosen(self, *names):
        return [name for name in names if name in self.options.peers]

    def fresh(self, size):
        slow = ("httplib", "faraday") if size <= 1000 else ()
        goals = {5000: [Goal("fresh, 5,000 targets at 1 s, to HAProxy", "cpu_us", "forest",
                             "HAProxy", 0.85),
                        Goal("fresh, to libcurl multi", "cpu_us", "forest", "libcurl multi", 0.55)],
                 1000: [Goal("fresh, 1,000 targets at 1 s, to HAProxy", "cpu_us", "forest",
                             "HAProxy", 0.75)]}
        return Figure(f"fresh-{size}", f"Fresh connections, {size:,} targets at 1 s",
                      [MICROSECONDS, CORE],
                      [self.steady(each, size, 1) for each in
                       self.chosen("forest", "haproxy", "epoll", "asio", "libcurl", *slow)],
                      goals.get(size, []))

    def reused(self):
        size = max(self.options.sizes)
        contestants = [self.steady(each, size, 1, reuse=True) if peers.ALL[each].can_reuse else
                       self.steady(each, size, 1, label=f"{peers.ALL[each].name} (fresh)")
                       for each in self.chosen("forest", "haproxy", "epoll", "asio", "libcurl")]
        goals = [Goal("reused, 5,000 targets at 1 s, to HAProxy (fresh)", "cpu_us", "forest",
                      "HAProxy (fresh)", 0.25),
                 Goal("reused, to libcurl multi", "cpu_us", "forest", "libcurl multi", 0.12)]
        return Figure("reused", f"Reused connections, {size:,} targets at 1 s",
                      [MICROSECONDS, CORE], contestants, goals if size == 5000 else [])

    def flat_out(self, key, title, reuse, goals):
        size = 1000
        names = self.chosen("forest", "epoll", "asio", "libcurl", "httplib",
                            *([] if reuse else ["faraday"]))
        return Figure(key, title,
                      [("rate_of_core", "checks a second of CPU"), MICROSECONDS, CORE,
                       ("server_core", "share of the server's core")],
                      [self.steady(each, size, None, reuse=reuse) for each in names], goals)

    def flat_out_fresh(self):
        return self.flat_out("flat-fresh", "Flat out on one core, fresh", False, [
            Goal("flat out on one core, fresh, rate to bare epoll", "rate_of_core", "forest",
                 "bare epoll", 0.9, at_least=True)])

    def flat_out_reused(self):
        return self.flat_out("flat-reused", "Flat out on one core, reused", True, [])

    def sustained(self):
        many, few = self.options.sustained, max(self.options.sizes)
        contestants = [self.by_size(peer, runs.steady, size, 1, self.options.seconds)
                       for peer in self.chosen("forest", "haproxy") for size in (many, few)]
        goals = [Goal("18,000 targets at 1 s: checks done to checks due", "done",
                      "forest, 18,000", None, 0.99, at_least=True),
                 Goal("18,000 targets at 1 s, to 5,000", "cpu_us", "forest, 18,000",
                      "forest, 5,000", 1.1)]
        return Figure("sustained", f"Sustained, {many:,} targets at 1 s, fresh",
                      [("done", "checks done to due"), MICROSECONDS, CORE], contestants,
                      goals if (many, few) == (18000, 5000) else [])

    def memory(self):
        size = max(self.options.sizes)
        contestants = [self.contestant(peer, runs.memory, size, 1, self.options.seconds)
                       for peer in self.chosen("forest", "haproxy")]
        goals = [Goal("memory of a target at 5,000, to HAProxy's", "bytes", "forest", "HAProxy",
                      0.1)]
        return Figure("memory", f"Resident memory, {size:,} targets at 1 s, fresh",
                      [("bytes", "bytes a target beyond the first"), ("rss", "bytes in all")],
                      contestants, goals if size == 5000 else [])

    def many(self):
        size, interval = self.options.many
        goals = [Goal("100,000 targets at 30 s: resident memory, MB", "rss_most", "forest", None,
                      60e6, scale=1e-6)]
        return Figure("many", f"{size:,} targets at {interval} s, fresh",
                      [("rss_most", "bytes at most"), MICROSECONDS, ("done", "checks done to due")],
                      [self.steady(each, size, interval) for each in self.chosen("forest")],
                      goals if self.options.many == (100_000, 30) else [])

    def instructions(self):
        # At the rate of the first figure, since that decides how many checks share a wake-up.
        size, interval = (1000, 0.2) if not self.options.quick else (100, 1)
        return self.counted("instructions", size, interval,
                            self.chosen("forest", "fleet", "epoll", "asio"),
                            [Goal("user instructions a check, to bare Asio's", "instructions",
                                  "forest, the library alone", "bare Asio", 1.4)])

    def instructions_of_few(self):
        return self.counted("instructions-few", 100, 1,
                            self.chosen("forest", "fleet", "epoll", "asio", "haproxy", "libcurl"),
                            [])

    def counted(self, key, size, interval, names, goals):
        contestants = [self.contestant(peer, runs.instructions, size, interval,
                                       max(2, self.options.seconds)) for peer in names]
        for each in contestants:
            each.missing = each.missing or absent("valgrind")
        return Figure(key, f"Instructions of user mode, {size:,} targets at {interval} s, fresh",
                      [("instructions", "instructions a check")], contestants, goals,
                      repetitions=1)

    def signing(self):
        program = self.build / "benchmarks/signer"
        return Figure("signing", "Signing: time, HMAC and hexadecimal digits",
                      [("ours_ns", "forest, ns"), ("one_shot_ns", "fmt and one-shot `HMAC()`, ns")],
                      [Contestant("benchmarks/signer", partial(runs.signing, program),
                                  None if program.exists() else f"{program} is not there")],
                      [Goal("signing, to fmt and one-shot `HMAC()`", "ours_ns",
                            "benchmarks/signer", "benchmarks/signer:one_shot_ns", 0.1)])

    def https(self):
        contestants = []
        size = min(200, max(self.options.sizes))
        forest = peers.Forest(self.build, self.folder)
        for kind in (servers.ResumedHandshakes, servers.FullHandshakes):
            def run(kind=kind):
                with kind(self.build, self.folder) as server:
                    return runs.steady(forest, server, size, 1, self.options.seconds)
            contestants.append(Contestant(
                kind.name, run, forest.missing() or kind(self.build, self.folder).missing()))
        return Figure("https", f"https, {size} targets at 1 s, fresh, checked by forest, "
                      "served by nginx; ECDSA P-256, TLS 1.3",
                      [("both_us", "CPU of a check, both sides, µs"),
                       ("cpu_us", "of the prober, µs")], contestants,
                      [Goal("https: resumed to full handshake, CPU of both sides", "both_us",
                            servers.ResumedHandshakes.name, servers.FullHandshakes.name, 0.5)])

    def served(self):
        contestants = []
        for kind in (servers.Forest, servers.Nginx, servers.UnsignedForest, servers.AnswerServer,
                     servers.BeastServer, servers.HttplibServer):
            def run(kind=kind):
                return runs.driven(kind(self.build, self.folder), self.folder, self.options.seconds)
            contestants.append(Contestant(
                kind.name, run, kind(self.build, self.folder).missing() or absent("wrk")))
        return Figure("server", f"Server, kept connections, {runs.CONNECTIONS} of wrk",
                      [("cpu_us", "CPU of a request, µs"), ("rate", "requests a second"), CORE,
                       ("wrk_core", "of wrk's core")],
                      contestants,
                      [Goal("server: signed and verified, to nginx unsigned", "cpu_us",
                            servers.Forest.name, servers.Nginx.name, 1.0)])

    def plotted(self):
        interval = self.options.plot_interval
        contestants = [self.by_size(peer, runs.memory, size, interval,
                                    max(self.options.seconds, interval))
                       for size in self.options.plot_sizes
                       for peer in self.chosen("forest", "haproxy")]
        return Figure("plot", f"By number of targets, each once in {interval} s, fresh",
                      [MICROSECONDS, ("bytes", "bytes a target beyond the first"),
                       ("done", "checks done to due")], contestants,
                      repetitions=min(2, self.options.repetitions))
