"""What the importers share: the scan, the checks on a listing, the files of a scan. Standard library alone."""

import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sadm.data.choice import Choice
from sadm.data.tree import ARCHIVES, IMAGE, READ, bare, instead, shown, suffix, voxels
from sadm.runtime.errors import DataError
from sadm.runtime.kinds import Names

# In the path of a scan's file.
UNWRITABLE = re.compile("[{}\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
LONGEST = 160  # bytes of a scan's name: names of results add up to 83, of temporary files 12 more, and 255 are possible


@dataclass(frozen=True)
class Options:
    """Options that every importer has."""

    participants: Names = ()  # the subjects that are asked for (a list, or a file with one a line); empty: all
    sessions: Names = ()  # the sessions that are asked for, likewise
    exclude: Names = ()  # subjects, or scans such as sub-07_ses-1, that are left out, likewise


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
    if cause := _no_folder(root) if str(path) else "no such folder":
        packed = _archive(root) if str(path) else ""
        raise DataError(
            "A data set is not there.",
            file=shown(path or "(no path)"),
            cause=f"{cause}; {packed} is there" if packed else cause,
            fix=f"unpack {packed}" if packed else "set options.path in the config",
        )
    return next((root / name for name in names if os.path.isdir(root / name)), root)


def _no_folder(path: Path) -> str:
    """Why ``path`` is no folder, "" if it is one."""
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "no such folder"
    except (
        OSError,
        ValueError,
    ) as error:  # it may not be entered, or its name is too long or has a zero byte
        return str(getattr(error, "strerror", None) or error).lower()
    if stat.S_ISDIR(mode):
        return ""
    return "a file, not a folder: unpack an archive first" if stat.S_ISREG(mode) else "no folder"


def _archive(root: Path) -> str:
    """The archive that a missing folder ``root`` lies in, by its name; "" if there is none, or if ``root`` is a file."""
    beside = [root.with_name(root.name + end) for end in ARCHIVES] if root.name else []
    return "" if os.path.isfile(root) else next((str(path) for path in beside if os.path.isfile(path)), "")


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
    """Sorted images of ``root`` whose name without suffix matches the regular expression ``pattern``."""
    return children(root, rf"(?:{pattern}){IMAGE}")


def stem(path: str | Path) -> str:
    """File name without .nii.gz or another suffix of an image."""
    return bare(Path(path).name)


def image(path: Path) -> Path:
    """The image ``path`` (without suffix), in NIfTI where there are several; ``.nii.gz`` where there is none."""
    found = images(path.parent, re.escape(path.name))
    return min(
        found, key=lambda each: READ.index(suffix(each.name)), default=path.with_name(f"{path.name}.nii.gz")
    )


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


def checked(
    scans: Iterable[Scan], tree: str | Path, expected: str, options: Mapping[str, Any] | None = None
) -> list[Scan]:
    """``scans`` sorted by name, their subjects and sessions in one form of Unicode (NFC), but for those that ``options`` leave out.

    Raises DataError if there is none (``expected`` tells what was looked for), if a path has braces, control signs or bytes
    that are no UTF-8, if a subject's id has no Latin letter or digit, if names of results would be too long, if two scans share
    a name but for case (some file systems do not tell them apart), or if one subject occurs at two sites.
    """
    found = sorted(map(_composed, scans), key=lambda scan: (scan.name, scan.t1))
    if not found:
        has, fix = instead(tree)
        others = recognised(Path(tree))
        fix = f"set importer: {' or '.join(others)}" if others else fix
        raise DataError("A data set has no scans.", file=shown(tree), cause=f"no {expected}; {has}", fix=fix)
    found = chosen(found, options or {})
    _check_paths(found)
    _check_ids(found)
    if clashes := [*_clashes(found)]:
        fix = "remove or rename all but one of each; a subject's id is unique in a data set"
        raise DataError(
            "Several scans have the same subject and session.",
            file=shown(tree),
            cause="; ".join(map(shown, clashes)),
            fix=fix,
        )
    return found


def chosen(scans: Sequence[Scan], options: Mapping[str, Any]) -> list[Scan]:
    """Those of ``scans`` that the options participants, sessions and exclude leave. Raises DataError if these are none."""
    choice = Choice.of(options)
    kept = [scan for scan in scans if not choice.why_not(scan.subject, scan.session, scan.name)]
    if scans and not kept:
        raise choice.none_left({scan.subject for scan in scans}, {scan.session for scan in scans})
    return kept


def recognised(path: Path) -> list[str]:
    """The importers of known trees that recognise the folder ``path`` as theirs."""
    found = []
    for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        if "\ndef recognises(" in (text := file.read_text(encoding="utf-8")) and "\nANY = True" not in text:
            with suppress(DataError):  # one that cannot be read
                found += [file.stem] * bool(import_module(f"sadm.data.{file.stem}").recognises(path))
    return found


def _composed(scan: Scan) -> Scan:
    if scan.subject.isascii() and scan.session.isascii():
        return scan
    subject, session = (unicodedata.normalize("NFC", text) for text in (scan.subject, scan.session))
    return replace(scan, subject=subject, session=session)


def _check_paths(scans: Iterable[Scan]) -> None:
    files = [path for scan in scans for path in files_of(scan)]
    bad = {path: cause for path in files if (cause := _unwritable(path))}
    if bad:
        first, *more = bad
        cause = bad[first] + "".join(f"\n    {shown(path)}: {bad[path]}" for path in more)
        raise DataError(
            "A path cannot be used.", file=shown(first), cause=cause, fix="rename the folder or the file"
        )


def _unwritable(path: str) -> str:
    """Why ``path`` cannot be handed on to the steps and tables, "" if it can."""
    sign = UNWRITABLE.search(path)
    if not sign:
        return ""
    if sign[0] in "{}":
        return "Snakemake takes {braces} for wildcards"
    if "\ud800" <= sign[0] <= "\udfff":
        return "its name is not in UTF-8"
    return "it has control signs, such as a line break or a tab"


def _check_ids(scans: Iterable[Scan]) -> None:
    for scan in scans:
        if not re.search("[A-Za-z0-9]", scan.subject):
            raise DataError(
                "A subject's id cannot be used.",
                file=shown(scan.t1),
                cause=f"{scan.subject!r} has no letter a to z and no digit",
                fix="rename the subject; names of results are made of these",
            )
    if long := {scan.t1: len(scan.name) for scan in scans if len(scan.name) > LONGEST}:
        first, *more = long
        cause = f"the scan would be named with {long[first]} signs, at most {LONGEST}"
        cause += "".join(f"\n    {shown(path)}: {long[path]}" for path in more)
        raise DataError(
            "A name is too long.",
            file=shown(first),
            cause=cause,
            fix="shorten the folder or the file; names of results are made of it, and can have 255 bytes",
        )


def _clashes(scans: Iterable[Scan]) -> Iterator[str]:
    by_name: dict[str, list[str]] = defaultdict(list)
    by_subject: dict[str, dict[str, str]] = defaultdict(dict)
    for scan in scans:
        by_name[scan.name.lower()].append(scan.t1)
        by_subject[scan.subject].setdefault(scan.site, scan.t1)
    for name, files in by_name.items():
        if len(files) > 1:
            yield f"{name}: {', '.join(files)}"
    for who, at in by_subject.items():
        if len(at) > 1:
            yield f"{who} at {' and '.join(at)}: {', '.join(at.values())}"


def listing(importer: str, dataset: str, options: Mapping[str, Any], masks: bool = True) -> list[Scan]:
    """The scans that ``importer`` lists with ``options``, also those that lack files; without ``masks`` no brain masks.

    A mask that no step uses need not be there, nor be the only one that fits. Raises DataError and ConfigError.
    """
    module = import_module(f"sadm.data.{importer}")
    if not masks and vars(module.Options()).get("brain_mask"):  # the importer looks for masks by itself
        options = {**options, "brain_mask": ""}
    scans: list[Scan] = module.listed(dataset, options)
    return scans if masks else [replace(s, brain_mask="") if s.brain_mask else s for s in scans]


def files_of(scan: Scan) -> list[str]:
    """The paths of the files of a scan: the T1, the brain mask and lesion label where there are any, and the voxels of pairs."""
    named = [path for path in (scan.t1, scan.brain_mask, scan.lesion) if path]
    return [*named, *(pair for path in named if (pair := voxels(path)))]


def planned(importer: str, dataset: str, options: Mapping[str, Any], masks: bool = True) -> list[Scan]:
    """The scans that the workflow can plan for: those whose every file exists, or will be made. The cohort check names the others."""
    scans = listing(importer, dataset, options, masks)
    return scans if makes(importer) else [s for s in scans if all(map(os.path.exists, files_of(s)))]


def makes(importer: str) -> bool:
    """Whether the workflow itself makes the files that ``importer`` lists."""
    return bool(getattr(import_module(f"sadm.data.{importer}"), "MADE", False))


def tables(importer: str, options: Mapping[str, Any]) -> list[str]:
    """The tables of demographics that ``importer`` reads beside the images; nothing heavy is imported."""
    module = import_module(f"sadm.data.{importer}")
    return module.tables(options) if hasattr(module, "tables") else []
