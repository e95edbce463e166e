"""Workbooks as people keep tables of subjects in, and cells that claim to lie far away."""

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import openpyxl

FAR = [
    b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row>',
    b'<row r="2000000000"><c r="A2000000000" t="n"><v>1</v></c></row>',
    b'<row r="4"><c r="XFD4" t="n"><v>1</v></c></row>',
]
SHEET = "xl/worksheets/sheet1.xml"


def workbook(path: Path, lines: Iterable[list[Any]], extra: bytes = b"") -> str:
    """An .xlsx of ``lines`` at ``path``, ``extra`` behind its last row as it is."""
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", extra + b"</sheetData>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return str(path)
