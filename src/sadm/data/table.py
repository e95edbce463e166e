"""A table of scans, CSV or TSV: one line a scan, each file by its path, relative to the table.

t1,subject,session,lesion,brain_mask,site,age,sex
p07/T1.nii.gz,p07,,p07/lesion.nii.gz,,Rome,61,F

Only t1 is needed; without a column subject the subject is the T1's name. What else lies beside the table is not its business.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sadm.data import base
from sadm.data.subject_tables import Sheet, read_sheet
from sadm.data.subjects import People, described
from sadm.data.tree import Entry, Tree, readable, voxels
from sadm.runtime.errors import DataError

SPACE = "native"
STRIPPED = False
TREE = "a table of scans"
ANY = True  # is no tree that others would know
BY_OPTION = {"space": {"sri24": {"SPACE": "sri24"}}, "stripped": {True: {"STRIPPED": True}}}
TEXTS = (".csv", ".tsv", ".txt")
T1 = ("t1",)
COLUMNS = ("t1", "subject", "session", "lesion", "brain_mask", "site", "age", "sex")
ALSO = {"subject": ("participant_id", "subject_id"), "session": ("session_id",), "brain_mask": ("mask",)}


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    path: str = ""  # the table
    space: Literal["native", "sri24"] = "native"  # sri24 where the scans lie in the space of SRI24
    stripped: bool = False  # whether the scans come without skull


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every line of the table that names a T1. Raises DataError: no table, no column t1, no scan, an unknown form, equal names."""
    sheet, place = _sheet(options), Path(options["path"]).parent
    known, found = described(sheet, []), []
    for row, person in zip(_rows(sheet), known, strict=True):
        if not row["t1"]:
            continue
        files = {kind: _path(place, row[kind]) for kind in ("t1", "lesion", "brain_mask")}
        subject = row["subject"].removeprefix("sub-") or base.stem(files["t1"])
        about = {"age": person["age"], "sex": person["sex"], "site": row["site"]}
        found.append(base.Scan(dataset, subject, row["session"].removeprefix("ses-"), **files, **about))
    if odd := [
        path
        for scan in found
        for path in base.files_of(scan)
        if not readable(path) and not path.lower().endswith((".img", ".img.gz"))
    ]:
        raise DataError(
            "A table names files that are no images.",
            file=options["path"],
            cause=", ".join(odd[:5]) + (f" and {len(odd) - 5} more" if len(odd) > 5 else ""),
            fix="name images: .nii.gz, .nii, .mgz, .hdr, .nrrd, .mha",
        )
    return base.checked(found, place, f"line of {Path(options['path']).name} that names a T1", options)


def _sheet(options: Mapping[str, Any]) -> Sheet:
    path = str(options["path"])
    if os.path.isdir(path) or not path or not os.path.exists(path):
        cause = "a folder, not a file" if os.path.isdir(path) else "no such folder or file"
        raise DataError(
            "A table is not there.",
            file=path or "(no path)",
            cause=cause,
            fix="set options.path to a CSV or TSV",
        )
    if not path.lower().endswith(TEXTS):
        raise DataError(
            "A table is no text.",
            file=path,
            cause=f"its name does not end in {' or '.join(TEXTS)}",
            fix="save it as CSV",
        )
    return read_sheet(path, T1)


def _rows(sheet: Sheet) -> Iterator[dict[str, str]]:
    """The cells of each line by the names of the columns, "" where there is none."""
    places = {name: sheet.columns([name, *ALSO.get(name, ())])[:1] for name in COLUMNS}
    for row in sheet.rows:
        cells = {name: row[at[0]] if at else "" for name, at in places.items()}
        yield {name: "" if cell.lower() in ("n/a", "na", "none") else cell for name, cell in cells.items()}


def _path(place: Path, cell: str) -> str:
    return str(place / Path(cell).expanduser()) if cell else ""


def files(options: Mapping[str, Any]) -> Tree:
    """The files that the lines of the table name."""
    place = Path(options["path"]).parent
    tree, named = Tree(str(place)), dict[str, None]()
    for row in _rows(_sheet(options)):
        for cell in (row["t1"], row["lesion"], row["brain_mask"]):
            if path := _path(place, cell):
                named |= dict.fromkeys(filter(None, (path, voxels(path))))
    dead = {path: os.path.islink(path) and not os.path.exists(path) for path in named}
    tree.entries = sorted(Entry(os.path.relpath(path, place), "dead" if dead[path] else "") for path in named)
    return tree


def why(path: str, options: Mapping[str, Any]) -> str:
    """Why a file that the table names is not used."""
    return "a brain mask or a file of a line without a T1: no step uses it"


def about(options: Mapping[str, Any]) -> list[str]:
    """That other files are not looked at; and columns that are not read."""
    sheet = _sheet(options)
    known = {*COLUMNS, *(name for names in ALSO.values() for name in names)}
    others = [name for name in sheet.names if name not in known]
    notes = [
        f"the files are those that {Path(options['path']).name} names; others beside it are not looked at"
    ]
    return [*notes, f"columns that are not read: {', '.join(others)}"] if others else notes


def subjects(options: Mapping[str, Any]) -> list[str]:
    """The subjects of all lines."""
    return [row["subject"].removeprefix("sub-") for row in _rows(_sheet(options)) if row["subject"]]


def tables(options: Mapping[str, Any]) -> list[str]:
    """The table itself."""
    return [str(options["path"])]


def demographics(options: Mapping[str, Any]) -> People:
    """Nobody: each scan tells its own age, sex and site; what of them cannot be read is in the notes."""
    found = People()
    described(_sheet(options), found.notes)
    return found


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is a text with a column t1."""
    if not (path.is_file() and path.name.lower().endswith(TEXTS)):
        return []
    try:
        _sheet({"path": str(path)})
    except DataError:
        return []
    return [{"path": str(path)}]
