"""ATLAS: chronic stroke, heads with skull in MNI space, lesions traced by experts (Liew et al. 2018, 2022).

ATLAS_2/Training/R001/sub-r001s001/ses-1/anat/*_T1w.nii.gz, *_label-L_desc-T1lesion_mask.nii.gz    2.0; R001: the site
ATLAS_2/Testing/R038/...                                                                           without labels
ATLAS_2/Training/sub-r001s001/ses-1/anat/...                                                       without folders of sites
ATLAS_R1.2/Site1/031768/t01/031768_t1w_deface_stx.nii.gz, 031768_LesionSmooth_stx.nii.gz           1.1, 1.2
c0001/c0001s0004t01/c0001s0004t01_t1w_stx.nii.gz, ..._LesionSmooth_stx.nii.gz                      1.2, by cohorts
ATLAS_2/20220425_ATLAS_2.0_MetaData.xlsx                                                           "Subject ID" ...
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sadm.data import base
from sadm.data.subjects import People, people

SPACE = "native"
STRIPPED = False
TREE = "ATLAS"
SUBJECT = ("subject id", "subject_id", "participant_id", "indi subject id")
TWO = re.compile(r"(?i:r\d+s\d+)")  # a subject of ATLAS 2
# A scan of ATLAS 1 begins so.
OLD = re.compile(r"(?i:(?P<subject>c\d+s\d+)(?P<time>t\d+)|(?P<number>\d{5,}))")
OLD_T1 = re.compile(rf"{OLD.pattern}(?i:_t1w?(?:_deface)?(?:_stx)?)")
OLD_FOLDER = re.compile(
    r"(?i:site[ _-]?\d+|c\d{4}\w*|\d{5,}|t\d+|(?:native|standard|atlas_r)[\w.-]*|training|testing)"
)
DEEPEST = 5  # folders from the root down to a scan of ATLAS 1
FIX = "keep one of them in the folder"


class Place(NamedTuple):
    """The ``folder`` with the files of one scan of ATLAS 2 (site/sub-*/ses-*/anat), which need not be there."""

    folder: Path
    site: str
    subject: str
    session: str


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    path: str = ""  # the folder ATLAS_2, its folder Training or Testing, the folder that holds ATLAS_2, or that of ATLAS 1.2
    table: str = ""  # table of age and sex (csv, tsv, xlsx) by subject; empty: none is read


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every session of every subject, also one that lacks its T1; the site is the folder of the cohort, or told by the subject's name.

    Raises DataError: no tree, no scan, several T1 or labels of one session, a subject at two sites.
    """
    root = _root(options["path"])
    found = [_scan(dataset, place) for place in _places(root)]
    found += [_old(dataset, root, t1, match) for t1, match in _olds(root)]
    return base.checked(
        found, root, "[R*/]sub-*/ses-*/anat/*_T1w.nii.gz, nor */*_t1w_deface_stx.nii.gz", options
    )


def _places(root: Path) -> Iterator[Place]:
    """The folders of the scans of ATLAS 2; of a subject or session without one the folder that it lacks."""
    for site, subject in _subjects(root):
        name = subject.name.removeprefix("sub-")
        sessions = base.children(subject, "ses-.+")
        if base.children(subject, "anat"):
            yield Place(subject / "anat", site, name, "")
        elif not sessions:
            yield Place(subject / "ses-1" / "anat", site, name, "1")
        yield from (Place(each / "anat", site, name, each.name.removeprefix("ses-")) for each in sessions)


def _subjects(root: Path) -> Iterator[tuple[str, Path]]:
    """The site and the folder of each subject of ATLAS 2, below a folder of its site or not."""
    for entry in base.children(root, ".+"):
        if entry.name.startswith("sub-"):
            if os.path.isdir(entry):
                yield _site(entry.name), entry
        elif re.fullmatch(r"(?i:r\d+)", entry.name):
            yield from (
                (entry.name.upper(), each) for each in base.children(entry, "sub-.+") if os.path.isdir(each)
            )


def _site(subject: str) -> str:
    match = re.fullmatch(r"sub-(?i:(r\d+)s\d+)", subject)
    return match[1].upper() if match else ""


def _scan(dataset: str, place: Place) -> base.Scan:
    t1 = base.single(base.images(place.folder, ".*_T1w"), "T1", FIX)
    lesion = base.single(
        base.images(place.folder, ".*(?:lesion|label-L|label-L_.*)_mask"), "lesion label", FIX
    )
    name = f"sub-{place.subject}_ses-{place.session or '1'}_space-MNI152NLin2009aSym_T1w.nii.gz"
    return base.Scan(
        dataset, place.subject, place.session, t1 or str(place.folder / name), lesion=lesion, site=place.site
    )


def _olds(root: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    """The T1s of ATLAS 1, with what their names say."""
    for place, folders, _ in os.walk(root, followlinks=True):
        depth = len(Path(place).relative_to(root).parts)
        folders[:] = sorted(
            name for name in folders
            if depth < DEEPEST and OLD_FOLDER.fullmatch(name)
        )  # fmt: skip
        for t1 in base.images(Path(place), OLD_T1.pattern):
            if match := OLD_T1.fullmatch(base.stem(t1)):
                yield t1, match


def _old(dataset: str, root: Path, t1: Path, match: re.Match[str]) -> base.Scan:
    above = t1.relative_to(root).parts[:-1]
    time = match["time"] or next((part for part in above if re.fullmatch(r"t\d+", part)), "")
    cohort = re.match(r"(?i:c\d+)", match["subject"] or "")
    site = next(
        (part for part in above if re.fullmatch(r"(?i:site[ _-]?\d+)", part)), cohort[0] if cohort else ""
    )
    begin = re.escape((match["subject"] or "") + (match["time"] or "") or match["number"])
    labels = base.images(t1.parent, rf"{begin}_(?i:LesionSmooth.*|lesion_?mask.*)")
    label = base.single(
        labels, "lesion label", "add them up into one (fslmaths ONE -add OTHER -bin ONE), and keep that one"
    )
    return base.Scan(dataset, match["subject"] or match["number"], time, str(t1), lesion=label, site=site)


def about(options: Mapping[str, Any]) -> list[str]:
    """Which edition there is, a sentence each."""
    root = _root(options["path"])
    found = Counter[str]()
    for _, subject in _subjects(root):
        found["ATLAS 2.0" + (", without folders of sites" if subject.parent == root else "")] += 1
    found["ATLAS 1.1 or 1.2"] += sum(1 for _ in _olds(root))
    part = f" {root.name}" if root.name in ("Training", "Testing") else ""
    said = ", ".join(f"{name}{part if '2.0' in name else ''} ({n})" for name, n in sorted(found.items()) if n)
    notes = [f"edition: {said}"] * bool(said)
    if root.name == "Testing":
        notes.append("Testing has no labels: its lesions are kept by the challenge")
    elif (other := root.parent / "Testing").is_dir() and root.name == "Training":
        notes.append(f"{other} is another part: name it in options.path to list it")
    return notes


def subjects(options: Mapping[str, Any]) -> list[str]:
    """All subjects that have a folder in ATLAS 2."""
    return [subject.name.removeprefix("sub-") for _, subject in _subjects(_root(options["path"]))]


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of ATLAS."""
    root = _root(path)
    two = any(TWO.fullmatch(s.name.removeprefix("sub-")) or s.parent != root for _, s in _subjects(root))
    return [{"path": str(path)}] if two or next(_olds(root), None) else []


def _root(path: str | Path) -> Path:
    return base.folder(base.folder(path, "ATLAS_2", "ATLAS_R1.2", "ATLAS_R1.1"), "Training", "Testing")


def tables(options: Mapping[str, Any]) -> list[str]:
    """The table of demographics, if one is named."""
    return [options["table"]] if options["table"] else []


def demographics(options: Mapping[str, Any]) -> People:
    """Age and sex by subject ("r001s001")."""
    return people(tables(options), SUBJECT, lambda cell: cell.removeprefix("sub-"))
