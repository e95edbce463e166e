"""What the importers share: the scan, the checks on a listing. Standard library alone."""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sadm.runtime.errors import DataError

SUFFIXES = (".nii.gz", ".nii")


@dataclass(frozen=True)
class Scan:
    """One T1 scan of a subject: paths of its files ("" where there is none) and what is known of the subject.

    ``age`` in years, ``sex`` "M" or "F", ``site`` a name; all are text, "" where unknown.
    """

    dataset: str
    subject: str
    session: str
    t1: str
    brain_mask: str = ""
    lesion: str = ""
    age: str = ""
    sex: str = ""
    site: str = ""

    @property
    def name(self) -> str:
        """BIDS-like name, "sub-<subject>" or "sub-<subject>_ses-<session>", labels reduced to letters and digits."""
        subject, session = (re.sub(r"[^A-Za-z0-9]", "", text) for text in (self.subject, self.session))
        return f"sub-{subject}_ses-{session}" if session else f"sub-{subject}"


def scan_of(path: str | Path) -> str:
    """The scan's name with which the name of a result begins: "sub-07_ses-1" of "sub-07_ses-1_qc.json". Raises ValueError."""
    found = re.match(r"sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?(?=_)", Path(path).name)
    if not found:
        raise ValueError(f"{path} is not named after a scan")
    return found[0]


def by_scan(paths: Iterable[str | Path]) -> dict[str, str]:
    """Results, one a scan, by the names of their scans. Raises ValueError if two are of one scan."""
    found: dict[str, str] = {}
    for path in map(str, paths):
        if found.setdefault(scan_of(path), path) != path:
            raise ValueError(f"{path} and {found[scan_of(path)]} are of one scan")
    return found


def folder(path: str | Path, *names: str) -> Path:
    """``path``, or the first of its sub-folders ``names`` that exists. Raises DataError if ``path`` is no folder."""
    root = Path(path)
    if not str(path) or not root.is_dir():
        raise DataError(
            "A data set is not there.",
            file=path or "(no path)",
            cause="a file, not a folder: unpack an archive first" if root.is_file() else "no such folder",
            fix="set options.path in the config",
        )
    return next((root / name for name in names if (root / name).is_dir()), root)


def children(root: Path, pattern: str) -> list[Path]:
    """Sorted entries of ``root`` whose whole name matches the regular expression ``pattern``; hidden ones never do."""
    try:
        with os.scandir(root) as entries:
            names = [
                e.name
                for e in entries
                if not e.name.startswith(".") and re.fullmatch(pattern, e.name, re.DOTALL)
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        cause = error.strerror or str(error)
        raise DataError(
            "A folder cannot be read.", file=root, cause=cause, fix="mend or remove it"
        ) from error
    return [root / name for name in sorted(names)]


def images(root: Path, pattern: str) -> list[Path]:
    """Sorted NIfTI files of ``root`` whose name without suffix matches the regular expression ``pattern``."""
    return children(root, rf"(?:{pattern})\.nii(?:\.gz)?")


def stem(path: str | Path) -> str:
    """File name without .nii or .nii.gz."""
    return re.sub(r"\.nii(\.gz)?$", "", Path(path).name)


def image(path: Path) -> Path:
    """The NIfTI file ``path`` (without suffix), ``.nii.gz`` or ``.nii``; the compressed name where neither exists."""
    options = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    return next((option for option in options if option.exists()), options[0])


def single(paths: Sequence[Path], what: str, fix: str) -> str:
    """The only path of ``paths``, "" if there is none. Raises DataError that names them if there are several."""
    if len(paths) > 1:
        raise DataError(
            f"Several files may be the {what} of one scan.",
            file=paths[0],
            cause=", ".join(p.name for p in paths),
            fix=fix,
        )
    return str(paths[0]) if paths else ""


def checked(scans: Iterable[Scan], tree: str | Path, expected: str) -> list[Scan]:
    """``scans`` sorted by name.

    Raises DataError if there is none (``expected`` tells what was looked for), if a path has braces, if a subject's id has no Latin letter or
    digit, if two scans share a name but for case (some file systems do not tell them apart), or if one subject occurs at
    two sites.
    """
    found = sorted(scans, key=lambda scan: (scan.name, scan.t1))
    if not found:
        raise DataError(
            "A data set has no scans.",
            file=tree,
            cause=f"no {expected}",
            fix="set options.path to the data set's folder",
        )
    by_name: dict[str, list[str]] = defaultdict(list)
    by_subject: dict[str, dict[str, str]] = defaultdict(dict)
    if braces := next((f for s in found for f in (s.t1, s.brain_mask, s.lesion) if set(f) & set("{}")), ""):
        cause = "Snakemake takes {braces} for wildcards"
        raise DataError(
            "A path cannot be used.", file=braces, cause=cause, fix="rename the folder or the file"
        )
    for scan in found:
        if not re.search("[A-Za-z0-9]", scan.subject):
            raise DataError(
                "A subject's id cannot be used.",
                file=scan.t1,
                cause=f"{scan.subject!r} has no letter a to z and no digit",
                fix="rename the subject; names of results are made of these",
            )
        by_name[scan.name.lower()].append(scan.t1)
        by_subject[scan.subject].setdefault(scan.site, scan.t1)
    clashes = [f"{name}: {', '.join(files)}" for name, files in by_name.items() if len(files) > 1]
    clashes += [
        f"{who} at {' and '.join(at)}: {', '.join(at.values())}"
        for who, at in by_subject.items()
        if len(at) > 1
    ]
    if clashes:
        fix = "remove or rename all but one of each; a subject's id is unique in a data set"
        raise DataError(
            "Several scans have the same subject and session.", file=tree, cause="; ".join(clashes), fix=fix
        )
    return found


def present(scans: Iterable[Scan]) -> list[Scan]:
    """The scans whose every file exists: those the workflow can plan for. The cohort check names the others."""
    return [s for s in scans if all(os.path.exists(path) for path in (s.t1, s.brain_mask, s.lesion) if path)]


def tables(importer: str, options: Mapping[str, Any]) -> list[str]:
    """The tables of demographics that ``importer`` reads beside the images; nothing heavy is imported."""
    module = import_module(f"sadm.data.{importer}")
    return module.tables(options) if hasattr(module, "tables") else []
