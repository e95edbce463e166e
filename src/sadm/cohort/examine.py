"""One scan's files, read once: what is wrong with each, and what the sheet says of them."""

import hashlib
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import nibabel as nib
import numpy as np

from sadm.cohort import plausible, prints
from sadm.cohort.label_like import no_intensities
from sadm.data.base import Scan, files_of
from sadm.runtime import nifti
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti
from sadm.runtime.labels import load_label

SHARED = 3  # subjects that one label makes suspect enough to stop; of two it is told
REPLACE = "replace or remove it"
NAME = "name masks and labels by the options lesion and brain_mask, and narrow t1 to the T1s"
AHEAD = 60  # seconds that a file's time may lie in the future: clocks in a network differ
DRAW = "use the label that was drawn on this T1, 0 outside the lesion"


class Problem(NamedTuple):
    """What is wrong with a ``file``, and what to do about it."""

    file: str
    cause: str
    fix: str = REPLACE


@dataclass
class Finding:
    """What the files of one scan hold: ``sha256`` of the T1's voxels, its print, lesion volume in ml (None: no label), ``outline`` of the label
    (what equal labels share), and problems."""

    scan: Scan
    sha256: str = ""
    printed: str = ""
    lesion_ml: float | None = None
    outline: str = ""
    problems: list[Problem] = field(default_factory=list)


def examine(scan: Scan, fractional: bool = False) -> Finding:
    """Read the T1, brain mask and lesion label of ``scan``; what is wrong with each is in the finding's problems.

    ``fractional``: its masks were interpolated.
    """
    found = Finding(scan, problems=[*_from_the_future(scan)])
    t1 = _load(scan.t1, found, load_nifti)
    mask, lesion = (
        _load(path, found, load_label) if path else None for path in (scan.brain_mask, scan.lesion)
    )
    if t1 is not None:
        found.problems += _flaws(scan.t1, t1)
        found.sha256, found.printed = fingerprint(t1), prints.print_of(t1)
    for path, image in ((scan.brain_mask, mask), (scan.lesion, lesion)):
        if image is not None and (cause := plausible.no_mask(image.get_fdata(dtype=np.float32), fractional)):
            found.problems.append(Problem(path, f"is no mask: {cause}", DRAW))
    if mask is not None and not _inside(mask).any():
        found.problems.append(Problem(scan.brain_mask, "brain mask is empty"))
    if t1 is not None:
        found.problems += _misfits(scan, t1, mask, lesion)
    if lesion is not None:
        found.lesion_ml = _volume(lesion)
        found.outline = plausible.outline(lesion)
    return found


def fingerprint(image: nib.Nifti1Image) -> str:
    """sha256 of the sorted non-zero float32 voxels: a copy in another axis order, mirrored or padded with zeros is the same."""
    data = image.get_fdata(dtype=np.float32).ravel()
    return hashlib.sha256(np.sort(data[data != 0]).data).hexdigest()


def duplicates(findings: Sequence[Finding]) -> list[Problem]:
    """A problem for each T1 whose voxels equal another's, of the same or of another subject, and for labels of several scans."""
    same = _groups([(finding.sha256, finding) for finding in findings])
    problems = [
        Problem(each.scan.t1, f"same voxels as {_others(each.scan.t1, group, 't1')}", "keep one of them")
        for group in same for each in group
    ]  # fmt: skip
    for group in _groups([(finding.scan.lesion, finding) for finding in findings]):
        t1s = " and ".join(each.scan.t1 for each in group)
        fix = (
            "say in the label's name which it was drawn on (run-1 ...), or narrow the T1s to one (options.t1)"
        )
        problems.append(
            Problem(group[0].scan.lesion, f"one lesion label for {t1s}: it was drawn on one of them", fix)
        )
    for group in shared_labels(findings):
        if len({each.scan.subject for each in group}) >= SHARED:
            problems += [
                Problem(each.scan.lesion, f"same label as {_others(each.scan.lesion, group, 'lesion')}", DRAW)
                for each in group
            ]
    return problems


def copies(findings: Sequence[Finding]) -> Iterator[Problem]:
    """A problem for each T1 that is another one but for a scaling and a shift of its values."""
    sums = {finding.scan.t1: finding.sha256 for finding in findings}
    for one, other, found in prints.copies({finding.scan.t1: finding.printed for finding in findings}):
        if sums[one] != sums[other]:
            for path, twin in ((one, other), (other, one)):
                cause = f"the same head as {twin}, its values scaled or shifted (correlation {found:.5f})"
                yield Problem(path, cause, "keep one of them")


def shared_labels(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Groups of findings of several subjects with one label, in files of their own."""
    groups = _groups([(finding.outline, finding) for finding in findings])
    return [group for group in groups if len({each.scan.subject for each in group}) > 1]


def _groups(keyed: Sequence[tuple[str, Finding]]) -> list[list[Finding]]:
    groups = defaultdict(list)
    for key, finding in keyed:
        if key:
            groups[key].append(finding)
    return [group for group in groups.values() if len(group) > 1]


def _others(path: str, group: Sequence[Finding], kind: str) -> str:
    paths = [getattr(each.scan, kind) for each in group]
    return ", ".join(other for other in paths if other != path)


def _from_the_future(scan: Scan) -> Iterator[Problem]:
    """Snakemake runs a job again whose input is newer than its result, and takes a result away that stays older."""
    for path in filter(os.path.exists, files_of(scan)):
        ahead = os.stat(path).st_mtime - time.time()
        if ahead > AHEAD:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() + ahead))
            yield Problem(path, f"its time lies ahead: {when}", "set it to now: touch FILE")


def _load(path: str, found: Finding, load: Callable[[str], nib.Nifti1Image]) -> nib.Nifti1Image | None:
    try:
        return load(path)
    except DataError as error:
        found.problems.append(Problem(path, f"{error.what.rstrip('.')} ({error.cause})", error.fix))
        return None


def _flaws(path: str, t1: nib.Nifti1Image) -> list[Problem]:
    data = t1.get_fdata(dtype=np.float32)
    if min(data.shape) < 2:
        return [Problem(path, f"not a volume: its shape is {data.shape}")]
    if data.min() == data.max():
        cause = "empty: all voxels are 0" if not data.any() else f"constant: all voxels are {data.flat[0]:g}"
        return [Problem(path, cause)]
    if cause := no_intensities(data):
        return [Problem(path, cause, NAME)]
    try:
        nifti.check_field(data.shape, np.asarray(t1.affine), t1.extra["unit"])
    except nifti.Unusable as error:
        return [Problem(path, f"{error.what.rstrip('.')} ({error.cause})", error.fix)]
    return []


def _misfits(
    scan: Scan, t1: nib.Nifti1Image, mask: nib.Nifti1Image | None, lesion: nib.Nifti1Image | None
) -> list[Problem]:
    """How the masks of a scan do not fit its T1."""
    problems, on_grid = [], {}
    for path, image, what in ((scan.brain_mask, mask, "brain mask"), (scan.lesion, lesion, "lesion label")):
        if image is None:
            continue
        turned = plausible.in_axes_of(image, t1)
        if offset := plausible.grid_offset(t1, turned):
            fix = f"bring it to the T1's grid, without interpolation between labels, or take the {what} of this T1"
            problems.append(Problem(path, f"{what} on another grid than its T1: {offset}", fix))
        else:
            on_grid[what] = _inside(turned)
    data = t1.get_fdata(dtype=np.float32)
    for path, what in ((scan.brain_mask, "brain mask"), (scan.lesion, "lesion label")):
        if what in on_grid and (cause := plausible.beside(data, on_grid[what], what == "brain mask")):
            problems.append(Problem(path, f"{what} lies beside the head: {cause}"))
    brain, label = on_grid.get("brain mask"), on_grid.get("lesion label")
    if brain is not None and (cause := plausible.background(brain)):
        problems.append(Problem(scan.brain_mask, f"is no brain mask: {cause}", "use 0 outside the brain"))
    if label is not None and (cause := plausible.no_lesion(data, label, brain, _voxel(t1))):
        problems.append(Problem(scan.lesion, f"is no lesion label: {cause}", DRAW))
    return problems


def _inside(image: nib.Nifti1Image) -> np.ndarray:
    return image.get_fdata(dtype=np.float32) > 0


def _voxel(image: nib.Nifti1Image) -> float:
    return float(abs(np.linalg.det(image.affine[:3, :3])))


def _volume(label: nib.Nifti1Image) -> float:
    return float(np.count_nonzero(_inside(label)) * _voxel(label) / 1000)
