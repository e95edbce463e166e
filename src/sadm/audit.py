"""The audit of the splits: no subject and no image is on two sides, within a data set or across data sets."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sadm.errors import SplitError
from sadm.io import atomic
from sadm.splits import SHEET, read, read_splits

COLUMNS = ("dataset", "fold", "set", "scans", "subjects")
Row = Mapping[str, str]


def audit(splits: Sequence[str | Path], sheets: Sequence[str | Path], out: str | Path) -> None:
    """Audit ``splits`` with the ``sheets`` of the same data sets, in the same order; write the counts to ``out`` (tsv).

    Raises SplitError that names every subject or image that is in two sets of a fold, in the test set of one fold and
    trained or validated on in another, or in two data sets, and every scan that the sheet does not have.
    """
    tables = [(read(sheet, SHEET), read_splits(split)) for sheet, split in zip(sheets, splits, strict=True)]
    problems = [problem for sheet, split in tables for problem in within(sheet, split)]
    problems += across([row for sheet, _ in tables for row in sheet])
    if problems:
        fix = "remove the repeated scans from the data sets; if a splits file was edited by hand, delete it and run again"
        what = f"The splits overlap: {len(problems)} cases."
        raise SplitError(what, cause="".join(f"\n    {problem}" for problem in problems), fix=fix)
    with atomic(out) as tmp, open(tmp, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for sheet, split in tables:
            writer.writerows((sheet[0]["dataset"], *line) for line in counts(split))


def within(sheet: Sequence[Row], split: Sequence[Row]) -> list[str]:
    """Overlaps between the sets of one data set, by subject and by image, and scans that its sheet does not have."""
    known = {row["scan"]: row for row in sheet}
    name = sheet[0]["dataset"]
    strangers = sorted({row["scan"] for row in split} - set(known))
    problems = [f"{name}: {scan} is in the splits, not in the sheet" for scan in strangers]
    rows = [{**row, **known[row["scan"]]} for row in split if row["scan"] in known]
    for what, column in (("subject", "subject"), ("image", "sha256")):
        for key, group in _grouped(rows, column).items():
            scans = sorted({row["scan"] for row in group})
            if (sides := _leak(group)) and (what == "subject" or len(scans) > 1):
                problems.append(f"{name}: {what} {key[:16]} ({', '.join(scans)}) is in {sides}")
    return problems


def across(sheets: Iterable[Row]) -> list[str]:
    """Images that occur in two data sets, by the sha256 of their voxels: they would be on any two sides at once."""
    problems = []
    for key, group in _grouped(sheets, "sha256").items():
        if len({row["dataset"] for row in group}) > 1:
            places = " and ".join(f"{row['dataset']}/{row['scan']} ({row['t1']})" for row in group)
            problems.append(f"image {key[:16]} is {places}")
    return problems


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
    for fold, sets in folds.items():
        if len(sets) > 1:
            return f"{' and '.join(sorted(sets))} of fold {fold}"
    sets = set().union(*folds.values())
    return f"{' and '.join(sorted(sets))} of different folds" if "test" in sets and len(sets) > 1 else ""
