"""The critical-difference diagram (Demsar 2006, Fig. 1): methods by mean rank over subjects, joined where they do not differ.

Drawn only where its premises hold (`sadm.statistics.mean_ranks`) and Friedman's test rejects; else the reason is said.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sadm.report.blocks import Block, Label, Ranks, Words, number
from sadm.report.choices import TESTSET
from sadm.report.lines import Line, by
from sadm.runtime.files import read_table
from sadm.statistics.mean_ranks import LEAST_ROWS, LEAST_SUBJECTS, LEVEL
from sadm.study.layout import Layout

NAMES = {"dice": "Best Dice", "auprc": "AUPRC", "dice_validation": "Dice at the validation threshold"}
# Units of the picture: whole, left for names on each side, above the axis.
WIDTH, SIDE, TOP = (760.0, 190.0, 62.0)
LINE, BAR = 17.0, 7.0  # between names, between bars


def diagrams(file: str | Path, layout: Layout) -> list[Block]:
    """For each test set and measure a diagram, or a sentence that says why there is none (``file``: ranks.tsv)."""
    made = list[Block]()
    for testset, here in by("testset", read_table(file)).items():
        for metric, lines in by("metric", here).items():
            title, measure = layout.titles[testset], NAMES[metric]
            picks, why = {TESTSET: title, "Measure": measure}, refused(lines)
            words = Words([f"No diagram of mean ranks: {why}."], picks=picks)
            made.append(words if why else diagram(title, measure, lines, picks))
    return made


def refused(lines: Sequence[Line]) -> str:
    """Why methods have no diagram, "" if they have one; ``lines`` of one test set and measure."""
    subjects, methods, p = int(lines[0]["subjects"]), int(lines[0]["methods"]), number(lines[0]["friedman_p"])
    if subjects <= LEAST_SUBJECTS or methods <= LEAST_ROWS:
        return f"Friedman's test asks for more than {LEAST_SUBJECTS} subjects and {LEAST_ROWS} methods, here {subjects} and {methods}"
    if p is None or p >= LEVEL:
        return f"Friedman's test finds no difference between the {methods} methods (p = {p or 0:.2g}, {subjects} subjects)"
    return ""


def diagram(title: str, measure: str, lines: Sequence[Line], picks: Mapping[str, str]) -> Ranks:
    """The diagram of one test set and measure, chosen by ``picks``."""
    ranks = sorted((float(line["mean_rank"]), line["row"]) for line in lines)
    difference, count = float(lines[0]["critical_difference"]), len(ranks)

    def at(rank: float) -> float:
        return SIDE + (WIDTH - 2 * SIDE) * (rank - 1) / (count - 1)

    bars = [
        (at(low) - 3, at(high) + 3, TOP + 10 + BAR * k)
        for k, (low, high) in enumerate(cliques([r for r, _ in ranks], difference))
    ]
    half = -(-count // 2)
    start = TOP + 26 + BAR * len(bars)
    places = [*range(half), *reversed(range(count - half))]
    labels = [
        Label(
            row,
            rank,
            at(rank),
            SIDE - 12 if k < half else WIDTH - SIDE + 12,
            start + LINE * places[k],
            k < half,
        )
        for k, (rank, row) in enumerate(ranks)
    ]
    return Ranks(
        f"{title}: mean ranks of the methods by {measure}, {lines[0]['subjects']} subjects",
        WIDTH,
        start + LINE * half,
        [(at(rank), rank) for rank in range(1, count + 1) if count <= 12 or rank % 2 or rank == count],
        labels,
        bars,
        (at(1), at(1 + difference), f"critical difference {difference:.2f}"),
        f"What to see: best on the left. A thick bar joins methods that this test set cannot tell apart (mean ranks closer than {difference:.2f}); "
        f"{joined(ranks, difference)} Friedman's p = {float(lines[0]['friedman_p']):.2g}.",
        picks,
    )


def joined(ranks: Sequence[tuple[float, str]], difference: float) -> str:
    """Whether the first differs from the rest, as a sentence; ``ranks`` sorted."""
    near = [row for rank, row in ranks[1:] if rank - ranks[0][0] < difference]
    if not near:
        return f"{ranks[0][1]} differs from all others."
    return f"{ranks[0][1]}, the first, does not differ from {len(near)} of the {len(ranks) - 1} others."


def cliques(ranks: Sequence[float], difference: float) -> list[tuple[float, float]]:
    """The longest runs of sorted ``ranks`` whose ends are closer than ``difference``: (first, last) of each that joins two or more."""
    found: list[tuple[float, float]] = []
    for k, low in enumerate(ranks):
        high = max(rank for rank in ranks[k:] if rank - low < difference or rank == low)
        if high > low and (not found or high > found[-1][1]):
            found.append((low, high))
    return found
