"""Tables of means, a line a row of Table 1: by measure, by group, beside the released evaluation, with their spreads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sadm.report.blocks import Body, Cell, Column, Table, number
from sadm.report.choices import TESTSET
from sadm.report.lines import Line, by
from sadm.runtime.files import read_table, whole

MOST = 8  # columns of means that fit beside each other; the rest goes into a further table
PAIRED = {
    "dice": "Best Dice per volume, %",
    "dice_validation": "Dice at the validation threshold, %",
    "dice_subset_greedy": "the same, released: annotated subset with training scans, %",
}
SPREAD = {"dice": "Best Dice per volume, %", "dice_validation": "Dice at the validation threshold, %", "auprc": "AUPRC, %"}  # fmt: skip


@dataclass(frozen=True)
class Head:
    """How the column of a value is named: a printed "over | title, unit"; shares have the unit %."""

    over: str
    title: str
    unit: str

    @classmethod
    def of(cls, printed: str) -> "Head":
        """From its printed form; over and unit may be left out."""
        over, _, rest = printed.rpartition(" | ")
        title, _, unit = rest.rpartition(", ")
        return cls(over, title, unit) if title else cls(over, rest, "")

    @property
    def column(self) -> Column:
        """The column."""
        return Column(self.title, self.unit, True, self.over)


def mean(line: Line | None, unit: str) -> Cell:
    """The mean of a line of the statistics, its interval below."""
    value = number(line["mean"]) if line else None
    if line is None or value is None:
        return Cell("–")
    low, high = number(line["ci_low"]), number(line["ci_high"])
    small = f"[{_said(low, unit)}, {_said(high, unit)}]" if low is not None and high is not None else ""
    return Cell(_said(value, unit), value, small)


def _said(value: float, unit: str) -> str:
    return f"{100 * value:.1f}" if unit == "%" else f"{value:.1f}" if abs(value) >= 100 else f"{value:.2f}"


def counted(title: str, lines: Sequence[Line]) -> str:
    """``title`` with the number of subjects behind ``lines`` of the statistics, if these tell."""
    subjects = [whole(line, "subjects") for line in lines if line.get("subjects")]
    return f"{title}, n = {max(subjects)}" if subjects else title


def bodies(kinds: Mapping[str, str], cells: Mapping[str, Sequence[Cell]]) -> list[Body]:
    """The lines of methods, then those of trivial scores; ``kinds`` and ``cells`` by row."""
    found = []
    for kind, title in (("method", ""), ("trivial", "trivial scores")):
        lines = [
            [Cell(row, row.lower(), css="name"), *cells[row]] for row, own in kinds.items() if own == kind
        ]
        if lines:
            found.append(Body(lines, title, kind if title else ""))
    return found


def pivot(
    file: str | Path, titles: Mapping[str, str], across: Sequence[str], names: Mapping[str, str],
    where: Mapping[str, str], unit: str = "%", folded: bool = False,
) -> list[Table]:  # fmt: skip
    """Means with their intervals: a line a row, a column for each value of ``across``; one table a test set.

    With two columns ``across`` there is a table for each value of the first. ``names``: {value: printed as of `Head`}, which columns
    and in which order ({}: all, in ``unit``). ``where``: only the lines with these values. At most `MOST` columns a table.
    """
    *outer, last = across
    made = []
    lines = [line for line in read_table(file) if all(line[key] == said for key, said in where.items())]
    for testset, here in by("testset", lines).items():
        for part in dict.fromkeys(tuple(line[key] for key in outer) for line in here):
            chosen = [line for line in here if tuple(line[key] for key in outer) == part]
            caption = ": ".join(
                [counted(titles.get(testset, testset), here), *([_group(part)] if part else [])]
            )
            seen = list(dict.fromkeys(line[last] for line in chosen))
            heads = [value for value in names if value in seen] if names else seen
            shown = {value: Head.of(names.get(value, f"{value}, {unit}")) for value in heads}
            picks = {TESTSET: titles.get(testset, testset)} | ({"Group": _group(part)} if part else {})
            made += _parted(caption, chosen, last, shown, picks, folded)
    return made


def _group(part: Sequence[str]) -> str:
    """The values of the outer columns, as printed."""
    return ": ".join(each.replace("_", " ") for each in part)


def _parted(
    caption: str,
    lines: Sequence[Line],
    last: str,
    heads: Mapping[str, Head],
    picks: Mapping[str, str],
    folded: bool,
) -> list[Table]:
    kinds = {line["row"]: line["kind"] for line in lines}
    found = {(line["row"], line[last]): line for line in lines}
    values, made = list(heads), []
    for start in range(0, len(values), MOST):
        part = values[start : start + MOST]
        cells = {row: [mean(found.get((row, value)), heads[value].unit) for value in part] for row in kinds}
        more = f" ({start // MOST + 1} of {-(-len(values) // MOST)})" if len(values) > MOST else ""
        columns = [Column("Row"), *(heads[value].column for value in part)]
        made.append(Table(caption + more, columns, bodies(kinds, cells), folded=folded, picks=picks))
    return made


def released(file: str | Path, titles: Mapping[str, str]) -> list[Table]:
    """Exact numbers, those of the released evaluation and their difference, in percent, one table a test set."""
    made = []
    for testset, lines in by("testset", read_table(file)).items():
        kinds = {line["row"]: line["kind"] for line in lines}
        found = {(line["row"], line["metric"]): line for line in lines}
        columns, cells = [Column("Row")], {row: list[Cell]() for row in kinds}
        for metric, over in PAIRED.items():
            if not any(name == metric for _, name in found):
                continue
            columns += [
                Column(title, "", True, over) for title in ("exact (paper)", "released", "difference")
            ]
            for row, own in cells.items():
                own += [_percent(found[row, metric][key]) for key in ("exact", "released")]
                own.append(_percent(found[row, metric]["difference"], "+"))
        title = titles.get(testset, testset)
        made.append(Table(title, columns, bodies(kinds, cells), picks={TESTSET: title}))
    return made


def _percent(text: str, sign: str = "") -> Cell:
    value = number(text)
    if value is None:
        return Cell("–")
    return Cell(f"{100 * value:{sign if abs(value) >= 5e-5 else ''}.2f}".replace("-0.00", "0.00"), value)


def spread(file: str | Path, titles: Mapping[str, str]) -> list[Table]:
    """How far a mean may be off: its interval over subjects, its deviations over folds and over seeds; one table a test set."""
    made = []
    for testset, lines in by("testset", read_table(file)).items():
        kinds = {line["row"]: line["kind"] for line in lines}
        found = {(line["row"], line["metric"]): line for line in lines}
        columns, cells = [Column("Row")], {row: list[Cell]() for row in kinds}
        for metric, over in SPREAD.items():
            if not any(name == metric for _, name in found):
                continue
            columns += [Column(title, "", True, over) for title in ("mean, subjects", "± folds", "± seeds")]
            for row, own in cells.items():
                line = found.get((row, metric))
                own += [mean(line, "%"), *(_percent((line or {}).get(f"std_{key}", "")) for key in ("folds", "seeds"))]  # fmt: skip
        title = titles.get(testset, testset)
        made.append(Table(counted(title, lines), columns, bodies(kinds, cells), picks={TESTSET: title}))
    return made
