"""Reading back what `sadm.evaluation.evaluate` wrote. Each file tells its row, fold, seed and test set: reading many is a concatenation."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE, read_table
from sadm.study.layout import Layout

RUN = ("row", "fold", "seed")  # what tells a run; the seed is a number from 1
NAMES = ("row", "testset", "scan", "scans", "kind", "dataset", "binary")  # columns that are never numbers
Key = tuple[str | int, ...]


def read_scores(files: Iterable[str | Path], layout: Layout) -> pd.DataFrame:
    """All scores, a line a test volume: row, fold, seed, testset, scan, and the measures (results/README.md).

    The lines are in the order of `Layout.runs`, and test sets within, whatever the order of ``files``. Raises DataError that
    names the file: a table that is none, a run that is there twice or of another study, a scan that is there twice, a row that
    was measured on other scans of a test set than the first; and if a run is missing.
    """
    wanted = [(*run, testset) for run in layout.runs for testset in layout.testsets]
    found = _by_key(files, (*RUN, "testset"), wanted)
    first = dict[str, list[str]]()
    for key in wanted:
        file, table = found[key]
        scans, cause = sorted(table["scan"]), _said(key)
        if len(set(scans)) < len(scans):
            raise DataError("A scan was measured twice.", file=file, cause=cause, fix=REMAKE)
        if scans != first.setdefault(str(key[-1]), scans):
            fix = "delete the folder of the scores and run again"
            raise DataError("Two rows were measured on different scans.", file=file, cause=cause, fix=fix)
    return pd.concat([found[key][1] for key in wanted], ignore_index=True)


def read_runs(files: Iterable[str | Path], layout: Layout) -> pd.DataFrame:
    """All lines of the ``files`` of one kind (thresholds, pooled, healthy), in the order of `Layout.runs`, then as in the files.

    Raises DataError that names the file: a table that is none, a run that is there twice or of another study; and if a run is
    missing.
    """
    found = _by_key(files, RUN, layout.runs)
    return pd.concat([found[run][1] for run in layout.runs], ignore_index=True)


def _by_key(
    files: Iterable[str | Path], columns: Sequence[str], wanted: Sequence[Key]
) -> dict[Key, tuple[str | Path, pd.DataFrame]]:
    """File and lines of each of the ``wanted`` values of ``columns``."""
    found: dict[Key, tuple[str | Path, pd.DataFrame]] = {}
    for file in files:
        for key, lines in _read(file, columns).groupby(list(columns), sort=False):
            if key in found:
                cause = f"{_said(key)} is in {found[key][0]}, too"
                raise DataError("A run is there twice.", file=file, cause=cause, fix="delete one of the two")
            if key not in wanted:
                raise DataError("A run is of another study.", file=file, cause=_said(key), fix=REMAKE)
            found[key] = (file, lines)
    if missing := [key for key in wanted if key not in found]:
        cause = f"nothing tells {_said(missing[0])}" + (
            f" and {len(missing) - 1} more" if missing[1:] else ""
        )
        raise DataError("A run is missing.", cause=cause, fix="delete the folder of its scores and run again")
    return found


def _read(file: str | Path, columns: Sequence[str]) -> pd.DataFrame:
    """A table that has ``columns`` and a line, with numbers but in NAMES. Raises DataError."""
    table = pd.DataFrame(read_table(file, columns))
    try:
        return table.assign(**{name: _numbers(table[name]) for name in table if name not in NAMES})
    except ValueError as error:
        raise DataError("A table has text for a number.", file=file, cause=str(error), fix=REMAKE) from error


def _numbers(cells: pd.Series) -> pd.Series:
    """Whole numbers as int64, others, nan among them, as float64. Raises ValueError for text."""
    try:
        return cells.astype("int64")
    except ValueError:
        return cells.astype("float64")


def _said(key: Key) -> str:
    row, fold, seed, *testset = key
    return f"{row}, fold {fold}, seed {seed}" + "".join(f", test set {name}" for name in testset)
