"""The audit of splits that others published as csv files, one a set and fold.

    sadm audit-csv --train IXI_train_fold*.csv --val IXI_val_fold*.csv --test IXI_test.csv

Each file lists the images of one set in the column img_name; one test file stands for all folds. An image is known by its name,
a subject by the part of it that the released names have (IXI105, BraTS2021_00538, r009s085). All overlaps are named, and
counted by fold; the exit code is 1 if there are any.
"""

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sadm.cohort.audit import identity, shared, within
from sadm.data.base import stem
from sadm.data.released import SUBJECT
from sadm.runtime.errors import DataError

COLUMN = "img_name"
NAMED = 12  # names shown of one overlap


def rows(
    files: Mapping[str, Sequence[str | Path]], subject: re.Pattern[str] = SUBJECT
) -> list[dict[str, str]]:
    """The rows of a splits table (scan, subject, fold, set) that csv ``files`` {set: one a fold, or one for all} stand for.

    A line that is twice in a file is one row. Raises DataError for a file that cannot be read, has no img_name, or has a name
    without a ``subject``, and if the sets have different numbers of folds.
    """
    folds = max(map(len, files.values()))
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for part, paths in files.items():
        if len(paths) not in (1, folds):
            raise DataError(
                f"Set {part!r} has {len(paths)} files.",
                cause=f"another has {folds}",
                fix="give one file a fold, or one for all folds",
            )
        for fold in range(folds):
            for name in names(paths[fold % len(paths)]):
                if not (match := subject.search(name)):
                    raise DataError("An image name has no subject.", cause=name, fix="give --subject")
                key = (name, str(fold), part)
                found[key] = {"scan": name, "subject": match[0], "fold": str(fold), "set": part}
    return list(found.values())


def names(path: str | Path) -> list[str]:
    """The image names of a csv file, without .nii.gz. Raises DataError."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            if COLUMN not in (table.fieldnames or []):
                cause = f"its columns are {', '.join(table.fieldnames or ['none'])}"
                raise DataError(
                    f"A csv file has no column {COLUMN}.", file=path, cause=cause, fix="rename the column"
                )
            return [_name(row[COLUMN], path, table.line_num) for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            "A csv file cannot be read.", file=path, cause=str(error), fix="check the path"
        ) from error


def _name(cell: str | None, path: str | Path, line: int) -> str:
    if not cell or not cell.strip():
        cause = f"line {line} has no {COLUMN}"
        raise DataError("A csv file is not what it should be.", file=path, cause=cause, fix="mend the line")
    return stem(cell.strip())


def problems(split: Iterable[Mapping[str, str]]) -> list[str]:
    """Every subject and image on two sides, named, as `sadm.cohort.audit` finds them."""
    split = list(split)
    sheet = [
        {"dataset": "csv", "scan": r["scan"], "subject": r["subject"], "sha256": r["scan"]} for r in split
    ]
    return within(sheet, split)


def summary(split: Iterable[Mapping[str, str]]) -> list[str]:
    """One line for each two sets of a fold: how many images and subjects they share, and which."""
    who = [{**row, "who": identity(row["subject"])} for row in split]
    images, subjects = shared(who, "scan"), shared(who, "who")
    lines = []
    for (fold, one, other), found in subjects.items():
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        named = f": {', '.join(found[:NAMED])}{more}" if found else ""
        count = len(images[fold, one, other])
        lines.append(f"fold {fold}: {one} and {other} share {len(found)} subjects, {count} images{named}")
    return lines


def main(arguments: Sequence[str]) -> None:
    """The command; see the module."""
    parser = argparse.ArgumentParser("sadm audit-csv", description="Audit published csv splits.")
    for part in ("train", "val", "test"):
        parser.add_argument(
            f"--{part}", nargs="+", default=[], metavar="CSV", help="one a fold, or one for all"
        )
    parser.add_argument(
        "--subject", default=SUBJECT.pattern, help="regular expression of a subject's id in a name"
    )
    given = parser.parse_args(arguments)
    files = {part: getattr(given, part) for part in ("train", "val", "test") if getattr(given, part)}
    split = rows(files, re.compile(given.subject)) if files else []
    found = problems(split) if split else []
    print(*summary(split), *found, f"{len(found)} overlaps.", sep="\n")
    sys.exit(bool(found))
