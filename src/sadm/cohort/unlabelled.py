"""Patients without a lesion label: refused, left out or taken for healthy; files that may be their label are named."""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sadm.cohort.examine import Problem
from sadm.data.base import Scan, children, images, stem

LABELS = re.compile(
    r"lesion|(?<![a-z])(?:les|roi|seg|segm|mask|label|tumou?r|stroke|infarct|annotation)(?![a-z])", re.I
)
NO_LABELS = re.compile(
    r"brain|probseg|aparc|aseg|(?<![a-z])(?:gm|wm|csf|t1w?|t2w?|flair|t1ce|t1c|t1n|t2f|pd|dwi)$", re.I
)
CHOICE = "missing_lesions of the data set to exclude, or to empty for healthy persons"
ENTITY = re.compile(r"(?:sub|ses|run|acq|rec|ce)-.*|T1w|[A-Za-z]*BraTS.*", re.I)


class Sorted(NamedTuple):
    """The scans of a data set that are ``kept``, those that are ``left`` out, problems of those that lack a label, and notes."""

    kept: list[Scan]
    left: list[Scan]
    problems: list[Problem]
    notes: list[str]


def sort_out(scans: Sequence[Scan], options: Mapping[str, Any], missing: str) -> Sorted:
    """What becomes of the scans that have no label; ``options``: the importer's.

    ``missing``: "stop", a problem for each; "exclude", they are left out; "empty", they count as healthy volumes; "", no label is
    asked for. A file that may be a label is named in any case.
    """
    lacking = [scan for scan in scans if not scan.lesion]
    if missing == "stop":
        return Sorted(list(scans), [], problems(scans, options), [])
    notes = candidate_notes(scans, options)
    if lacking and missing:
        fate = (
            "are left out"
            if missing == "exclude"
            else "count as healthy volumes, for false alarms and not for Dice"
        )
        names = ", ".join(scan.name for scan in lacking)
        notes = [
            f"{len(lacking)} scans have no lesion label and {fate} (missing_lesions: {missing}): {names}",
            *notes,
        ]
    left = lacking if missing == "exclude" else []
    return Sorted([scan for scan in scans if scan not in left], left, [], notes)


def problems(scans: Sequence[Scan], options: Mapping[str, Any]) -> list[Problem]:
    """A problem for each scan without a label."""
    found, others = [], Others.of(scans)
    for scan in scans:
        if not scan.lesion:
            files = others.candidates(scan)
            seen = f"; {', '.join(map(str, files))} may be it" if files else ""
            fix = f"{advice(scan, files, scans, options) or 'add its label'}; or set {CHOICE}"
            found.append(
                Problem(scan.t1, f"has no lesion label, in a data set of annotated patients{seen}", fix)
            )
    return found


def candidate_notes(scans: Sequence[Scan], options: Mapping[str, Any]) -> list[str]:
    """A sentence for each scan without a label that a file beside it may be."""
    others = Others.of(scans)
    found = [(scan, others.candidates(scan)) for scan in scans if not scan.lesion]
    return [
        f"{scan.name} has no lesion label; {', '.join(map(str, files))} may be it: {advice(scan, files, scans, options)}"
        for scan, files in found if files
    ]  # fmt: skip


def advice(scan: Scan, files: Sequence[Path], scans: Sequence[Scan], options: Mapping[str, Any]) -> str:
    """What makes the importer take one of ``files`` for the label of ``scan``; "" if there are none."""
    if not files:
        return ""
    if "lesion" in options:
        parts = [part for part in stem(files[0]).split("_") if not ENTITY.fullmatch(part)]
        whole = ", with the stars of options.t1" if "space" in options else f", as '*{'_'.join(parts)}'"
        return f"set options.lesion, now {options['lesion']!r}, to a pattern that it fits{whole}"
    other = next((each for each in scans if each.lesion), None)
    named = (
        Path(other.lesion).name.replace(other.subject, scan.subject)
        if other
        else "as the importer expects it"
    )
    return f"rename it to {named}, if it is the label"


@dataclass(frozen=True)
class Others:
    """The images about the scans of a data set that are of no scan: ``used`` are files, ``shared`` the scans in each folder."""

    used: set[str]
    shared: Counter[Path]
    images: dict[Path, list[Path]] = field(default_factory=dict)

    @classmethod
    def of(cls, scans: Sequence[Scan]) -> "Others":
        """Those about ``scans``."""
        used = {path for scan in scans for path in (scan.t1, scan.brain_mask, scan.lesion) if path}
        return cls(used, Counter(Path(scan.t1).parent for scan in scans))

    def candidates(self, scan: Scan) -> list[Path]:
        """Images of the scan's subject that may be its label: named like one, or the only other one in a folder of its own."""
        place = Path(scan.t1).parent
        own = self.shared[place] == 1
        beside = [path for path in self._free(place) if own or scan.subject in path.name]
        derived = [path for folder in _derivatives(scan) for path in self._free(folder)]
        plausible = [path for path in (*beside, *derived) if not NO_LABELS.search(stem(path))]
        named = [path for path in plausible if LABELS.search(stem(path))]
        return named or (plausible if own and len(plausible) == 1 else [])

    def _free(self, place: Path) -> list[Path]:
        if place not in self.images:
            found = images(place, ".+") if place.is_dir() else []
            self.images[place] = [path for path in found if str(path) not in self.used]
        return self.images[place]


def _derivatives(scan: Scan) -> list[Path]:
    """The folders of the scan's subject below derivatives, of a BIDS tree, with those in them."""
    name = f"sub-{scan.subject}"
    root = next((above.parent for above in Path(scan.t1).parents if above.name == name), None)
    if root is None or not (root / "derivatives").is_dir():
        return []
    tops = [place / name for place in children(root / "derivatives", ".+")]
    return [Path(folder) for top in tops for folder, _, _ in os.walk(top)]
