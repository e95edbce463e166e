"""The first screen: five sentences made of the numbers, and a sentence for each number that goes against what the paper expects."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sadm.report.blocks import number
from sadm.report.lines import Line, read_all
from sadm.report.measures import read_csv
from sadm.runtime.files import read_table
from sadm.statistics.claims import PAPER, TRIVIAL
from sadm.statistics.marks import holds
from sadm.study.layout import Layout

Files = Iterable[str | Path]
NAMES = {"dice": "Dice", "auprc": "AUPRC"}
NAMED = 3  # scans that failed, and rows, that are named
SLICES = 1600 * 358  # that the paper's cDDPM sees in a fold: epochs, healthy training scans
FOLDS, VOXEL = 5, 2.0  # of the paper; mm


def sentences(
    tables: Mapping[str, str | Path], excluded: Files, kept: Files, sheets: Files, layout: Layout,
    config: Mapping[str, Any], told: Mapping[str, Any],
) -> list[str]:  # fmt: skip
    """What leads, what is above the trivial scores, what failed a check, what the thresholds mean, how far from the paper's size.

    ``tables``: {name: file} of table1, audit and, where there are any, claims and summary; ``excluded``, ``kept``, ``sheets``: tables of the data
    sets; ``told`` as of `sadm.report.material.Material`.
    """
    lines = read_csv(tables["table1"])
    claims = read_table(tables["claims"]) if "claims" in tables else []
    summary = read_table(tables["summary"]) if "summary" in tables else []
    return [
        leading(lines, claims, layout),
        above(lines, claims, layout),
        failed(read_all(excluded), read_all(kept), read_all(sheets), layout),
        thresholds(lines, summary, layout),
        size(read_table(tables["audit"]), config, told, layout),
    ]


def best(lines: Mapping[str, Line], rows: Sequence[str], column: str) -> tuple[str, float]:
    """The one of ``rows`` with the largest mean in a column of table1.csv, and this mean; ("", 0) if none has one."""
    means = {row: number(lines[row][f"{column}_mean"]) for row in rows}
    known = {row: mean for row, mean in means.items() if mean is not None}
    row = max(known, key=known.__getitem__, default="")
    return row, known.get(row, 0.0)


def leading(lines: Mapping[str, Line], claims: Sequence[Line], layout: Layout) -> str:
    """The best row of each column, and whether its difference to the best trivial score holds."""
    said = []
    for testset in layout.testsets:
        rows: dict[str, list[str]] = {}
        for metric, name in NAMES.items():
            row, mean = best(lines, list(layout.rows), f"{testset}_{metric}")
            if row:
                claim = _claim(claims, testset, row, metric)
                rows.setdefault(row, []).append(f"{name} {mean:.1f} %{_difference(claim)}")
        parts = [f"{row} ({'; '.join(each)})" for row, each in rows.items()]
        said += [f"on {layout.titles[testset]} {' and '.join(parts)}"] if parts else []
    return f"Best rows, with the difference to the best trivial score: {', '.join(said)}."


def _claim(claims: Sequence[Line], testset: str, row: str, metric: str) -> Line | None:
    wanted = (TRIVIAL, testset, row, metric)
    return next((c for c in claims if (c["claim"], c["testset"], c["row"], c["metric"]) == wanted), None)


def _difference(claim: Line | None) -> str:
    difference = number(claim["difference"]) if claim else None
    if claim is None or difference is None:
        return ""
    return f", {100 * difference:+.1f}: {'holds' if holds(claim) else 'does not hold'}"


def above(lines: Mapping[str, Line], claims: Sequence[Line], layout: Layout) -> str:
    """How many rows are shown to be above the best trivial score, and what became of the paper's claims."""
    said = []
    for testset in layout.testsets:
        floor, mean = best(lines, layout.trivial, f"{testset}_dice")
        shown = [_claim(claims, testset, row, "dice") for row in layout.rows]
        count = sum(claim is not None and holds(claim) for claim in shown)
        if floor:
            said.append(f"{layout.titles[testset]} {count} of {len(layout.rows)} ({floor}, {mean:.1f} %)")
    text = f"Rows shown to be above the best score that learns nothing, by Dice: {', '.join(said) or 'not known'}."
    own = [line for line in claims if line["claim"] == PAPER and line["metric"] == "dice"]
    upheld = sum(map(holds, own))
    return text + (f" Of the paper's claims {upheld} of {len(own)} are upheld by Dice." if own else "")


def failed(excluded: Sequence[Line], kept: Sequence[Line], sheet: Sequence[Line], layout: Layout) -> str:
    """What failed a check, with the reasons of the first, and how many of those ``kept`` are unusual."""
    unusual = sum(bool(line.get("unusual")) for line in kept)
    said = f"{unusual} unusual {'one was' if unusual == 1 else 'ones were'} kept, " if unusual else ""
    last = f"{said}no subject, image or threshold is on two sides."
    if not excluded:
        return f"No scan failed a check ({len(sheet)} scans), {last if unusual else f'and {last}'}"
    named = [
        f"{layout.titles[line['dataset']]} {line['scan']} ({line['reasons']})" for line in excluded[:NAMED]
    ]
    more = f" and {len(excluded) - NAMED} more" if len(excluded) > NAMED else ""
    were = "scan failed a check and was" if len(excluded) == 1 else "scans failed a check and were"
    return f"{len(excluded)} of {len(sheet)} {were} left out: {'; '.join(named)}{more}; {last}"


def thresholds(lines: Mapping[str, Line], summary: Sequence[Line], layout: Layout) -> str:
    """What the choice of the threshold makes of the best rows."""
    found = {(line["testset"], line["row"], line["metric"]): number(line["mean"]) for line in summary}
    said = []
    for testset in layout.testsets:
        row, mean = best(lines, list(layout.rows), f"{testset}_dice")
        clinic = found.get((testset, row, "dice_validation"))
        if clinic is not None:
            said.append(f"{layout.titles[testset]} {100 * clinic:.1f} instead of {mean:.1f} % ({row})")
    text = "Best Dice takes each volume's threshold from its own label: an upper bound that no clinic has"
    return (
        f"{text}; at the threshold of the validation scans the best rows have {', '.join(said)}."
        if said
        else f"{text}."
    )


def size(audit: Sequence[Line], config: Mapping[str, Any], told: Mapping[str, Any], layout: Layout) -> str:
    """How far the study is from the paper's size, and what its scans are."""
    own = "Painted scans, no patients" if set(layout.painted) == set(config["datasets"]) else ""
    if ": " not in told["protocol"]:
        return f"{own or 'Size'}: the study has the paper's size (protocol: {protocol(told)})."
    voxel = config["grid"]["spacing"] * config["grid"]["downsample"]
    said = [f"voxels of {voxel:g} mm (the paper's: {VOXEL:g})", f"{layout.folds} of {FOLDS} folds"]
    if "cddpm" in told["trained"]:
        dataset, epochs, slices = told["trained"]["cddpm"]
        dealt = [int(line["scans"]) for line in audit if (line["dataset"], line["set"]) == (dataset, "train")]
        seen = epochs * slices * max(dealt, default=0)
        said.append(
            f"cDDPM trained on {seen:,} slices ({100 * seen / SLICES:.2g} % of the paper's {SLICES:,})"
        )
    return f"{own or 'Not the paper'}: {', '.join(said)}; protocol: {protocol(told)}, listed under The study."


def protocol(told: Mapping[str, Any]) -> str:
    """The protocol in short: its name, and the number of settings that differ."""
    name, _, keys = told["protocol"].partition(": ")
    return f"{name} for {len(keys.split(', '))} settings" if keys else name


def surprises(lines: Mapping[str, Line], claims: Sequence[Line], layout: Layout) -> list[str]:
    """A sentence a test set on what goes against the paper or against sense: rows below scores that learn nothing, claims reversed."""
    made = {testset: _surprises(testset, lines, claims, layout) for testset in layout.testsets}
    return [f"{layout.titles[testset]}: {'; '.join(said)}." for testset, said in made.items() if said]


def _surprises(testset: str, lines: Mapping[str, Line], claims: Sequence[Line], layout: Layout) -> list[str]:
    column, said = f"{testset}_dice", []
    means = {
        row: mean for row in layout.all_rows if (mean := number(lines[row][f"{column}_mean"])) is not None
    }
    trivial = {row: means[row] for row in layout.trivial if row in means}
    cddpm = next((row for row in layout.rows if layout.heads(row)[0].partition(" (")[0] == "cDDPM"), "")
    floor = max(trivial, key=trivial.__getitem__, default="")
    if floor and means.get(cddpm, 100) < trivial[floor]:
        said.append(
            f"cDDPM ({means[cddpm]:.1f} % Dice) is below {floor} ({trivial[floor]:.1f} %), which learns nothing"
        )
    chance = trivial.get("random", 0.0)
    under = [f"{row} ({means[row]:.1f} %)" for row in layout.rows if means.get(row, 100) < chance]
    if under:
        more = f" and {len(under) - NAMED} more" if len(under) > NAMED else ""
        verb = "is" if len(under) == 1 else "are"
        said.append(
            f"{', '.join(under[:NAMED])}{more} {verb} below random ({chance:.1f} %): nothing was learnt"
        )
    reversed_ = [
        f"{line['row']} is below {line['against']} by {-100 * difference:.1f} points"
        for line in claims
        if (line["testset"], line["claim"], line["metric"]) == (testset, PAPER, "dice")
        and (difference := number(line["difference"])) is not None
        and difference < 0
    ]
    return [*said, *([f"{', '.join(reversed_)}: the paper claims the opposite"] if reversed_ else [])]
