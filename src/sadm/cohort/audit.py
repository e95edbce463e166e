"""The audit: no subject and no image is on two sides, within a data set or across data sets, and nothing was fitted on a test scan.

A subject is its id but for case, separators and leading zeros: IXI002, ixi_2 and sub-IXI02 are one. An image is its
voxels, whatever their order in the file (`sadm.cohort.sheet.fingerprint`). Subjects of two data sets are told apart by the data set.
"""

import csv
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from sadm.cohort.splits import SHEET, read, read_splits
from sadm.runtime.errors import SplitError
from sadm.runtime.files import atomic
from sadm.study.runs import Run

COLUMNS = ("dataset", "fold", "set", "scans", "subjects")
USED = ("row", "fold", "seed", "testset", "use", "dataset", "set", "scans")
ORACLE = "testset"  # the one kind of threshold that is fitted on test scans, and says so (`sadm.evaluation.thresholds`)
Row = Mapping[str, str]


def identity(subject: str) -> str:
    """What two spellings of one subject's id share: its letters in lower case and its numbers without leading zeros."""
    parts = re.findall(r"[a-z]+|\d+", subject.lower().removeprefix("sub-"))
    return " ".join(part.lstrip("0") or "0" for part in parts)


def audit(splits: Sequence[str | Path], sheets: Sequence[str | Path], out: str | Path) -> None:
    """Audit ``splits`` with the ``sheets`` of the same data sets, in the same order; write the counts to ``out`` (tsv).

    Raises SplitError that names every subject or image that is in two sets of a fold, in the test set of one fold and
    trained or validated on in another, or in two data sets; every scan that is listed twice, that the sheet does not have, or
    that it has under another subject.
    """
    tables = [(read(sheet, SHEET), read_splits(split)) for sheet, split in zip(sheets, splits, strict=True)]
    problems = [problem for sheet, split in tables for problem in within(sheet, split)]
    problems += across([row for sheet, _ in tables for row in sheet])
    fix = "remove the repeated scans from the data sets; if a splits file was edited by hand, delete it and run again"
    _refuse("The splits overlap", problems, fix)
    lines = [(sheet[0]["dataset"], *line) for sheet, split in tables for line in counts(split)]
    _write(COLUMNS, lines, out)


def audit_used(
    scores: Mapping[tuple[str, int, int, str], str | Path],
    thresholds: Mapping[Run, str | Path],
    healthy: Mapping[Run, str | Path],
    splits: Mapping[str, str | Path],
    sources: Mapping[str, str],
    out: str | Path,
) -> None:
    """Audit what was measured and fitted; write the counts to ``out`` (tsv).

    ``scores``: {(row, fold, seed, test set): file}, ``thresholds`` and ``healthy``: {(row, fold, seed): file} (`sadm.evaluation.evaluate`); ``splits``: {data
    set: file}, the healthy one first; ``sources``: {test set: its data set}. Raises SplitError that names every scan that was
    scored and is no test scan of its fold, and every threshold that was fitted on anything but validation scans of its fold,
    or does not tell on what; only the kind `ORACLE` is fitted on test scans.
    """
    parts = {(r["scan"], name, int(r["fold"])): r["set"] for name, path in splits.items() for r in read(path)}
    calm = next(iter(splits))
    uses = [(*key, "scores", sources[key[3]], "test", _scans(path)) for key, path in scores.items()]
    uses += [(*key, calm, "healthy", calm, "test", _scans(path)) for key, path in healthy.items()]
    problems = []
    for key, path in thresholds.items():
        for line in read(path):
            scans = [scan for scan in line["scans"].split(",") if scan]
            part = "test" if line["kind"] == ORACLE else "val"
            uses.append((*key, line["testset"], line["kind"], line["dataset"], part, scans))
            if not scans and not math.isnan(float(line["value"])):
                problems.append(f"{path}: threshold {line['kind']} does not tell what it was fitted on")
    for row, fold, _, testset, use, dataset, part, scans in uses:
        for scan in scans:
            if (found := parts.get((scan, dataset, fold), "no set")) != part:
                problems.append(
                    f"{row}, fold {fold}, {testset}: {use} saw {dataset}/{scan}, which is in {found}, not {part}"
                )
    _refuse(
        "Scans were used that must not be",
        problems,
        "delete the folders of the scores and maps, and run again",
    )
    _write(USED, [(*use[:-1], len(use[-1])) for use in uses], out)


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


def shared(rows: Iterable[Row], column: str) -> dict[tuple[str, str, str], list[str]]:
    """What the sets of each fold share in ``column``: {(fold, set, set): sorted values}, for every two sets of a fold."""
    sets: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        sets[row["fold"], row["set"]].add(row[column])
    pairs = [(a, b) for a, b in combinations(sorted(sets), 2) if a[0] == b[0]]
    return {(a[0], a[1], b[1]): sorted(sets[a] & sets[b]) for a, b in pairs}


def counts(split: Iterable[Row]) -> list[tuple[int, str, int, int]]:
    """Fold, set, scans and subjects of each set of a splits file, sorted."""
    rows = [(int(row["fold"]), row["set"], row["subject"]) for row in split]
    scans, subjects = Counter(row[:2] for row in rows), Counter(row[:2] for row in set(rows))
    return [(*key, scans[key], subjects[key]) for key in sorted(scans)]


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


def _scans(path: str | Path) -> list[str]:
    return list(dict.fromkeys(row["scan"] for row in read(path)))


def _refuse(what: str, problems: Sequence[str], fix: str) -> None:
    if problems:
        raise SplitError(
            f"{what}: {len(problems)} cases.",
            cause="".join(f"\n    {problem}" for problem in problems),
            fix=fix,
        )


def _write(columns: Sequence[str], lines: Iterable[Sequence[object]], out: str | Path) -> None:
    with atomic(out) as tmp, open(tmp, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(lines)
