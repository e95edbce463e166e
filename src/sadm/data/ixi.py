"""IXI T1 heads (https://brain-development.org/ixi-dataset): healthy adults from three London hospitals, with skull.

IXI-T1/IXI002-Guys-0828-T1.nii.gz      subject - hospital (Guys, HH, IOP) - number
IXI.xls                                official demographics (IXI_ID, SEX_ID, AGE), in the folder or beside it
"""

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.data import base
from sadm.data.subjects import People, people

SPACE = "native"
STRIPPED = False
TREE = "IXI"
HEADS = 581  # T1s of the release
TABLES = ("IXI.xls", "IXI.xlsx", "IXI.csv", "participants.tsv", "participants.csv")
SUBJECT = ("ixi_id", "mrid", "participant_id", "subject")


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    path: str = ""  # the folder IXI-T1, or the folder that holds it
    table: str = ""  # table of age and sex; empty: IXI.xls, IXI.csv or participants.csv in or beside it


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every T1 of the folder; site from the file name. Raises DataError: no tree, no T1, a subject twice."""
    root, found = base.folder(options["path"], "IXI-T1"), []
    for path in _heads(root):
        subject, site, *_ = path.name.split("-")
        found.append(base.Scan(dataset, subject, "", str(path), site=site))
    return base.checked(found, root, "IXI*-*-*-T1.nii.gz", options)


def about(options: Mapping[str, Any]) -> list[str]:
    """How many heads there are of each hospital; the whole release has 581."""
    sites = Counter(path.name.split("-")[1] for path in _heads(base.folder(options["path"], "IXI-T1")))
    each = ", ".join(f"{site} {count}" for site, count in sorted(sites.items()))
    return [f"edition: IXI, {sites.total()} of the {HEADS} T1 heads ({each})"]


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of IXI."""
    return [{"path": str(path)}] if _heads(base.folder(path, "IXI-T1")) else []


def _heads(root: Path) -> list[Path]:
    return base.images(root, r"IXI\d+-\w+-\d+-T1")


def tables(options: Mapping[str, Any]) -> list[str]:
    """The table of demographics, if there is one."""
    return [path for path in _tables(options) if os.path.isfile(path)]


def _tables(options: Mapping[str, Any]) -> list[str]:
    """The table of demographics, also one that is no file: reading it tells."""
    if options["table"]:
        return [options["table"]]
    root = base.folder(options["path"], "IXI-T1")
    beside = [root.parent / name for name in TABLES if name.startswith("IXI")]
    inside = [place / name for place in (root, Path(options["path"])) for name in TABLES]
    return [str(path) for path in [*inside, *beside] if os.path.lexists(path)][:1]


def demographics(options: Mapping[str, Any]) -> People:
    """Age and sex by subject ("IXI002")."""
    return people(_tables(options), SUBJECT, _identify)


def _identify(cell: str) -> str:
    number = re.search(r"\d+", cell)
    return f"IXI{int(number[0]):03d}" if number else ""
