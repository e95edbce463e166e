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
from pathlib import Path
from typing import Any

from sadm.data import base, subjects

SPACE = "native"
STRIPPED = False
OWN_SPACE = ("T1w", "orig", "native", "individual", "scanner")
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

    Where a session has several T1w, what tells them apart (acq, run ...) joins the session's label.
    Raises DataError: no tree, no T1w, equal names, several masks that fit one T1w.
    """
    root, found = base.folder(options["path"]), []
    for subject in base.children(root, "sub-[A-Za-z0-9]+"):
        t1s = [
            t1 for place in _sessions(subject) for t1 in base.images(place / "anat", _regex(options["t1"]))
        ]
        t1s = [t1 for t1 in t1s if t1.name.startswith(f"{subject.name}_")]
        masks = _masks(root, subject.name) if t1s else []
        found += _distinct([_scan(dataset, t1, masks, options) for t1 in t1s])
    return base.checked(found, root, f"sub-*/[ses-*/]anat/{options['t1']}.nii[.gz]")


def scans(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """The scans whose files exist."""
    return base.present(listed(dataset, options))


def tables(options: Mapping[str, Any]) -> list[str]:
    """participants.tsv, if there is one."""
    return [path for path in _tables(options) if Path(path).is_file()]


def demographics(options: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Age, sex and site by subject ("01")."""
    return subjects.demographics(
        _tables(options), ("participant_id",), lambda cell: cell.removeprefix("sub-"), ("site", "site_id")
    )


def _tables(options: Mapping[str, Any]) -> list[str]:
    """participants.tsv, also one that is no file: reading it tells."""
    path = base.folder(options["path"]) / "participants.tsv"
    return [str(path)] if os.path.lexists(path) else []


def _regex(pattern: str) -> str:
    return translate(pattern).removesuffix(r"\Z").removesuffix(r"\z")


def _entities(path: str | Path) -> dict[str, str]:
    return dict(re.findall(r"(?:^|_)([A-Za-z0-9]+)-([A-Za-z0-9+]+)", base.stem(path)))


def _sessions(subject: Path) -> list[Path]:
    return [subject, *base.children(subject, "ses-[A-Za-z0-9]+")]


def _masks(root: Path, subject: str) -> list[Path]:
    found = []
    for tree in (root, *base.children(root / "derivatives", ".+")):
        for place, _, names in os.walk(tree / subject):
            found += [Path(place, name) for name in names if name.endswith(base.SUFFIXES)]
    return sorted(found)


def _fits(mask: Path, t1: dict[str, str]) -> bool:
    """Whether ``mask`` lies, by its name, on the grid of the T1 with the entities ``t1``."""
    said = _entities(mask)
    images = [part for part in base.stem(mask).split("_")[:-1] if "-" not in part]
    same = all(t1.get(key) == value for key, value in said.items() if key not in DERIVED)
    own = said.get("space", "T1w") in (*OWN_SPACE, t1.get("space"))
    return same and own and set(images) <= {"T1w"} and t1.get("ses") == said.get("ses")


def _scan(dataset: str, t1: Path, masks: list[Path], options: Mapping[str, Any]) -> base.Scan:
    entities = _entities(t1)
    chosen = {}
    for kind, what in (("lesion", "lesion label"), ("brain_mask", "brain mask")):
        fits = [m for m in masks if re.fullmatch(_regex(options[kind]), base.stem(m)) and _fits(m, entities)]
        chosen[kind] = base.single(fits, what, f"narrow options.{kind}, now {options[kind]!r}")
    return base.Scan(dataset, entities["sub"], entities.get("ses", ""), str(t1), **chosen)


def _distinct(scans_: list[base.Scan]) -> list[base.Scan]:
    sessions = [scan.session for scan in scans_]
    return [
        replace(s, session=s.session + _rest(s.t1)) if sessions.count(s.session) > 1 else s for s in scans_
    ]


def _rest(t1: str) -> str:
    return "".join(key + value for key, value in _entities(t1).items() if key not in ("sub", "ses"))
