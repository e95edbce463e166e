"""The forest plot: mean and interval of every row, one panel a test set, the best trivial score as a line."""

from collections.abc import Sequence
from pathlib import Path

from sadm.report.blocks import Forest, Mark, Panel, number
from sadm.report.lines import Line, by
from sadm.runtime.files import read_table
from sadm.statistics.claims import TRIVIAL
from sadm.statistics.marks import holds
from sadm.study.layout import Layout

MEASURES = {"dice": "Best Dice", "auprc": "AUPRC", "dice_validation": "Dice at the validation threshold"}
STEPS = (5, 10, 20)  # percent between ticks, the first that needs at most MOST of them
MOST = 6


def forests(summary: str | Path, claims: Sequence[Line], layout: Layout) -> list[Forest]:
    """A forest plot for each of MEASURES; ``summary``: summary.tsv, ``claims``: lines of claims.tsv."""
    found = by("metric", read_table(summary))
    return [
        _forest(title, found[metric], [line for line in claims if line["metric"] == metric], layout)
        for metric, title in MEASURES.items()
        if metric in found
    ]


def _forest(title: str, lines: Sequence[Line], claims: Sequence[Line], layout: Layout) -> Forest:
    sets = by("testset", lines)
    panels = [
        _panel(layout.titles[name], sets[name], [c for c in claims if c["testset"] == name], layout)
        for name in layout.testsets
        if name in sets
    ]
    ends = [
        end for panel in panels for mark in panel.marks for end in (mark.mean, mark.high) if end is not None
    ]
    step = next((step for step in STEPS if max(ends, default=0) / step <= MOST), STEPS[-1])
    top = min(100.0, step * (max(ends, default=0) // step + 1))
    ticks = [step * k for k in range(int(top // step) + 1)]
    caption = f"{title} of every row, in percent: mean (dot) and 95 % interval over subjects (line)"
    return Forest(caption, panels, top, ticks, seen(panels), {"Measure": title})


def _panel(title: str, lines: Sequence[Line], claims: Sequence[Line], layout: Layout) -> Panel:
    above = {line["row"]: line for line in claims if line["claim"] == TRIVIAL}
    means = {line["row"]: line for line in lines if number(line["mean"]) is not None}
    floor = max(
        (row for row in layout.trivial if row in means), key=lambda row: float(means[row]["mean"]), default=""
    )
    marks = [
        _mark(row, means[row], above.get(row), row in layout.trivial)
        for row in layout.all_rows
        if row in means
    ]
    return Panel(title, marks, 100 * float(means[floor]["mean"]) if floor else None, floor)


def _mark(row: str, line: Line, claim: Line | None, trivial: bool) -> Mark:
    mean, low, high = (number(line[key]) for key in ("mean", "ci_low", "ci_high"))
    assert mean is not None
    said = f"{row}: {100 * mean:.1f} %"
    said += f" [{100 * low:.1f}, {100 * high:.1f}]" if low is not None and high is not None else ""
    css = "trivial" if trivial else "above" if claim and holds(claim) else "not"
    scaled = [None if end is None else 100 * end for end in (low, high)]
    return Mark(row, 100 * mean, scaled[0], scaled[1], css, said)


def seen(panels: Sequence[Panel]) -> str:
    """What to see in the plot, from its numbers."""
    counts = []
    for panel in panels:
        methods = [mark for mark in panel.marks if mark.css != "trivial"]
        above = sum(mark.css == "above" for mark in methods)
        counts.append(f"{panel.title} {above} of {len(methods)}")
    return (
        "What to see: the dashed line is the best trivial score, which learns nothing; a method is worth its training where its dot lies to the "
        f"right of it. Filled dots are shown to be above it by the paired difference: {', '.join(counts)}."
    )
