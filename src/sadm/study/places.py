"""By which names a BIDS data set knows scans, rows and source files."""

import os
import re
from pathlib import PurePath
from urllib.parse import quote


def folder(scan: str) -> str:
    """Where a scan lies in a data set: in "sub-07/ses-1" the scan "sub-07_ses-1", in "sub-07" the scan "sub-07". Raises ValueError."""
    if not re.fullmatch(r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?", scan):
        raise ValueError(f"{scan!r} is no name of a scan")
    return scan.replace("_", "/")


def label(row: str) -> str:
    """The letters and digits of the name of a row: a label in the name of a file has no others."""
    return re.sub(r"[^A-Za-z0-9]", "", row)


def raw(file: str, root: str) -> str:
    """The BIDS URI of a source file by its path in ``root``, the folder of its data set; by its name if it lies elsewhere."""
    inside = PurePath(os.path.relpath(file, root))
    return "bids:raw:" + quote(inside.name if ".." in inside.parts else inside.as_posix())


def link(root: str, place: str) -> str:
    """The URI of ``root``, the folder of a source data set, as seen from the folder ``place`` of the study.

    An absolute path says where things lie on this machine: in its place stands a name.
    """
    if PurePath(root).is_absolute():
        return f"urn:sadm:{quote(PurePath(root).name)}"
    return quote(PurePath(os.path.relpath(root, place)).as_posix())
