"""BraTS of 2017 and later: brain tumours, skull-stripped, most of them in SRI24's space at 1 mm.

HGG/Brats18_CBICA_AAM_1/Brats18_CBICA_AAM_1_t1.nii.gz, ..._seg.nii.gz      2017 to 2019: HGG and LGG, or none of these folders
BraTS20_Training_001/BraTS20_Training_001_t1.nii                           2020; one label has a name of its own: W39_..._Segm.nii
BraTS2021_00000/BraTS2021_00000_t1.nii.gz                                  2021
BraTS-GLI-00000-000/BraTS-GLI-00000-000-t1n.nii.gz, ...-seg.nii.gz         2023 and later: GLI, MET, MEN, PED, SSA ...

A label's values above 0 are tumour. The last number of a name of 2017 to 2019 and of 2023 and later is a time point of its patient.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sadm.data import base
from sadm.data.tree import readable

SPACE = "sri24"
STRIPPED = True
TREE = "BraTS"
BY_OPTION = {"space": {"native": {"SPACE": "native"}}}
DEEPEST = 4  # folders from options.path down to a patient's
# How patients are named, and the edition where the name does not tell it.
PATIENT = (
    (re.compile(r"(?P<subject>BraTS(?P<year>1[2-9])_\w+?)_(?P<session>\d{1,2})", re.I), ""),
    (re.compile(r"(?P<subject>BraTS(?P<year>20)_\w+_\d+)", re.I), ""),
    (re.compile(r"(?P<subject>BraTS(?P<year>20\d\d)_\d+)", re.I), ""),
    (
        re.compile(r"(?P<subject>BraTS-(?P<part>[A-Z]+(?:-RT)?)-\d+)(?:-(?P<session>\d+))?", re.I),
        "2023 or later",
    ),
)
CONTAINER = re.compile(r"(?i)brats|^[hl]gg$|training|validation")  # folders above those of patients
KINDS = {"t1": "t1n?", "seg": "seg(?:m|mentation)?|gtv|label"}

# The files of a patient without a folder of its own.
FLAT = re.compile(rf"(.+)[-_](?i:{KINDS['t1']}|{KINDS['seg']})")


class Patient(NamedTuple):
    """The ``folder`` of a patient at one time, its ``name``, and what this says."""

    folder: Path
    name: str
    subject: str
    session: str
    edition: str


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    path: str = ""  # the folder that holds a folder for each patient (BraTS2021_00000 ...), or one above it
    space: Literal["", "sri24", "native"] = (
        ""  # of the scans; empty: SRI24's, as in most years, and told where it need not be
    )


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every patient folder, also one that lacks its T1. Raises DataError: no tree, no patient, several T1s or labels of one."""
    root = base.folder(options["path"])
    found = [_scan(dataset, patient) for patient in _patients(root)]
    return base.checked(
        found, root, "BraTS2021_*/BraTS2021_*_t1.nii.gz, nor BraTS-*-*/BraTS-*-t1n.nii.gz", options
    )


def _scan(dataset: str, patient: Patient) -> base.Scan:
    fix = "keep one of them in the patient's folder"
    t1s = base.images(patient.folder, rf"(?i:{re.escape(patient.name)}[-_](?:{KINDS['t1']}))")
    expected = f"{patient.name}-t1n" if patient.name.startswith("BraTS-") else f"{patient.name}_t1"
    t1 = base.image(t1s[0].with_name(base.stem(t1s[0]))) if t1s else base.image(patient.folder / expected)
    if len({base.stem(each) for each in t1s}) > 1:
        base.single(t1s, "T1", fix)
    label = base.single(_labels(patient), "lesion label", fix)
    return base.Scan(dataset, patient.subject, patient.session, str(t1), lesion=label)


def _labels(patient: Patient) -> list[Path]:
    """The label of a patient; where none has its name, those in its own folder that end as labels."""
    own = base.images(patient.folder, rf"(?i:{re.escape(patient.name)}[-_](?:{KINDS['seg']}))")
    if own:
        return [base.image(own[0].with_name(base.stem(own[0])))] if len({*map(base.stem, own)}) == 1 else own
    alone = patient.folder.name == patient.name
    return base.images(patient.folder, rf"(?i:.*[-_. ](?:{KINDS['seg']}))") if alone else []


def subjects(options: Mapping[str, Any]) -> list[str]:
    """The patients of all folders."""
    return [patient.subject for patient in _patients(base.folder(options["path"]))]


def about(options: Mapping[str, Any]) -> list[str]:
    """Which years there are, and what is to be known of them, a sentence each."""
    patients = [*_patients(base.folder(options["path"]))]
    years = Counter(patient.edition for patient in patients)
    notes = ["edition: " + ", ".join(f"BraTS {year} ({n} scans)" for year, n in sorted(years.items()))]
    odd = {p.name: label for p in patients for label in _labels(p) if not label.name.startswith(p.name)}
    notes += [f"{name}: {label.name} is taken for its label" for name, label in odd.items()]
    if not options.get("space") and (late := [p for p in patients if "later" in p.edition]):
        notes.append(
            f"{len(late)} scans of BraTS 2023 or later are taken to lie in SRI24's space, and not all of these years do: "
            "set options.space to sri24, or to native"
        )
    return notes


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of BraTS."""
    return [{"path": str(path)}] if next(_below(path, 0, CONTAINER), None) else []


def _patients(root: Path) -> Iterator[Patient]:
    """Every patient at every time, in the order of their names; also those whose files lie in one folder."""
    found = {(patient.folder, patient.name): patient for patient in _below(root, 0)}
    yield from (found[key] for key in sorted(found))


def _below(place: Path, depth: int, through: re.Pattern[str] | None = None) -> Iterator[Patient]:
    """The patients below a folder; only ``through`` folders of such names, if any are named."""
    for entry in base.children(place, ".+"):
        if os.path.isdir(entry):
            if own := _named(entry, entry.name):
                yield own
            elif depth < DEEPEST and (through is None or through.search(entry.name)):
                yield from _below(entry, depth + 1, through)
        else:
            match = FLAT.fullmatch(base.stem(entry)) if readable(entry) else None
            flat = _named(place, match[1]) if match and place.name != match[1] else None
            yield from [flat] if flat else []


def _named(folder: Path, name: str) -> Patient | None:
    for pattern, year in PATIENT:
        if match := pattern.fullmatch(name):
            said = match.groupdict()
            stated = said.get("year") or ""
            known = year or (f"20{stated}" if len(stated) == 2 else stated)
            known += f", {said['part'].upper()}" if said.get("part") else ""
            return Patient(folder, name, said["subject"], said.get("session") or "", known)
    return None
