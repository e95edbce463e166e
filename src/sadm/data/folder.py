"""Any folder of T1 scans, flat or nested: what the stars of the pattern stand for is the subject, and the session.

t1: "**"                        site1/p07.nii, p08.nii.gz               every image; the subject is its path
t1: "*/T1"                      p07/T1.nii.gz                           subject p07
t1: "*/*/T1"                    p07/2019/T1.nii.gz                      subject p07, session 2019
t1: "*_T1", lesion: "*_lesion"  p07_T1.nii.gz, p07_lesion.nii.gz        the stars of both stand for the same
"""

import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sadm.data import base
from sadm.data.bids import is_root
from sadm.data.filenames import no_t1
from sadm.data.stars import MOST, STARS, Pattern
from sadm.data.tree import bare, readable, shown, walk
from sadm.runtime.errors import ConfigError, DataError

SPACE = "native"
STRIPPED = False
TREE = "a folder of scans"
ANY = True  # lists what no other importer knows
BY_OPTION = {"space": {"sri24": {"SPACE": "sri24"}}, "stripped": {True: {"STRIPPED": True}}}
LEAST = 64  # bytes: shorter than the header of any form but NIfTI, whose broken files the cohort check names


@dataclass(frozen=True)
class Options(base.Options):
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
    """Every image that fits the pattern of the T1s, none of the masks', and is a T1 by its name (`sadm.data.filenames`).

    Raises ConfigError: a pattern that cannot be. Raises DataError: no folder, no image that fits, equal names, several masks of
    one T1, a folder that cannot be read, a BIDS data set whose every image would be a subject.
    """
    _check(dataset, options)
    given = Path(options["path"])
    root = given if _one(given) else base.folder(options["path"])
    if options["t1"] == "**" and not _one(given) and is_root(root):
        raise DataError(
            "A BIDS data set is not for the importer folder.",
            file=shown(root),
            cause="every image, derivatives too, would be a subject of its own",
            fix="set importer: bids, or say in options.t1 which images are T1s, as in 'sub-*/*/anat/*_T1w'",
        )
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
            base.Scan(dataset, subject, session, str(path), **own)
            for path in paths
            if path not in taken and not no_t1(_below(path, root), options["t1"])
        ]
    return base.checked(found, root, f"image {options['t1']} that is a T1 by its name", options)


def why(path: str, options: Mapping[str, Any]) -> str:
    """Why the image ``path`` is not used."""
    name = bare(path)
    if _stub(base.folder(options["path"]) / path):
        return f"no image: a file of less than {LEAST} bytes"
    if options["brain_mask"] and Pattern(options["brain_mask"]).stand_for(name):
        return "a brain mask: no step uses it"
    said = no_t1(name, options["t1"])
    return said or f"does not fit options.t1: {options['t1']}"


def joining(options: Mapping[str, Any], scans: Sequence[base.Scan], groups: Mapping[str, list[str]]) -> str:
    """The value of options.t1 by which each of ``groups`` of subjects is one subject, and all else stays; "" if there is none."""
    wanted = {name: begin for begin, names in groups.items() for name in names}
    names = {_below(Path(scan.t1), Path(options["path"])): wanted.get(scan.subject, "") for scan in scans}
    for pattern in _candidates(options["t1"], names):
        wished = Pattern(pattern)
        found = {name: stars[0] for name in names if (stars := wished.stand_for(name))}
        persons = {(begin, found.get(name)) for name, begin in names.items() if begin}
        if len(found) == len(names) and len(persons) == len(groups) == len({who for _, who in persons}):
            return pattern
    return ""


def _candidates(pattern: str, names: Iterable[str]) -> Iterator[str]:
    """Patterns of one star more than ``pattern``, and one with a star for each part that differs in the paths ``names``."""
    star = STARS.search(pattern)
    begin, end = (pattern[: star.start()], pattern[star.end() :]) if star else (pattern, "")
    for sign in "_-. /":
        yield f"{begin}*{sign}*{end}"
    parts = [name.split("/") for name in names]
    if len({len(each) for each in parts}) == 1:
        yield "/".join(each[0] if len(set(each)) == 1 else "*" for each in zip(*parts, strict=True))


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is an image or there is one below it."""
    there = _one(path) or os.path.isdir(path)
    return [{"path": str(path)}] if there and _files(path) else []


def _check(dataset: str, options: Mapping[str, Any]) -> None:
    where, stars = f"datasets.{dataset}.options", STARS.findall(options["t1"])
    if not stars:
        raise ConfigError(f"{where}.t1: {options['t1']!r} has no *", fix="put * where the subject is told")
    if len(stars) > MOST:
        raise ConfigError(f"{where}.t1: {len(stars)} stars", fix=f"use {MOST} at most; ** stands for many")
    for kind in ("lesion", "brain_mask"):
        if options[kind] and STARS.findall(options[kind]) != stars:
            cause = f"{options[kind]!r} and {options['t1']!r}"
            fix = "each star of the one stands for what the same star of the other does"
            raise ConfigError(f"{where}.{kind}: other stars than t1's", cause=cause, fix=fix)


def _one(path: Path) -> bool:
    return os.path.isfile(path) and readable(path)


def _files(root: Path) -> list[tuple[list[str], Path]]:
    """The images below ``root``, or the one that it is: names without suffix, more than one if links give it more, and path."""
    tree = walk(root)
    if tree.unreadable:
        place, cause = next(iter(tree.unreadable.items()))
        raise DataError(
            "A folder cannot be read.", file=shown(root / place), cause=cause, fix="mend or remove it"
        )
    whole = root.parent if _one(root) else root
    return [
        (list(tree.names(path)), whole / path)
        for path, state in tree.entries
        if readable(path) and state in ("", "dead") and not _stub(whole / path)
    ]


def _stub(path: Path) -> bool:
    """Whether a file in another form than NIfTI is too short to be an image."""
    return (
        not path.name.lower().endswith((".nii", ".nii.gz")) and path.is_file() and path.stat().st_size < LEAST
    )


def _below(path: Path, root: Path) -> str:
    """The path without suffix below ``root``, the name of what is ``root`` itself."""
    inside = path.relative_to(root.parent if path == root else root).as_posix()
    return bare(inside)


def _fitting(pattern: str, files: Sequence[tuple[list[str], Path]]) -> dict[tuple[str, ...], list[Path]]:
    """The ``files`` that fit ``pattern``, by what its stars stand for, in one form of Unicode; none for an empty pattern.

    A file counts once, by the first of its names that fits.
    """
    wanted, found = Pattern(pattern), dict[tuple[str, ...], list[Path]]()
    for names, path in files if pattern else ():
        for name in names:
            if said := wanted.stand_for(bare(name)):
                stars = tuple(unicodedata.normalize("NFC", part) for part in said)
                at = path if name == names[0] else Path(str(path).removesuffix(names[0]) + name)
                found.setdefault(stars, []).append(at)
                break
    return found
