"""Sections that judge: places of the methods under each definition, and which threshold was fitted on which scans."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sadm.report.blocks import Block, Body, Cell, Column, Facts, Table, Words, number
from sadm.report.choices import TESTSET
from sadm.report.lines import Line, by
from sadm.runtime.files import read_table
from sadm.statistics.rankings import PAPER, definitions

NAMED = 60  # scans that are named in a cell
SHORT = {"dice": "best per volume", "dice_testset": "test-set threshold", "dice_validation": "validation threshold", "auprc": "AUPRC", PAPER: "the paper"}  # fmt: skip
ORACLE = "testset"


def short(name: str) -> str:
    """A definition of the measure, as printed over a column."""
    return SHORT.get(name, name.replace("dice_healthy_", "healthy ") + " %" if "healthy" in name else name)


def rankings(file: str | Path, agreement: str | Path, titles: Mapping[str, str]) -> list[Block]:
    """For each test set a sentence, the place of every method under every definition, and Kendall's tau between these orders."""
    taus = by("testset", read_table(agreement))
    said, tables = [], list[Block]()
    for testset, lines in by("testset", read_table(file)).items():
        names = definitions(list(dict.fromkeys(line["metric"] for line in lines)))
        places = {(line["row"], line["metric"]): number(line["rank"]) for line in lines}
        rows = list(dict.fromkeys(line["row"] for line in lines))
        title, found = titles.get(testset, testset), _taus(taus.get(testset, []))
        first = {name: next((row for row in rows if places.get((row, name)) == 1), "–") for name in names}
        said.append(
            f"{title}: first by best Dice per volume is {first['dice']}{_often(lines, first['dice'])}; under other definitions: "
            + "; ".join(f"{short(name)} {first[name]}" for name in names[1:])
            + "."
        )
        columns = [Column("Method"), *(Column(short(name), numeric=True) for name in names)]
        cells = [
            [Cell(row, row.lower(), css="name"), *(_place(places, row, name) for name in names)]
            for row in rows
        ]
        sure = {(line["row"], line["metric"]): line for line in lines}
        here = [
            Table(f"{title}: places, and their distance to those by best Dice per volume", columns, [Body(cells)]),
            _doubt(title, rows, names, sure),
            _matrix(title, found),
        ]  # fmt: skip
        tables += [replace(table, picks={TESTSET: title}) for table in here]
    return [Words(said, listed=True), *tables]


def _often(lines: Sequence[Line], row: str) -> str:
    """In how many of the resamples the row is first by best Dice, in words."""
    share = next(
        (number(line["first"]) for line in lines if (line["row"], line["metric"]) == (row, "dice")), None
    )
    return "" if share is None else f" (in {100 * share:.0f} % of the resamples of subjects)"


def _doubt(
    title: str, rows: Sequence[str], names: Sequence[str], sure: Mapping[tuple[str, str], Line]
) -> Table:
    """The interval of each place, and the share of the resamples in which the row is first."""
    columns = [Column("Method")] + [
        Column(head, unit, True, short(name))
        for name in names
        for head, unit in (("places", ""), ("first", "%"))
    ]
    cells = []
    for row in rows:
        cells.append([Cell(row, row.lower(), css="name")])
        for name in names:
            line = sure.get((row, name), {})
            low, high, first = (number(line.get(key, "")) for key in ("rank_low", "rank_high", "first"))
            if low is None or high is None or first is None:
                cells[-1] += [Cell("–"), Cell("–")]
            else:
                cells[-1] += [Cell(f"{low:.0f} to {high:.0f}", low), Cell(f"{100 * first:.0f}", first)]
    return Table(
        f"{title}: 95 % interval of each place, and how often the row is first",
        columns,
        [Body(cells)],
    )


def _place(places: Mapping[tuple[str, str], float | None], row: str, name: str) -> Cell:
    place, usual = places.get((row, name)), places.get((row, "dice"))
    if place is None:
        return Cell("–")
    moved = int(usual - place) if usual is not None else 0
    small = f"▲ {moved}" if moved > 0 else f"▼ {-moved}" if moved < 0 else ""
    return Cell(f"{place:.0f}", place, small, "best" if place == 1 else "")


def _taus(lines: Sequence[Line]) -> dict[tuple[str, str], list[float | None]]:
    names = ("tau", "tau_low", "tau_high")
    return {(line["metric_a"], line["metric_b"]): [number(line[name]) for name in names] for line in lines}


def _matrix(title: str, taus: Mapping[tuple[str, str], list[float | None]]) -> Table:
    names = list(dict.fromkeys(name for pair in taus for name in pair))
    rows = []
    for one in names:
        cells = [Cell(short(one), css="name")]
        for other in names:
            tau, low, high = taus.get((one, other), taus.get((other, one), [None] * 3))
            if tau is None:
                cells.append(Cell("" if one == other else "–"))
            else:
                small = f"[{low:.2f}, {high:.2f}]" if low is not None and high is not None else ""
                cells.append(Cell(f"{tau:.2f}", tau, small, share=max(tau, 0)))
        rows.append(cells)
    columns = [Column("Order by"), *(Column(short(name), numeric=True) for name in names)]
    return Table(f"{title}: Kendall's τ between the orders", columns, [Body(rows)])


def fitted(thresholds: str | Path, used: str | Path, titles: Mapping[str, str]) -> list[Block]:
    """What was audited after scoring, and which scans each threshold was fitted on, the same of all rows in one line."""
    uses = read_table(used)
    facts = [
        ("Tables of scores, only of test scans of their fold", sum(line["use"] == "scores" for line in uses)),
        ("Thresholds, each with the scans it saw", sum(line["use"] not in ("scores", "healthy") for line in uses)),
    ]  # fmt: skip
    seen: dict[tuple[str, ...], set[str]] = {}
    for line in read_table(thresholds):
        key = tuple(line[name] for name in ("testset", "threshold", "fold", "dataset", "scans"))
        seen.setdefault(key, set()).add(line["row"])
    rows = [
        [
            Cell(titles.get(testset, testset)),
            Cell(kind.replace("_", " ") + (" %" if "healthy" in kind else "")),
            Cell(fold, int(fold)),
            Cell(titles.get(dataset, dataset)),
            Cell("test: an upper bound" if kind == ORACLE else "validation"),
            *_scans(scans, len(by)),
        ]
        for (testset, kind, fold, dataset, scans), by in seen.items()
    ]
    columns = [Column("Test set"), Column("threshold"), Column("fold", numeric=True), Column("fitted on")]
    columns += [Column("part"), Column("scans", numeric=True), Column("names"), Column("rows", numeric=True)]
    return [
        Facts([(name, f"{count:,}") for name, count in facts]),
        Table(f"Thresholds by what they were fitted on: {len(rows)}", columns, [Body(rows)], folded=True),
    ]


def _scans(scans: str, rows: int) -> list[Cell]:
    names = [name for name in scans.split(",") if name]
    more = f" and {len(names) - NAMED} more, named in thresholds.tsv" if len(names) > NAMED else ""
    return [
        Cell(str(len(names)), len(names)),
        Cell(", ".join(names[:NAMED]) + more, css="sum"),
        Cell(str(rows), rows),
    ]
