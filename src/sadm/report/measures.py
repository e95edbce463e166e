"""Sections of measures: Table 1 with intervals and tests, the paper's table beside it, tables of the statistics as they are."""

from collections.abc import Mapping, Sequence
from itertools import groupby, product
from pathlib import Path
from typing import Any

from sadm.report.blocks import Body, Cell, Column, Table, from_rows, number
from sadm.report.lines import Line, by
from sadm.runtime.files import read_table
from sadm.statistics import rankings
from sadm.statistics.table1 import METRICS
from sadm.study.layout import Layout

NAMES = {"dice": "Dice", "auprc": "AUPRC"}
HOLM = 0.05  # level of the paired tests
Rows = Sequence[Line]


def read_csv(file: str | Path) -> dict[str, dict[str, str]]:
    """The lines of table1.csv by row."""
    return {line["row"]: line for line in read_table(file, ("row",), ",")}


def ties(pairs: Rows, best: str, testset: str, metric: str) -> set[str]:
    """Rows that the paired tests cannot tell from the row ``best`` (Holm's p >= .05) on a test set and metric."""
    found = set()
    for line in pairs:
        rows = {line["row_a"], line["row_b"]}
        if (line["testset"], line["metric"]) == (testset, metric) and best in rows:
            p = number(line["p_holm"])
            if p is not None and p >= HOLM:
                found |= rows - {best}
    return found


def _columns(layout: Layout) -> list[Column]:
    heads = [
        Column("Method"),
        Column("healthy", over="Training data"),
        Column("unhealthy", over="Training data"),
    ]
    return heads + [
        Column(NAMES[metric], "%", True, layout.titles[testset])
        for testset, metric in product(layout.testsets, METRICS)
    ]


def _score(
    mean: float | None, std: float | None, interval: tuple[float, float] | None, best: float, floor: float,
    trivial: bool, tied: bool,
) -> Cell:  # fmt: skip
    if mean is None:
        return Cell("–")
    css = ["best"] if mean == best and not trivial else []
    css += ["tied"] if tied else []
    css += ["below"] if mean <= floor and not trivial else []
    text = f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}"
    small = f"[{interval[0]:.1f}, {interval[1]:.1f}]" if interval else ""
    hint = "not above the best trivial score" if "below" in css else ""
    return Cell(text, mean, small, " ".join(css), min(max(mean / 100, 0), 1), hint)


def table1(file: str | Path, layout: Layout, summary: Rows = (), pairs: Rows = ()) -> Table:
    """Table 1 (``file``: table1.csv): mean and deviation over the folds, the interval below, the trivial scores apart.

    ``summary`` and ``pairs``: lines of the statistics, in [0, 1], where there are any. Classes of a cell: best of the methods,
    tied with it by the paired test, below the best trivial score of the column.
    """
    lines = read_csv(file)
    spans = {
        (line["row"], line["testset"], line["metric"]): [number(line[end]) for end in ("ci_low", "ci_high")]
        for line in summary
    }
    cells: dict[str, list[Cell]] = {}
    for row in layout.all_rows:
        method, healthy, unhealthy = layout.heads(row)
        cells[row] = [
            Cell(method, method.lower(), css="name"),
            Cell(healthy, healthy),
            Cell(unhealthy, unhealthy),
        ]
    for testset, metric in product(layout.testsets, METRICS):
        means = {row: number(lines[row][f"{testset}_{metric}_mean"]) for row in layout.all_rows}
        known = {row: mean for row, mean in means.items() if mean is not None}
        best = max((row for row in known if row in layout.rows), key=known.__getitem__, default="")
        floor = max((known[row] for row in known if row in layout.trivial), default=-1.0)
        equal = ties(pairs, best, testset, metric)
        for row, mean in means.items():
            low, high = spans.get((row, testset, metric), (None, None))
            interval = (100 * low, 100 * high) if low is not None and high is not None else None
            std = number(lines[row][f"{testset}_{metric}_std"])
            trivial = row in layout.trivial
            cells[row].append(
                _score(mean, std, interval, known.get(best, -1.0), floor, trivial, row in equal)
            )
    bodies = [
        Body([cells[row] for row in rows], f"{layout.titles.get(group, 'no')} anomalies in training", "group")
        for group, rows in groupby(layout.rows, key=layout.unhealthy)
    ]
    bodies.append(
        Body([cells[row] for row in layout.trivial], "trivial scores: nothing is learnt", "trivial")
    )
    return Table("Table 1", _columns(layout), bodies)


def paper_table(file: str | Path, published: str | Path, layout: Layout) -> Table:
    """Our mean and the paper's of each cell, and their difference below; ``published``: the paper's Table 1 as csv."""
    lines = read_csv(file)
    theirs = rankings.published(published, layout)
    rows = []
    for row in layout.rows:
        method, healthy, unhealthy = layout.heads(row)
        cells = [Cell(method, method.lower(), css="name"), Cell(healthy, healthy), Cell(unhealthy, unhealthy)]
        for testset, metric in product(layout.testsets, METRICS):
            ours = number(lines[row][f"{testset}_{metric}_mean"])
            said = number(theirs.get(row, {}).get(f"{testset}_{metric}_mean", ""))
            if ours is None or said is None:
                cells.append(Cell("–"))
            else:
                cells.append(Cell(f"{ours:.2f} | {said:.2f}", ours - said, f"{ours - said:+.2f}"))
        rows.append(cells)
    return Table("Ours | the paper's, and the difference", _columns(layout), [Body(rows)])


PAPERS: dict[str, Any] = {
    "grid": {"shape": [192, 192, 160], "spacing": 1.0, "downsample": 2, "crop": 15},
    "splits": {"folds": 5, "test": 160, "val": 44, "train": 358},
}


def differs_from_paper(config: Mapping[str, Any]) -> list[str]:
    """How a study differs from the paper's in data and size, so that its numbers cannot stand beside the paper's; none if it does not."""
    importers = sorted(dataset["importer"] for dataset in config["datasets"].values())
    found = [] if importers == ["atlas", "brats", "ixi"] else [f"data sets by {', '.join(importers)}"]
    for section, values in PAPERS.items():
        for key, value in values.items():
            if config[section][key] != value:
                found.append(f"{section}.{key} {config[section][key]}, not {value}")
    return found


def measures(
    file: str | Path, titles: Mapping[str, str], where: Mapping[str, str], leave: Sequence[str]
) -> list[Table]:
    """A table of the statistics as it is, folded: one a test set; only the lines that ``where`` names, without the columns ``leave``."""
    lines = [line for line in read_table(file) if all(line[key] == value for key, value in where.items())]
    left = dict.fromkeys((*leave, *where, "testset"), "")
    return [from_rows(titles.get(t, t), own, folded=True, **left) for t, own in by("testset", lines).items()]


def findings(file: str | Path, layout: Layout) -> list[str]:
    """A sentence a test set: its best method, the best trivial score, and how many methods are not above that."""
    lines = read_csv(file)
    said = []
    for testset in layout.testsets:
        values = {row: number(lines[row][f"{testset}_dice_mean"]) for row in layout.all_rows}
        known = {row: value for row, value in values.items() if value is not None}
        methods, trivial = ([row for row in rows if row in known] for rows in (layout.rows, layout.trivial))
        if methods and trivial:
            best, floor = (max(rows, key=known.__getitem__) for rows in (methods, trivial))
            below = sum(known[row] <= known[floor] for row in methods)
            said.append(
                f"{layout.titles[testset]}: best Dice {known[best]:.1f} % by {best}; {below} of {len(methods)} methods are not above "
                f"the best trivial score ({floor}, {known[floor]:.1f} %)."
            )
    return said
