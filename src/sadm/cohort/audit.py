"""The audit: no subject and no image is on two sides, within a data set or across data sets, and nothing was fitted on a test scan.

A subject is its id but for case, separators and leading zeros: IXI002, ixi_2 and sub-IXI02 are one. An image is its
voxels, whatever their order in the file (`sadm.cohort.examine.fingerprint`). Subjects of two data sets are told apart by the data set.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from sadm.cohort.prints import copies
from sadm.cohort.splits import SHEET, read, read_splits
from sadm.runtime.errors import SplitError
from sadm.runtime.files import real, write_table

COLUMNS = ("dataset", "fold", "set", "scans", "subjects")
IDENTITY = ("row", "fold", "seed", "testset")  # of a line of scores or thresholds
SUBSET = "subset_greedy"  # the one kind that is fitted on training scans, as the released test does, in a table of its own
ORACLE = "testset"  # the one kind of threshold that is fitted on test scans, and says so (`sadm.evaluation.thresholds`)
Row = Mapping[str, str]


class Use(NamedTuple):
    """The ``scans`` of a data set that a run's scores or one of its thresholds saw, and the ``set`` that they must be in ("train or val": either)."""

    row: str
    fold: str
    seed: str
    testset: str
    use: str
    dataset: str
    set: str
    scans: Sequence[str]


def identity(subject: str) -> str:
    """What two spellings of one subject's id share: its letters in lower case and its numbers without leading zeros."""
    plain = unicodedata.normalize("NFC", subject).lower().removeprefix("sub-")
    parts = re.findall(r"[^\W\d_]+|\d+", plain)
    return " ".join(part.lstrip("0") or "0" for part in parts)


def audit(
    splits: Sequence[str | Path],
    sheets: Sequence[str | Path],
    out: str | Path,
    prints: Sequence[str | Path] = (),
) -> None:
    """Audit ``splits`` with the ``sheets`` of the same data sets; write the counts to ``out`` (tsv).

    ``prints``: tables of prints of the same data sets (`sadm.cohort.prints`). Raises SplitError that names every subject or image that is in two sets of a fold, in the test set of one fold and
    trained or validated on in another, or in two data sets; every scan that is listed twice, that the sheet does not have, or
    that it has under another subject.
    """
    known = _grouped((row for sheet in sheets for row in read(sheet, (*SHEET, "sha256"))), "dataset")
    dealt = _grouped((row for split in splits for row in read_splits(split)), "dataset")
    single = sorted(known.keys() ^ dealt.keys())
    problems = [f"{name}: it has a sheet or splits, not both" for name in single]
    problems += [problem for name, sheet in known.items() for problem in within(sheet, dealt[name])]
    problems += across(row for sheet in known.values() for row in sheet)
    problems += copied(row for path in prints for row in read(path, ("dataset", "scan", "print")))
    fix = "remove the repeated scans from the data sets; if a splits file was edited by hand, delete it and run again"
    _refuse("The splits overlap", problems, fix)
    lines = [{"dataset": name, **line} for name, split in dealt.items() for line in counts(split)]
    write_table(lines, COLUMNS, out)


def audit_used(
    scores: Iterable[str | Path],
    thresholds: Iterable[str | Path],
    healthy: Iterable[str | Path],
    splits: Iterable[str | Path],
    sources: Mapping[str, str],
    calm: str,
    out: str | Path,
    released: Iterable[str | Path] = (),
) -> None:
    """Audit what was measured and fitted; write the counts to ``out`` (tsv).

    ``scores``, ``thresholds``, ``healthy`` and ``released``: files of all runs (`sadm.evaluation.evaluate`); ``splits``: of all data sets;
    ``sources``: {test set: data set of its scans}; ``calm``: the healthy data set. Raises SplitError that names every scan
    that was scored and is no test scan of its fold, and every threshold that was fitted on anything but validation scans of
    its fold, or does not tell on what; only the kind `ORACLE` is fitted on test scans. The kind `SUBSET` may have seen the whole annotated subset, training scans
    included; it is allowed in ``released`` and nowhere else, and no other kind is there.
    """
    parts = {(r["scan"], r["dataset"], r["fold"]): r["set"] for path in splits for r in read_splits(path)}
    uses = [
        Use(**run, use="scores", dataset=sources[run["testset"]], set="test", scans=seen)
        for run, seen in _seen(scores, IDENTITY)
    ]
    uses += [
        Use(**run, testset=calm, use="healthy", dataset=calm, set="test", scans=seen)
        for run, seen in _seen(healthy, IDENTITY[:3])
    ]
    ours = [line for path in thresholds for line in read(path)]
    theirs = [line for path in released for line in read(path)]
    fitted = [*ours, *theirs]
    uses += [_fitted(line) for line in fitted]
    problems = [
        f"{line['row']}, fold {line['fold']}, {line['testset']}: threshold {line['kind']} is not for that table"
        for lines, allowed in ((ours, False), (theirs, True))
        for line in lines
        if (line["kind"] == SUBSET) != allowed
    ]
    problems += [
        f"{line['row']}, fold {line['fold']}, {line['testset']}: threshold {line['kind']} does not tell what it was fitted on"
        for line in fitted
        if not line["scans"] and not math.isnan(real(line, "value"))
    ]
    for use in uses:
        for scan in use.scans:
            if (found := parts.get((scan, use.dataset, use.fold), "no set")) not in use.set.split(" or "):
                where = f"{use.row}, fold {use.fold}, {use.testset}: {use.use} saw {use.dataset}/{scan}"
                problems.append(f"{where}, which is in {found}, not {use.set}")
    fix = "delete the folders of the scores and maps, and run again"
    _refuse("Scans were used that must not be", problems, fix)
    write_table((use._asdict() | {"scans": len(use.scans)} for use in uses), Use._fields, out)


def _seen(files: Iterable[str | Path], columns: Sequence[str]) -> list[tuple[dict[str, str], list[str]]]:
    """The scans in the tables ``files``, each once, by their values of ``columns``."""
    seen: dict[tuple[tuple[str, str], ...], dict[str, None]] = defaultdict(dict)
    for path in files:
        for line in read(path):
            seen[tuple((column, line[column]) for column in columns)][line["scan"]] = None
    return [(dict(key), list(scans)) for key, scans in seen.items()]


def _fitted(line: Row) -> Use:
    """What a threshold was fitted on."""
    scans = [scan for scan in line["scans"].split(",") if scan]
    part = {ORACLE: "test", SUBSET: "train or val"}.get(line["kind"], "val")
    run = {name: line[name] for name in IDENTITY}
    return Use(**run, use=line["kind"], dataset=line["dataset"], set=part, scans=scans)


def within(sheet: Sequence[Row], split: Sequence[Row]) -> list[str]:
    """Overlaps between the sets of one data set, by subject and by image, and rows of the splits that do not fit its sheet."""
    known = {row["scan"]: row for row in sheet}
    name = sheet[0]["dataset"]
    listed = Counter((row["scan"], row["fold"], row["set"]) for row in split)
    problems = [
        f"{name}: {scan} is twice in {part} of fold {fold}"
        for (scan, fold, part), n in listed.items()
        if n > 1
    ]
    strangers = sorted({row["scan"] for row in split} - set(known))
    problems += [f"{name}: {scan} is in the splits, not in the sheet" for scan in strangers]
    rows = [{**known[row["scan"]], **row} for row in split if row["scan"] in known]
    renamed = {
        (row["scan"], row["subject"]) for row in rows if row["subject"] != known[row["scan"]]["subject"]
    }
    problems += [
        f"{name}: {scan} is of subject {subject} in the splits, of {known[scan]['subject']} in the sheet"
        for scan, subject in sorted(renamed)
    ]
    rows = [{**row, "who": identity(known[row["scan"]]["subject"])} for row in rows]
    for what, column in (("subject", "who"), ("image", "sha256")):
        for key, group in _grouped(rows, column).items():
            scans = sorted({row["scan"] for row in group})
            if (sides := _leak(group)) and (what == "subject" or len(scans) > 1):
                shown = "/".join(sorted({row["subject"] for row in group})) if what == "subject" else key[:16]
                problems.append(f"{name}: {what} {shown} ({', '.join(scans)}) is in {sides}")
    return problems


def across(sheets: Iterable[Row]) -> list[str]:
    """Images that occur in two data sets, by the sha256 of their voxels: they would be on any two sides at once."""
    problems = []
    for key, group in _grouped(sheets, "sha256").items():
        if len({row["dataset"] for row in group}) > 1:
            places = " and ".join(f"{row['dataset']}/{row['scan']} ({row['t1']})" for row in group)
            problems.append(f"image {key[:16]} is {places}")
    return problems


def copied(prints: Iterable[Row]) -> list[str]:
    """Heads that occur in two data sets, their values scaled or shifted: the check of one data set does not see them."""
    rows = {f"{row['dataset']}/{row['scan']}": row for row in prints}
    return [
        f"{one} ({rows[one]['t1']}) and {other} ({rows[other]['t1']}) are one head, its values scaled or shifted"
        for one, other, _ in copies({name: row["print"] for name, row in rows.items()})
        if rows[one]["dataset"] != rows[other]["dataset"]
    ]


def shared(rows: Iterable[Row], column: str) -> dict[tuple[str, str, str], list[str]]:
    """What the sets of each fold share in ``column``: {(fold, set, set): sorted values}, for every two sets of a fold."""
    sets: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        sets[row["fold"], row["set"]].add(row[column])
    pairs = [(a, b) for a, b in combinations(sorted(sets), 2) if a[0] == b[0]]
    return {(a[0], a[1], b[1]): sorted(sets[a] & sets[b]) for a, b in pairs}


def counts(split: Iterable[Row]) -> list[dict[str, str | int]]:
    """Fold, set, scans and subjects of each set of a splits file, sorted."""
    rows = [(int(row["fold"]), row["set"], row["subject"]) for row in split]
    scans, subjects = Counter(row[:2] for row in rows), Counter(row[:2] for row in set(rows))
    return [
        {"fold": fold, "set": part, "scans": scans[fold, part], "subjects": subjects[fold, part]}
        for fold, part in sorted(scans)
    ]


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _leak(group: Iterable[Row]) -> str:
    """The sets that the rows of one subject or image must not share, "" if they may."""
    folds = defaultdict(set)
    for row in group:
        folds[row["fold"]].add(row["set"])
    sides = defaultdict(list)
    for fold, sets in sorted(folds.items()):
        if len(sets) > 1:
            sides[" and ".join(sorted(sets))].append(f"fold {fold}")
    if sides:
        return "; ".join(f"{sets} of {', '.join(where)}" for sets, where in sides.items())
    sets = set().union(*folds.values())
    return f"{' and '.join(sorted(sets))} of different folds" if "test" in sets and len(sets) > 1 else ""


def _refuse(what: str, problems: Sequence[str], fix: str) -> None:
    if problems:
        raise SplitError(
            f"{what}: {len(problems)} cases.",
            cause="".join(f"\n    {problem}" for problem in problems),
            fix=fix,
        )
