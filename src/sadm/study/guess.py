"""What a path is: which importer lists it, with which options. Every importer with a function `recognises` is asked."""

import os
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sadm.data.base import Scan
from sadm.runtime.errors import DataError
from sadm.study import registry

UP = 5  # folders from a scan up to the root of its tree, at most: ATLAS_2's Training/R001/sub-*/ses-*/anat
SHOWN = 4  # kinds of files that an error names


@dataclass(frozen=True)
class Guess:
    """A tree of scans: the importer that lists it, with the options to set."""

    importer: str
    options: dict[str, Any]

    @property
    def tree(self) -> str:
        """What the importer calls its tree: "IXI", "BIDS"; "one scan" of a file."""
        if self.importer == "folder" and os.path.isfile(self.options["path"]):
            return "one scan"
        return str(registry.constants(f"data/{self.importer}")["TREE"])

    def scans(self) -> list[Scan]:
        """The scans that the importer lists, also those that lack files. Raises DataError."""
        options = registry.declared("data", self.importer)[1] | self.options
        found: list[Scan] = import_module(f"sadm.data.{self.importer}").listed("scans", options)
        return found


def guess(path: str | Path) -> Guess:
    """What ``path`` is: an official tree, BIDS, any folder of scans, or one scan, also as its subject's folder in a known tree.

    Raises DataError: nothing there, no scan, several trees, a part of a tree that has several scans.
    """
    place = Path(path).absolute()
    if not os.path.exists(place):
        raise _unknown(place, "no such file or folder", "check the path")
    if os.path.isdir(place):
        known = _known(place)
        if len(known) > 1:
            said = "; ".join(f"{each.tree}: importer {each.importer}, {each.options}" for each in known)
            raise _unknown(place, f"it holds several: {said}", "name the folder of one of them")
        if known:
            return known[0]
    if part := _part(place):
        return part
    found = _asked(place, last=True)
    if not found:
        fix = "name a folder with images (.nii.gz, .mgz, .hdr, .nrrd, .mha), one of these, or a table of them; for DICOM: sadm import-dicom"
        raise _unknown(place, f"no image that can be read; {_kinds(place)}", fix)
    return found[0]


def _known(place: Path) -> list[Guess]:
    """The known trees at the folder ``place``."""
    return _asked(place, last=False)


def _asked(place: Path, last: bool) -> list[Guess]:
    """What the importers say of ``place``; the ``last`` to be asked are those for any folder."""
    found = []
    for name in registry.names("data"):
        said = registry.constants(f"data/{name}")
        if "TREE" in said and said.get("ANY", False) == last:
            found += [
                Guess(name, options) for options in import_module(f"sadm.data.{name}").recognises(place)
            ]
    return found


def _part(place: Path) -> Guess | None:
    """The one scan of a known tree that ``place`` is, or holds; its tree tells its space, and whether it is stripped."""
    for parent in place.parents[:UP]:
        try:
            owners = [(tree, scan) for tree in _known(parent) for scan in tree.scans()]
        except DataError:
            continue  # a tree with a fault, or a folder that may not be read, says nothing of what lies in it
        own = [(tree, s) for tree, s in owners if s.t1 and place in (Path(s.t1), *Path(s.t1).parents)]
        if len(own) > 1:
            cause = f"it holds {len(own)} scans of a tree ({own[0][0].tree})"
            raise _unknown(place, cause, f"name {parent}, or one scan")
        if own:
            return _single(*own[0])
    return None


def _single(tree: Guess, scan: Scan) -> Guess:
    said = registry.constants(f"data/{tree.importer}")
    if said["SPACE"] == "study":
        raise _unknown(scan.t1, f"it is prepared already ({tree.tree})", f"name {tree.options['path']}")
    options: dict[str, Any] = {"path": scan.t1}
    if said["SPACE"] == "sri24":
        options["space"] = "sri24"
    if said["STRIPPED"]:
        options["stripped"] = True
    return Guess("folder", options)


def _kinds(place: Path) -> str:
    """How many files of which suffixes are there."""
    if os.path.isfile(place):
        return f"it is {place.name}"
    counted = Counter("".join(p.suffixes[-2:]) or p.name for p in place.rglob("*") if p.is_file())
    return ", ".join(f"{n} {kind}" for kind, n in counted.most_common(SHOWN)) or "it is empty"


def _unknown(place: Path | str, cause: str, fix: str) -> DataError:
    return DataError("No scans are found at a path.", file=place, cause=cause, fix=fix)
