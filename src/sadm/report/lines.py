"""The lines of tables: of many files together, and by what a column says."""

from collections.abc import Iterable
from pathlib import Path

from sadm.runtime.files import read_table

Line = dict[str, str]


def read_all(files: Iterable[str | Path]) -> list[Line]:
    """The lines of all ``files``, one after the other. Raises DataError for a file that is no table."""
    return [line for file in files for line in read_table(file)]


def by(column: str, lines: Iterable[Line]) -> dict[str, list[Line]]:
    """``lines`` by what each says in ``column``, in the order of its first mention."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line[column], []).append(line)
    return found
