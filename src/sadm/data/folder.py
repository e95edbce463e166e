"""Any folder of T1 scans, flat or nested: what the stars of the pattern stand for is the subject, and the session.

t1: "**"                        site1/p07.nii, p08.nii.gz               every image; the subject is its path
t1: "*/T1"                      p07/T1.nii.gz                           subject p07
t1: "*/*/T1"                    p07/2019/T1.nii.gz                      subject p07, session 2019
t1: "*_T1", lesion: "*_lesion"  p07_T1.nii.gz, p07_lesion.nii.gz        the stars of both stand for the same
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sadm.data import base
from sadm.runtime.errors import ConfigError, DataError

SPACE = "native"
STRIPPED = False
TREE = "a folder of scans"
ANY = True  # lists what no other importer knows
BY_OPTION = {"space": {"sri24": {"SPACE": "sri24"}}, "stripped": {True: {"STRIPPED": True}}}
STARS = re.compile(r"(\*\*|\*)")
MEANS = {"*": "([^/]+)", "**": "(.+)"}


@dataclass(frozen=True)
class Options:
    """Options of the importer."""

    path: str = ""  # the folder, or one scan
    t1: str = (
        "**"  # the T1s' paths below it, without suffix; * stands for a part of a name, ** for folders, too
    )
    lesion: str = ""  # the lesion labels' paths, with the stars of t1; empty: there are none
    brain_mask: str = ""  # the brain masks' paths, likewise
    space: Literal["native", "sri24"] = "native"  # sri24 where the scans lie in the space of SRI24
    stripped: bool = False  # whether the scans come without skull


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every image that fits the pattern of the T1s and none of the masks'. Raises ConfigError: a pattern that cannot be.

    Raises DataError: no folder, no image that fits, equal names, several masks of one T1, a folder that cannot be read.
    """
    _check(dataset, options)
    given = Path(options["path"])
    root = given if _one(given) else base.folder(options["path"])
    files = _files(root)
    masks = {kind: _fitting(options[kind], files) for kind in ("lesion", "brain_mask")}
    taken = {path for fitting in masks.values() for paths in fitting.values() for path in paths}
    found = []
    for (subject, *rest), paths in _fitting(options["t1"], files).items():
        own = {
            kind: base.single(fitting.get((subject, *rest), []), kind.replace("_", " "), "keep one of them")
            for kind, fitting in masks.items()
        }
        session = "".join(rest)
        found += [
            base.Scan(dataset, subject, session, str(path), **own) for path in paths if path not in taken
        ]
    return base.checked(found, root, f"{options['t1']}.nii[.gz]")


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is an image or there is one below it."""
    there = _one(path) or path.is_dir()
    return [{"path": str(path)}] if there and _files(path) else []


def scans(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """The scans whose files exist."""
    return base.present(listed(dataset, options))


def _check(dataset: str, options: Mapping[str, Any]) -> None:
    where, stars = f"datasets.{dataset}.options", STARS.findall(options["t1"])
    if not stars:
        raise ConfigError(f"{where}.t1: {options['t1']!r} has no *", fix="put * where the subject is told")
    for kind in ("lesion", "brain_mask"):
        if options[kind] and STARS.findall(options[kind]) != stars:
            cause = f"{options[kind]!r} and {options['t1']!r}"
            fix = "each star of the one stands for what the same star of the other does"
            raise ConfigError(f"{where}.{kind}: other stars than t1's", cause=cause, fix=fix)


def _one(path: Path) -> bool:
    return path.is_file() and path.name.endswith(base.SUFFIXES)


def _files(root: Path) -> dict[str, list[Path]]:
    """The images below ``root``, or the one that it is, by path without suffix; hidden files and folders are left out, links to folders not followed."""

    def refuse(error: OSError) -> None:
        cause = error.strerror or str(error)
        raise DataError("A folder cannot be read.", file=error.filename, cause=cause, fix="mend or remove it")

    if _one(root):
        return {base.stem(root): [root]}
    found: dict[str, list[Path]] = {}
    for place, folders, names in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(base.SUFFIXES) and not name.startswith("."):
                path = Path(place, name)
                found.setdefault((path.parent / base.stem(path)).relative_to(root).as_posix(), []).append(
                    path
                )
    return found


def _fitting(pattern: str, files: Mapping[str, list[Path]]) -> dict[tuple[str, ...], list[Path]]:
    """The ``files`` that fit ``pattern``, by what its stars stand for; none for an empty pattern."""
    regex = re.compile(
        "".join(MEANS.get(part) or re.escape(part) for part in STARS.split(pattern)), re.DOTALL
    )
    found: dict[tuple[str, ...], list[Path]] = {}
    for name, paths in files.items():
        if pattern and (match := regex.fullmatch(name)):
            found.setdefault(match.groups(), []).extend(paths)
    return found
