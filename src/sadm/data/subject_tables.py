"""Tables of subjects as people keep them: text with tabs, semicolons or commas, and workbooks; each row by the names of its columns.

A line is a row: quotes never join lines. A line with more or fewer cells than the head would give values to the wrong
subject, and is an error.
"""

import csv
import io
import json
import os
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.runtime.errors import DataError
from sadm.runtime.files import unreadable

SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", "|": "bar"}
LARGEST = 50_000_000  # bytes of a table, and those that an .xlsx may unpack to: IXI's has under a million
LINES, COLUMNS = 100_000, 1000  # of a workbook
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
LETTER_AND_DIGIT = re.compile(r"[A-Za-z].*[0-9]")
UNREADABLE = "A table of subjects cannot be read."
MEND = "mend or remove it"


@dataclass(frozen=True)
class Sheet:
    """A table of subjects: ``names`` of its columns in lower case, ``rows`` of as many cells, ``subject`` the column of ids.

    ``about``: what the JSON sidecar says of the columns (BIDS: Units, Levels), by their names in lower case.
    """

    path: str
    names: list[str]
    rows: list[list[str]]
    subject: int
    about: dict[str, dict[str, Any]]

    def columns(self, names: Iterable[str]) -> list[int]:
        """The columns called by the first of ``names`` that there is: several where only letter case tells them apart."""
        found = ([n for n, own in enumerate(self.names) if own == name] for name in names)
        return next((each for each in found if each), [])


def read_sheet(path: str, subject: Sequence[str]) -> Sheet:
    """The table at ``path`` (text, .xlsx, .xls); ``subject``: names of the column of ids, in lower case.

    Raises DataError: no file, not readable, too large, no column of subjects, a line with more or fewer cells than the head.
    """
    if cause := unreadable(path):
        raise DataError(UNREADABLE, file=path, cause=cause, fix="check the path, or remove it")
    if (size := Path(path).stat().st_size) > LARGEST:
        raise DataError(UNREADABLE, file=path, cause=f"{size} bytes, at most {LARGEST}", fix=MEND)
    book = Path(path).suffix.lower() in (".xls", ".xlsx")
    lines = _workbook(path) if book else _text(path, subject)
    lines = [(number, cells) for number, cells in lines if any(cells)]
    if not lines:
        raise DataError(UNREADABLE, file=path, cause="it is empty", fix=MEND)
    names = [name.lower() for name in _trimmed(lines[0][1])]
    column = next((names.index(name) for name in subject if name in names), None)
    if column is None:
        # Not the columns it has: without a header line these are the first patient.
        cause = f"none of its {len(names)} columns is {' or '.join(map(repr, subject))}"
        cause += "" if book else f" (parted by {', '.join(SEPARATORS.values())})"
        raise DataError(
            "A table of subjects has no column of subjects.",
            file=path,
            cause=cause,
            fix="name the column in the first line",
        )
    if book:  # which stores no empty cells at the end of a row
        lines = [(number, [*cells, *[""] * (len(names) - len(cells))]) for number, cells in lines]
    return Sheet(path, names, _square(path, lines[1:], len(names)), column, _sidecar(path))


def _trimmed(cells: Sequence[str]) -> list[str]:
    """``cells`` without the empty ones at the end."""
    kept = list(cells)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _square(path: str, lines: Sequence[tuple[int, list[str]]], width: int) -> list[list[str]]:
    """The cells of ``lines`` as rows of ``width``; separators at the end of a line are none. Raises DataError for other lines."""
    for number, cells in lines:
        count = len(cells) if len(cells) < width else len(_trimmed(cells))
        if count < width <= len(cells):
            count = width
        if count != width or _numbered(lines, width):
            cause = f"line {number} has {max(count, len(cells))} cells, the first line {width}"
            fix = (
                "give each column a name, also that of the rows' numbers (R: row.names=FALSE), and each line as many cells; "
                "put a text with separators or decimal commas into quotes, without line breaks"
            )
            raise DataError(UNREADABLE, file=path, cause=cause, fix=fix)
    return [cells[:width] for _, cells in lines]


def _numbered(lines: Sequence[tuple[int, list[str]]], width: int) -> bool:
    """Whether a column without a name, with the numbers of the rows, comes before the others, the last of which is empty."""
    rows = [cells for _, cells in lines]
    first = [cells[0] for cells in rows] == [str(n) for n in range(1, len(rows) + 1)]
    named = all(len(cells) > max(width, 1) and LETTER_AND_DIGIT.search(cells[1]) for cells in rows)
    return width > 1 and first and named


def _text(path: str, subject: Sequence[str]) -> list[tuple[int, list[str]]]:
    content = Path(path).read_bytes()
    coding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(coding)
    except UnicodeDecodeError as error:
        raise DataError(UNREADABLE, file=path, cause=str(error), fix="save it as UTF-8") from None
    if "\0" in text:
        raise DataError(UNREADABLE, file=path, cause="it is no text: it has bytes of value 0", fix=MEND)
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        return []
    heads = {separator: [cell.lower() for cell in _cells(lines[0][1], separator)] for separator in SEPARATORS}
    fitting = [separator for separator, head in heads.items() if set(head) & set(subject)]
    separator = max(fitting or heads, key=lambda each: len(heads[each]))
    return [(number, _cells(line, separator)) for number, line in lines]


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line; a quote without its other half is a letter like any other."""
    if line.count('"') % 2:
        cells = line.split(separator)
    else:
        (cells,) = csv.reader([line], delimiter=separator)
    return [cell.strip().strip('"').strip() for cell in cells]


def _workbook(path: str) -> list[tuple[int, list[str]]]:
    """The cells of the first sheet. Raises DataError; damaged workbooks make the readers raise almost anything."""
    try:
        with open(path, "rb") as stream:
            old = stream.read(4) == OLD_EXCEL
        return _old_excel(path) if old else _excel(path)
    except Exception as error:
        raise DataError(UNREADABLE, file=path, cause=str(error) or type(error).__name__, fix=MEND) from error


def _excel(path: str) -> list[tuple[int, list[str]]]:
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no workbook")
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > LARGEST:
        raise ValueError(f"it unpacks to {unpacked} bytes, at most {LARGEST}")
    import openpyxl

    with open(path, "rb") as stream:  # by its name openpyxl would refuse one that is called .xls
        sheet = openpyxl.load_workbook(stream, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # what it says of its size is not believed
        rows = _bounded(sheet.iter_rows(max_row=LINES + 1, values_only=True))
        return [(number, [_cell(value) for value in row]) for number, row in rows]


def _bounded(rows: Iterable[Sequence[Any]]) -> Iterable[tuple[int, Sequence[Any]]]:
    """The ``rows`` that are not empty, numbered. Raises ValueError if one is too far away or too long."""
    for number, row in enumerate(rows, 1):
        if number > LINES or len(row) > COLUMNS:
            raise ValueError(f"it has cells beyond row {LINES} or column {COLUMNS}")
        if any(value is not None for value in row):
            yield number, row


def _old_excel(path: str) -> list[tuple[int, list[str]]]:
    import xlrd

    with open(path, "rb") as stream:
        book = xlrd.open_workbook(file_contents=stream.read(), ragged_rows=True, logfile=io.StringIO())
    sheet = book.sheet_by_index(0)
    return [(n + 1, [_cell(value) for value in sheet.row_values(n)]) for n in range(sheet.nrows)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value).strip()


def _sidecar(path: str) -> dict[str, dict[str, Any]]:
    """What the JSON file beside the table says of its columns. Raises DataError if it is none."""
    file = Path(path).with_suffix(".json")
    if not os.path.exists(file):
        return {}
    try:
        said = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            "The sidecar of a table of subjects cannot be read.", file=file, cause=str(error), fix=MEND
        ) from error
    columns = said.items() if isinstance(said, dict) else ()
    return {str(name).lower(): about for name, about in columns if isinstance(about, dict)}
