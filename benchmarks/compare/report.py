# SPDX-License-Identifier: BSL-1.0
"""What was measured, as Markdown, and as lines for the plot."""

from statistics import median


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def spread(values):
    if not values:
        return "–"
    if len(values) == 1:
        return number(values[0])
    return f"{number(median(values))} ({number(min(values))}–{number(max(values))})"


class Result:
    """All that was measured for a figure: for each turn, who had which values, or why none."""

    def __init__(self, figure):
        self.figure = figure
        self.turns = []

    def values(self, label, metric):
        return [turn[label][metric] for turn in self.turns if metric in turn.get(label, {})]

    def of_goal(self, goal):
        """The value in each turn."""
        if goal.to is None:
            return [value * goal.scale for value in self.values(goal.of, goal.metric)]
        other, _, metric = goal.to.partition(":")
        found = []
        for turn in self.turns:
            ours, theirs = turn.get(goal.of, {}), turn.get(other, {})
            if goal.metric in ours and (metric or goal.metric) in theirs:
                found.append(ours[goal.metric] / theirs[metric or goal.metric])
        return found

    def troubles(self):
        found = [f"{each.label}: {each.missing}" for each in self.figure.contestants
                 if each.missing]
        for number_of_turn, turn in enumerate(self.turns, 1):
            for label, values in turn.items():
                if "failed" in values:
                    found.append(f"{label}, turn {number_of_turn}: {values['failed']}")
                lost = {name: count for name, count in values.get("drops", {}).items() if count}
                if lost:
                    said = ", ".join(f"{name} {count}" for name, count in lost.items())
                    found.append(f"{label}, turn {number_of_turn}: {said}")
                told = values.get("told") or {}
                if told.get("inconclusive") and values["interval_s"] is not None:
                    found.append(f"{label}, turn {number_of_turn}: {told['inconclusive']} checks "
                                 "inconclusive")
        return found


def figure_of_two_sides(result):
    """One program that measures both sides itself."""
    figure = result.figure
    (ours, _), (theirs, _) = figure.metrics
    label = figure.contestants[0].label
    ratios = [turn[label][ours] / turn[label][theirs] for turn in result.turns
              if ours in turn.get(label, {})]
    cells = [spread(result.values(label, name)) for name, _ in figure.metrics]
    lines = [f"### {figure.title}", "",
             "| " + " | ".join(title for _, title in figure.metrics) + " | ratio |",
             "|---|---|---|", "| " + " | ".join(cells) + f" | {spread(ratios)} |",
             "", *(f"- {each}" for each in result.troubles())]
    return "\n".join(lines).rstrip() + "\n"


def figure_table(result):
    figure = result.figure
    if len(figure.contestants) == 1 and len(figure.metrics) == 2:
        return figure_of_two_sides(result)
    first = figure.contestants[0].label if figure.contestants else None
    whose = "forest" if any(each.base for each in figure.contestants) else first
    metric = figure.metrics[0][0]
    lines = [f"### {figure.title}", "",
             "| | " + " | ".join(title for _, title in figure.metrics) + f" | {whose} to it |",
             "|---|" + "---|" * (len(figure.metrics) + 1)]
    for each in figure.contestants:
        base = each.base or first
        ratios = [turn[base][metric] / turn[each.label][metric] for turn in result.turns
                  if metric in turn.get(base, {}) and turn.get(each.label, {}).get(metric)]
        if each.label == base:
            ratios = []
        cells = [spread(result.values(each.label, name)) for name, _ in figure.metrics]
        lines.append(f"| {each.label} | " + " | ".join(cells) + f" | {spread(ratios)} |")
    lines += ["", *(f"- {each}" for each in result.troubles())]
    return "\n".join(lines).rstrip() + "\n"


def goal_table(results):
    lines = ["| figure | goal | median (least–most) | reached |", "|---|---|---|---|"]
    for result in results:
        for goal in result.figure.goals:
            values = result.of_goal(goal)
            limit = number(goal.limit * (goal.scale if goal.to is None else 1))
            reached = "not measured"
            if values:
                middle = median(values)
                bound = goal.limit * (goal.scale if goal.to is None else 1)
                reached = "yes" if (middle >= bound if goal.at_least else middle <= bound) else "no"
            lines.append(f"| {goal.text} | {'≥' if goal.at_least else '≤'} {limit} | "
                         f"{spread(values)} | {reached} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def section(results, machine, options):
    """The part of docs/measurements.md."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return "\n".join([
        "## Beside the best",
        f"By `sh benchmarks/compare.sh`, {machine['date']}, on {machine['processor']}, "
        f"{machine['cores']} cores, Linux {machine['kernel']}: {versions}.",
        "",
        "Prober and server run on a core each, over loopback. The contestants take turns, "
        f"{options.repetitions} times; each value is the median, with the least and the most, and "
        "each ratio is that of one turn. CPU is what the operating system accounts to the whole "
        f"process during {options.seconds} s after a warm-up; the server counts the checks. "
        f"Load average {machine['load_before']:.2f} before and {machine['load_after']:.2f} after.",
        "",
        goal_table(results),
        *(figure_table(result) for result in results)])


def plot_lines(result):
    """Who, targets, microseconds, bytes: of the medians."""
    lines = []
    for each in result.figure.contestants:
        who, _, targets = each.label.partition(", ")
        fields = []
        for metric in ("cpu_us", "bytes"):
            values = [value for value in result.values(each.label, metric) if value > 0]
            fields.append(f"{median(values):.3f}" if values else "-")
        if fields != ["-", "-"]:
            lines.append(" ".join([who, targets.replace(",", ""), *fields]))
    return lines
