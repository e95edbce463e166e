"""Sections of measures: Table 1, the claims, the paper's table beside ours, tables of the statistics as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, product
from pathlib import Path
from typing import Any

from sadm.report.blocks import Body, Cell, Column, Table, from_rows, number
from sadm.report.choices import TESTSET
from sadm.report.lines import Line, by
from sadm.runtime.files import read_table, real, whole
from sadm.statistics import rankings
from sadm.statistics.claims import LEVEL, TESTED, TRIVIAL
from sadm.statistics.marks import NOT_ABOVE
from sadm.statistics.means import METRICS
from sadm.study.layout import Layout

NAMES = {"dice": "Dice", "auprc": "AUPRC"}
CLAIMED = {
    "dice": "Best Dice per volume",
    "auprc": "AUPRC",
    "dice_validation": "Dice at the validation threshold",
}
Rows = Sequence[Line]


def read_csv(file: str | Path) -> dict[str, dict[str, str]]:
    """The lines of table1.csv by row."""
    return {line["row"]: line for line in read_table(file, ("row",), ",")}


def _columns(layout: Layout, titles: Mapping[str, str]) -> list[Column]:
    heads = [
        Column("Method"),
        Column("healthy", over="Training data"),
        Column("unhealthy", over="Training data"),
    ]
    return heads + [
        Column(NAMES[metric], "%", True, titles[testset])
        for testset, metric in product(layout.testsets, METRICS)
    ]


def _score(line: Line, column: str, best: bool, trivial: bool) -> Cell:
    """A cell of table1.csv: mean and deviation, marks, the interval below."""
    mean, std, low, high = (number(line[f"{column}_{name}"]) for name in ("mean", "std", "ci_low", "ci_high"))
    if mean is None:
        return Cell("–")
    marks = line[f"{column}_marks"]
    css = ["best"] * best + ["below"] * (NOT_ABOVE in marks)
    said = marks.replace(NOT_ABOVE, "")
    text = (f"{mean:.2f}" if std is None else f"{mean:.2f} ± {std:.2f}") + (f" {said}" if said else "")
    small = f"[{low:.1f}, {high:.1f}]" if low is not None and high is not None else ""
    above = [number(line[f"{column}_above_trivial{end}"]) for end in ("", "_low", "_high")]
    hint = "" if trivial or above[0] is None else f"minus the best trivial score: {above[0]:+.1f}"
    hint += f" [{above[1]:.1f}, {above[2]:.1f}]" if hint and None not in above else ""
    return Cell(text, mean, small, " ".join(css), min(max(mean / 100, 0), 1), hint)


def table1(file: str | Path, layout: Layout) -> Table:
    """Table 1 (``file``: table1.csv): mean and deviation over the folds, the interval below, the trivial scores apart.

    Classes of a cell: best of the methods; below: not shown to be above the best trivial score of the column.
    """
    lines = read_csv(file)
    cells: dict[str, list[Cell]] = {}
    for row in layout.all_rows:
        method, healthy, unhealthy = layout.heads(row)
        cells[row] = [
            Cell(method, method.lower(), css="name"),
            Cell(healthy, healthy),
            Cell(unhealthy, unhealthy),
        ]
    for column in (f"{testset}_{metric}" for testset, metric in product(layout.testsets, METRICS)):
        means = {row: number(lines[row][f"{column}_mean"]) for row in layout.all_rows}
        best = max((means[row] or 0.0 for row in layout.rows), default=0.0)
        for row, mean in means.items():
            trivial = row in layout.trivial
            cells[row].append(_score(lines[row], column, mean == best and not trivial, trivial))
    bodies = [
        Body([cells[row] for row in rows], f"{_named(layout, group)} anomalies in training", "group")
        for group, rows in groupby(layout.rows, key=layout.unhealthy)
    ]
    bodies.append(
        Body([cells[row] for row in layout.trivial], "trivial scores: nothing is learnt", "trivial")
    )
    return Table("Table 1", _columns(layout, counted(lines, layout)), bodies)


def counted(lines: Mapping[str, Line], layout: Layout) -> dict[str, str]:
    """Titles of the test sets with their number of test subjects; ``lines`` of table1.csv by row."""
    return {
        testset: f"{layout.titles[testset]}, n = {max(whole(line, f'{testset}_dice_subjects') for line in lines.values())}"
        for testset in layout.testsets
    }


def _named(layout: Layout, group: str) -> str:
    return layout.titles.get(group, f"synthetic {group}" if group else "no")


def differences(file: str | Path, layout: Layout) -> list[Table]:
    """The claims that were fixed beforehand (``file``: claims.tsv): paired differences, intervals and corrected P values; two tables a
    test set, the paper's claims and each method against the best trivial score."""
    tables = []
    for testset, here in by("testset", read_table(file)).items():
        for claim, lines in by("claim", here).items():
            pairs = list(dict.fromkeys((line["row"], line["against"]) for line in lines))
            rows = list(dict.fromkeys(row for row, _ in pairs)) if claim == TRIVIAL else pairs
            found = {
                (line["row"] if claim == TRIVIAL else (line["row"], line["against"]), line["metric"]): line
                for line in lines
            }
            cells = [
                [*_compared(key, found), *(c for m in TESTED for c in _difference(found.get((key, m))))]
                for key in rows
            ]
            columns = [Column("Row"), Column("minus")]
            columns += [
                Column(title, unit, True, CLAIMED[m])
                for m in TESTED
                for title, unit in (("difference", "points"), ("p", "Holm"))
            ]
            said = {"paper": "the paper's claims", TRIVIAL: "against the best trivial score"}[claim]
            tables.append(
                Table(
                    f"{layout.titles[testset]}: {said}",
                    columns,
                    [Body(cells)],
                    [_least(lines)],
                    picks={TESTSET: layout.titles[testset], "Claims": said},
                )
            )
    return tables


def _compared(key: str | tuple[str, str], found: Mapping[Any, Line]) -> list[Cell]:
    row = key if isinstance(key, str) else key[0]
    others = dict.fromkeys(line["against"] for (own, _), line in found.items() if own == key)
    return [Cell(row, row.lower(), css="name"), Cell(", ".join(others))]


def _difference(line: Line | None) -> list[Cell]:
    value, low, high, p = (
        number(line[name]) if line else None for name in ("difference", "ci_low", "ci_high", "p_holm")
    )
    if value is None or p is None:
        return [Cell("–"), Cell("–")]
    small = f"[{100 * low:.1f}, {100 * high:.1f}]" if low is not None and high is not None else ""
    shown = f"{p:.3f}" if p >= 0.001 else "<0.001"
    return [Cell(f"{100 * value:+.1f}", value, small), Cell(shown, p)]


def _least(lines: Rows) -> str:
    line = lines[0]
    least = real(line, "p_least")
    fate = "" if least < LEVEL else " None of these tests can reject, whatever the rows do."
    return f"{line['family']} claims, {line['subjects']} subjects; the smallest p that Holm's correction can give is {least:.2g}.{fate}"


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
    return Table("Ours | the paper's, and the difference", _columns(layout, layout.titles), [Body(rows)])


def measures(
    file: str | Path, titles: Mapping[str, str], where: Mapping[str, str], leave: Sequence[str]
) -> list[Table]:
    """A table of the statistics as it is, folded: one a test set; only the lines that ``where`` names, without the columns ``leave``."""
    lines = [line for line in read_table(file) if all(line[key] == value for key, value in where.items())]
    left = dict.fromkeys((*leave, *where, "testset"), "")
    made = [from_rows(titles.get(t, t), own, folded=True, **left) for t, own in by("testset", lines).items()]
    return [replace(table, picks={TESTSET: table.caption}) for table in made]
