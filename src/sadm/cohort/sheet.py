"""The cohort check: every file of a data set is read once, all problems are reported together, the sheet is written."""

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from sadm.data.base import Scan
from sadm.runtime.errors import DataError
from sadm.runtime.files import load_nifti, write_table

COLUMNS = (
    "dataset", "subject", "session", "scan", "t1", "brain_mask", "lesion", "age", "sex", "site", "sha256", "lesion_ml"
)  # fmt: skip
LABELS = 16  # values of a label: BraTS has 4; an image or a parcellation taken for a label has hundreds
WHOLE = 1e-3  # how near to whole numbers a label's values are: scaling rounds
DARK = 0.5  # brightness of a brain mask's voxels by that of all voxels, below which the mask lies beside the head
TOLERANCE = 0.1  # mm between the corners of two grids: headers that store quaternions round at about .01


@dataclass
class Finding:
    """What the files of one scan hold: ``sha256`` of the T1's voxels, lesion volume in ml (None: no label), problems."""

    scan: Scan
    sha256: str = ""
    lesion_ml: float | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)


def cohort(
    dataset: str,
    importer: str,
    options: Mapping[str, Any],
    annotated: bool,
    out: str | Path,
    threads: int = 1,
) -> None:
    """Check the data set that ``importer`` lists with ``options`` and write its sheet, a row a scan, to ``out`` (tsv).

    ``annotated``: each scan must have a lesion label. Raises DataError that lists every file with a problem.
    """
    module = import_module(f"sadm.data.{importer}")
    scans = getattr(module, "listed", module.scans)(dataset, options)
    known = module.demographics(options) if hasattr(module, "demographics") else {}
    described = [_described(scan, known.get(scan.subject, {})) for scan in scans]
    findings = check(described, annotated, threads, getattr(module, "FRACTIONAL", False))
    write_table(map(_row, findings), COLUMNS, out)
    empty = [f.scan.name for f in findings if f.lesion_ml == 0]
    print(
        f"{dataset}: {len(findings)} scans of {len({s.subject for s in scans})} subjects, no problem found."
    )
    print(f"{len(empty)} lesion labels are empty: {', '.join(empty) or 'none'}.")


def check(
    scans: Sequence[Scan], annotated: bool = False, threads: int = 1, fractional: bool = False
) -> list[Finding]:
    """Read every file of ``scans`` once, in ``threads`` threads.

    Raises one DataError for all files that are missing, unreadable, truncated, not 3-D, empty, constant, NaN, on another
    grid than their T1 or voxel for voxel the same as another scan's T1, for masks and labels that are none (of many values,
    or of fractions unless ``fractional``; beside the head), and for missing labels if ``annotated``.
    """
    with ThreadPoolExecutor(threads) as pool:
        findings = list(pool.map(examine, scans, itertools.repeat(annotated), itertools.repeat(fractional)))
    problems = [problem for finding in findings for problem in finding.problems] + duplicates(findings)
    if problems:
        files = sorted({file for file, _ in problems})
        listing = "".join(f"\n    {file}: {cause}" for file, cause in sorted(problems))
        what = f"{len(files)} files of data set {scans[0].dataset!r} cannot be used ({len(scans)} scans were read)."
        fix = "replace or remove these files; nothing is trained before"
        raise DataError(what, file=files[0] if len(files) == 1 else None, cause=listing, fix=fix)
    return findings


def examine(scan: Scan, annotated: bool = False, fractional: bool = False) -> Finding:
    """Read the T1, brain mask and lesion label of ``scan``; what is wrong with each is in the finding's problems."""
    found = Finding(scan)
    t1, mask, lesion = (
        _load(path, found) if path else None for path in (scan.t1, scan.brain_mask, scan.lesion)
    )
    if t1 is not None:
        found.problems += [(scan.t1, cause) for cause in _flaws(t1.get_fdata(dtype=np.float32))]
        found.sha256 = fingerprint(t1)
        pairs = ((scan.brain_mask, mask, "brain mask"), (scan.lesion, lesion, "lesion label"))
        for path, image, what in pairs:
            if image is not None and (offset := grid_offset(t1, image)):
                found.problems.append((path, f"{what} on another grid than its T1: {offset}"))
            elif image is not None and (cause := _beside(t1, image, image is mask)):
                found.problems.append((path, f"{what} lies beside the head: {cause}"))
    for path, image in ((scan.brain_mask, mask), (scan.lesion, lesion)):
        if image is not None and (cause := _no_label(image.get_fdata(dtype=np.float32), fractional)):
            found.problems.append((path, f"is no mask: {cause}"))
    if mask is not None and not (mask.get_fdata(dtype=np.float32) > 0).any():
        found.problems.append((scan.brain_mask, "brain mask is empty"))
    if lesion is not None:
        found.lesion_ml = _volume(lesion)
    if annotated and not scan.lesion:
        found.problems.append((scan.t1, "has no lesion label, in a data set of annotated patients"))
    return found


def fingerprint(image: nib.Nifti1Image) -> str:
    """sha256 of the sorted non-zero float32 voxels: a copy in another axis order, mirrored or padded with zeros is the same."""
    data = image.get_fdata(dtype=np.float32).ravel()
    return hashlib.sha256(np.sort(data[data != 0]).data).hexdigest()


def grid_offset(one: nib.Nifti1Image, other: nib.Nifti1Image) -> str:
    """How the grids of two images differ, "" if they are the same: equal shape, corners less than TOLERANCE mm apart."""
    if one.shape != other.shape:
        return f"shape {other.shape}, not {one.shape}"
    corners = np.array([[*corner, 1] for corner in itertools.product(*((0, size - 1) for size in one.shape))])
    distance = np.linalg.norm((corners @ (one.affine - other.affine).T)[:, :3], axis=1).max()
    return f"its affine moves a corner by {distance:.3g} mm" if distance > TOLERANCE else ""


def duplicates(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """A problem for each T1 whose voxels equal another's, of the same or of another subject."""
    groups = defaultdict(list)
    for finding in findings:
        if finding.sha256:
            groups[finding.sha256].append(finding.scan)
    return [
        (scan.t1, f"same voxels as {', '.join(other.t1 for other in group if other is not scan)}")
        for group in groups.values() if len(group) > 1 for scan in group
    ]  # fmt: skip


def _described(scan: Scan, known: Mapping[str, str]) -> Scan:
    """``scan`` with what the table knows of its subject; what the scan says of itself counts first."""
    return replace(
        scan, **{name: getattr(scan, name) or known.get(name, "") for name in ("age", "sex", "site")}
    )


def _load(path: str, found: Finding) -> nib.Nifti1Image | None:
    try:
        return load_nifti(path)
    except DataError as error:
        found.problems.append((path, f"{error.what.rstrip('.')} ({error.cause})"))
        return None


def _flaws(data: np.ndarray) -> list[str]:
    if min(data.shape) < 2:
        return [f"not a volume: its shape is {data.shape}"]
    if data.min() == data.max():
        return ["empty: all voxels are 0" if not data.any() else f"constant: all voxels are {data.flat[0]:g}"]
    return []


def _no_label(values: np.ndarray, fractional: bool) -> str:
    """Why ``values`` are not those of a mask, "" if they are."""
    inside = values[values != 0]
    if inside.size and inside.min() < 0:
        return f"values down to {inside.min():g}"
    if fractional or not inside.size:
        return ""
    if (off := np.abs(inside - inside.round()).max()) > WHOLE:
        return f"values between whole numbers, by up to {off:.2g}"
    count = len(np.unique(inside)) + 1
    return f"{count} values, more than {LABELS}" if count > LABELS else ""


def _beside(t1: nib.Nifti1Image, mask: nib.Nifti1Image, brain: bool) -> str:
    """Why ``mask``, on the grid of ``t1``, has nothing of the head in it, "" if it has or is empty.

    A lesion may be darker than the rest, but not 0; a ``brain`` is brighter than the mean, which has the air in it.
    """
    data, inside = t1.get_fdata(dtype=np.float32), mask.get_fdata(dtype=np.float32) > 0
    if not inside.any():
        return ""
    if not data[inside].any():
        return "the T1 is 0 in all of it"
    low = float(data.min())
    share = (data[inside].mean(dtype=np.float64) - low) / max(data.mean(dtype=np.float64) - low, 1e-9)
    return f"the T1 is {share:.0%} as bright in it as on average" if brain and share < DARK else ""


def _volume(label: nib.Nifti1Image) -> float:
    voxels = np.count_nonzero(label.get_fdata(dtype=np.float32) > 0)
    return float(voxels * abs(np.linalg.det(label.affine[:3, :3])) / 1000)


def _row(found: Finding) -> dict[str, str]:
    scan, ml = found.scan, found.lesion_ml
    values = vars(scan) | {
        "scan": scan.name,
        "sha256": found.sha256,
        "lesion_ml": "" if ml is None else f"{ml:.3f}",
    }
    return {column: values[column] for column in COLUMNS}
