"""Any BIDS data set with T1w images; lesion labels and brain masks are looked for beside them and under derivatives.

sub-01/[ses-01/]anat/sub-01[_ses-01][_acq-...][_run-...]_T1w.nii[.gz]
participants.tsv                                                        participant_id, age, sex, site
derivatives/<pipeline>/sub-01/[ses-01/][anat/]sub-01..._label-lesion_mask.nii[.gz]
                                              sub-01..._desc-brain_mask.nii[.gz]
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

from sadm.data import base
from sadm.data.filenames import OTHER, PLACES, T1, no_t1
from sadm.data.subjects import People, people
from sadm.data.tree import DESCRIPTION, Tree, walk

SPACE = "native"
STRIPPED = False
TREE = "BIDS"
OWN_SPACE = ("T1w", "orig", "native", "individual", "scanner")
ALSO = ("UNIT1",)  # no T1w, and as good as one
DERIVED = ("label", "desc", "space", "res", "hemi")


@dataclass(frozen=True)
class Options:
    """Options of the importer."""

    path: str = ""  # the data set's folder
    t1: str = "*_T1w"  # pattern of the T1s' file names without suffix; narrower to choose among acq- or run-
    lesion: str = (
        "*lesion*mask"  # pattern of the lesion labels' file names, beside the T1s or under derivatives
    )
    brain_mask: str = "*desc-brain_mask"  # pattern of the brain masks' file names, likewise


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every T1w of the data set with the masks that lie on its grid by their names.

    Where a session has several T1w, what tells them apart (acq, run ...) joins the session's label. A T1w after a contrast
    agent (ce-) and an image of another contrast count only if options.t1 names them. Raises DataError: no tree, no T1w, equal
    names, several masks that fit one T1w.
    """
    root, found = base.folder(options["path"]), []
    for subject in _subjects(root):
        t1s = [
            t1 for place in _sessions(subject) for t1 in base.images(place / "anat", _regex(options["t1"]))
        ]
        t1s = [t1 for t1 in t1s if not _no_t1(subject.name, t1.name, options["t1"])]
        masks = _masks(root, subject.name) if t1s else []
        found += _distinct(subject.name, [_scan(dataset, subject.name, t1, masks, options) for t1 in t1s])
    return base.checked(found, root, f"sub-*/[ses-*/]anat/{options['t1']}.nii[.gz]")


def subjects(options: Mapping[str, Any]) -> list[str]:
    """The labels of all folders of subjects."""
    return [_label(path.name) for path in _subjects(base.folder(options["path"]))]


def why(path: str, options: Mapping[str, Any]) -> str:
    """Why the image ``path`` is not used."""
    parts = path.split("/")
    top, name = parts[0], parts[-1]
    if top in PLACES:
        return PLACES[top]
    if not re.fullmatch(r"sub-[^/]+/(ses-[^/]+/)?anat/[^/]+", path):
        known = re.fullmatch(r"sub-[^/]+/(ses-[^/]+/)?(\w+)/[^/]+", path)
        return f"not in sub-*/[ses-*/]anat: in {known[2]}" if known else "not in sub-*/[ses-*/]anat"
    if said := _no_t1(top, name, options["t1"]):
        return said
    return f"does not fit options.t1: {options['t1']}"


def _no_t1(subject: str, name: str, pattern: str) -> str:
    """Why the image ``name`` in a ``subject``'s folder is no T1, "" if it may be one that fits ``pattern``."""
    stem = base.stem(name)
    if not stem.startswith(f"{subject}_"):
        return f"a name that does not parse: it does not begin with its folder's name and _: {name}"
    said, kind = no_t1(stem.removeprefix(f"{subject}_"), pattern), stem.rpartition("_")[2]
    if said and not said.startswith(OTHER):
        return said
    if said or (kind.lower() not in T1 and kind not in pattern):
        return f"{OTHER}: {kind}" + (f" (options.t1 could be '*_{kind}')" if kind in ALSO else "")
    return ""


def _subjects(root: Path) -> list[Path]:
    return [path for path in base.children(root, "sub-.+") if os.path.isdir(path)]


def _label(folder: str) -> str:
    return folder.partition("-")[2]


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of BIDS: subjects, and a description or folders anat."""
    return [{"path": str(path)}] if is_root(path) else []


def is_root(path: Path) -> bool:
    """Whether the folder ``path`` is a BIDS data set: it has subjects, and a description or folders anat."""
    found = _subjects(path)
    anat = (os.path.isdir(place / "anat") for subject in found for place in _sessions(subject))
    return bool(found) and (os.path.isfile(path / DESCRIPTION) or any(anat))


def tables(options: Mapping[str, Any]) -> list[str]:
    """participants.tsv, if there is one."""
    return [path for path in _tables(options) if os.path.isfile(path)]


def _tables(options: Mapping[str, Any]) -> list[str]:
    """participants.tsv, also one that is no file: reading it tells."""
    path = base.folder(options["path"]) / "participants.tsv"
    return [str(path)] if os.path.lexists(path) else []


def demographics(options: Mapping[str, Any]) -> People:
    """Age, sex and site by subject ("01")."""
    return people(
        _tables(options), ("participant_id",), lambda cell: cell.removeprefix("sub-"), ("site", "site_id")
    )


@cache
def _regex(pattern: str) -> str:
    return translate(pattern).removesuffix(r"\Z").removesuffix(r"\z")


def _entities(subject: str, path: str | Path) -> dict[str, str]:
    """The entities in the name of a file of the ``subject``'s, but for the subject: its label may have any sign."""
    rest = base.stem(path).removeprefix(f"{subject}_")
    return dict(re.findall(r"(?:^|_)([A-Za-z0-9]+)-([A-Za-z0-9+]+)", rest))


def _sessions(subject: Path) -> list[Path]:
    return [subject, *base.children(subject, "ses-.+")]


def _masks(root: Path, subject: str) -> list[Path]:
    found = [path for place in _sessions(root / subject) for path in base.images(place / "anat", ".+")]
    for tree in base.children(root / "derivatives", ".+"):
        below = walk(tree / subject) if os.path.isdir(tree / subject) else Tree("")
        found += [
            Path(below.root, path)
            for path, state in below.entries
            if path.endswith(base.SUFFIXES) and state in ("", "dead")
        ]
    return sorted(found)


def _fits(mask: dict[str, str], stem: str, t1: dict[str, str]) -> bool:
    """Whether the mask with the entities ``mask`` lies, by its name ``stem``, on the grid of the T1 with the entities ``t1``."""
    images = [part for part in stem.split("_")[:-1] if "-" not in part]
    same = all(t1.get(key) == value for key, value in mask.items() if key not in DERIVED)
    own = mask.get("space", "T1w") in (*OWN_SPACE, t1.get("space"))
    return same and own and set(images) <= {"T1w"} and t1.get("ses") == mask.get("ses")


def _scan(dataset: str, subject: str, t1: Path, masks: list[Path], options: Mapping[str, Any]) -> base.Scan:
    entities = _entities(subject, t1)
    mine = [
        m for m in masks
        if _fits(_entities(subject, m), base.stem(m).removeprefix(f"{subject}_"), entities)
    ]  # fmt: skip
    chosen = {}
    for kind, what in (("lesion", "lesion label"), ("brain_mask", "brain mask")):
        fits = [m for m in mine if re.fullmatch(_regex(options[kind]), base.stem(m))]
        chosen[kind] = base.single(fits, what, f"narrow options.{kind}, now {options[kind]!r}")
    above = t1.parent.parent.name
    session = _label(above) if above.startswith("ses-") else entities.get("ses", "")
    return base.Scan(dataset, _label(subject), session, str(t1), **chosen)


def _distinct(subject: str, scans: list[base.Scan]) -> list[base.Scan]:
    sessions = [scan.session for scan in scans]
    return [
        replace(s, session=s.session + _rest(subject, s.t1)) if sessions.count(s.session) > 1 else s
        for s in scans
    ]


def _rest(subject: str, t1: str) -> str:
    return "".join(key + value for key, value in _entities(subject, t1).items() if key != "ses")
