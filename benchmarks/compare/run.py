# SPDX-License-Identifier: BSL-1.0
"""Measures forest beside its peers, in turns; compare.sh builds everything and calls this."""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import machine
import probers
import report
from figures import Figures
from servers import AnswerServer

ROOT = Path(__file__).resolve().parents[2]
PICTURE = "docs/compare/cost-by-targets.svg"
PAGE = "docs/measurements.md"
BEGIN, END = "<!-- by benchmarks/compare.sh -->", "<!-- end of compare.sh -->"


def numbers(text):
    found = [int(each) for each in text.split(",")]
    if not found or min(found) < 2 or max(found) > 1_000_000:
        raise ValueError(text)
    return found


def positive(text):
    if not 1 <= int(text) <= 100_000:
        raise ValueError(text)
    return int(text)


def parse():
    parser = argparse.ArgumentParser(
        prog="compare.sh", description="Builds forest and its peers, optimised, measures them side "
        "by side, and prints tables in Markdown. Let the machine do nothing else.",
        epilog="Raw numbers, tables and picture are left in build/bench-compare/results.")
    known = ",".join(probers.ALL)
    parser.add_argument("--figures", metavar="LIST", help="only these; --list names them")
    parser.add_argument("--peers", metavar="LIST", help=f"only these probers, of {known}")
    parser.add_argument("--sizes", type=numbers, metavar="LIST", default=[1000, 5000],
                        help="numbers of targets at 1 s; 1000,5000")
    parser.add_argument("--sustained", type=positive, metavar="N", default=18000,
                        help="targets of the sustained rate, at 1 s; 18000")
    parser.add_argument("--plot-sizes", type=numbers, metavar="LIST",
                        default=[100, 300, 1000, 3000, 10_000, 30_000, 100_000],
                        help="numbers of targets in the picture; 100 to 100,000")
    parser.add_argument("--plot-interval", type=positive, metavar="SECONDS", default=10,
                        help="how often each of them is checked; 10")
    parser.add_argument("--seconds", type=positive, metavar="N", default=5,
                        help="how long each is measured; 5")
    parser.add_argument("--repetitions", type=positive, metavar="N", default=5,
                        help="how many turns; 5")
    parser.add_argument("--quick", action="store_true",
                        help="whether everything works, with few targets, once and for 1 s")
    parser.add_argument("--update", action="store_true",
                        help=f"put the tables into {PAGE}, and the picture into {PICTURE}")
    parser.add_argument("--list", action="store_true", help="print the names of the figures")
    parser.add_argument("--build", default="build/bench-compare", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    chosen.many = (100_000, 30)
    if chosen.quick:
        chosen.sizes, chosen.sustained, chosen.plot_sizes = [50, 200], 500, [100, 300]
        chosen.many, chosen.plot_interval = (1000, 2), 2
        chosen.seconds = chosen.repetitions = 1
    chosen.peers = chosen.peers.split(",") if chosen.peers else list(probers.ALL)
    if unknown := set(chosen.peers) - set(probers.ALL):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}; there are {known}")
    return parser, chosen


def say(text):
    print(f"==> {text}", file=sys.stderr, flush=True)


def measure(figure, repetitions):
    """All contestants in turns, each turn begun by another one. One that fails is told of and
    missing in that turn."""
    result = report.Result(figure)
    for each in figure.contestants:
        if each.missing:
            say(f"{figure.key}: without {each.label}: {each.missing}")
    for turn in range(figure.repetitions or repetitions):
        values = {}
        first = turn % len(figure.contestants)
        for each in figure.contestants[first:] + figure.contestants[:first]:
            if each.missing:
                continue
            try:
                values[each.label] = each.run()
            except (machine.Failure, OSError, subprocess.SubprocessError) as failed:
                values[each.label] = {"failed": str(failed)}
                say(f"{figure.key}: {each.label}: {failed}")
            else:
                metric, title = figure.metrics[0]
                say(f"{figure.key} {turn + 1}: {each.label}: "
                    f"{report.number(values[each.label][metric])} ({title})")
        result.turns.append(values)
    return result


def draw(result, build, into, interval):
    lines = report.plot_lines(result)
    if not lines:
        return
    subprocess.run([build / "benchmarks/compare/plot", f"{interval} s", into],
                   input="\n".join(lines) + "\n", text=True, check=True)


def update_page(text):
    """Between the two lines that name the script, or at the end if there are none."""
    page = ROOT / PAGE
    whole = page.read_text()
    block = f"{BEGIN}\n{text}{END}\n"
    pattern = re.compile(re.escape(BEGIN) + ".*" + re.escape(END) + "\n", re.S)
    if pattern.search(whole):
        whole = pattern.sub(lambda _: block, whole)
    else:
        whole = whole.rstrip("\n") + "\n\n" + block
    page.write_text(whole)


def main():
    parser, chosen = parse()
    build = (ROOT / chosen.build).resolve()
    results = build / "results"
    results.mkdir(parents=True, exist_ok=True)
    os.environ.pop("FOREST_AUTH_SECRET", None)
    machine.stay_off_prober()
    say(f"{machine.raise_limits():,} files may be open")
    about = machine.description()
    about["load_before"] = machine.load()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # nginx drops root for its workers, which must reach what lies there.
        folder.chmod(0o755)
        with AnswerServer(build, folder) as server:
            figures = Figures(chosen, build, folder, server).all()
            keys = [figure.key for figure in figures]
            if chosen.list:
                print("\n".join(keys))
                return
            wanted = chosen.figures.split(",") if chosen.figures else keys
            if unknown := set(wanted) - set(keys):
                parser.error(f"unknown figures: {', '.join(sorted(unknown))}; "
                             f"there are {', '.join(keys)}")
            measured = []
            for figure in figures:
                if figure.key not in wanted:
                    continue
                say(figure.title)
                measured.append(measure(figure, chosen.repetitions))
                about["load_after"] = machine.load()
                # After each, so that a run that is ended is not lost.
                raw = {"machine": about, "options": vars(chosen), "figures": {
                    each.figure.key: each.turns for each in measured}}
                (results / "compare.json").write_text(json.dumps(raw, indent=1) + "\n")
                text = report.section(measured, about, chosen)
                (results / "compare.md").write_text(text)

    picture = results / "cost-by-targets.svg"
    for each in measured:
        if each.figure.key == "plot":
            draw(each, build, picture, chosen.plot_interval)
    print(text)
    say(f"the raw numbers are in {results}")
    if chosen.update:
        update_page(text)
        if "plot" in wanted and picture.exists():
            (ROOT / PICTURE).parent.mkdir(exist_ok=True)
            shutil.copy(picture, ROOT / PICTURE)
        say(f"{PAGE} is written")


if __name__ == "__main__":
    main()
