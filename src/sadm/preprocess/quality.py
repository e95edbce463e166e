"""What a prepared scan must fulfil, and the numbers behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE, read_json, write_json

SENTENCES = ("reasons", "unusual")
VERDICT = ("dataset", "scan", "passed", *SENTENCES)  # what every qc.json says
KEYS: dict[str, type] = {
    "dataset": str, "scan": str, "passed": bool, "complete": bool, "reasons": list, "unusual": list
}  # fmt: skip
COMPONENT = 0.99  # share of the mask that its largest connected part must hold
# Logarithms of the stretch from SRI24 to a head along right-left, anterior-posterior, inferior-superior: mean and covariance
# of 113 adults (IXI and ATLAS-like heads, registered by their brains).
STRETCH_MEAN = np.log([0.975, 0.985, 0.973])
_SD, _CORRELATION = np.array([0.037, 0.051, 0.045]), [[1, 0.26, 0.48], [0.26, 1, 0.53], [0.48, 0.53, 1]]
STRETCH_COVARIANCE = np.outer(_SD, _SD) * np.array(_CORRELATION)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Dice of two masks of equal shape, 0 to 1; 0 if both are empty."""
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero((a > 0) & (b > 0))) / total if total else 0.0


def components(mask: np.ndarray) -> tuple[int, float]:
    """Number of connected parts of ``mask`` [X, Y, Z] (faces touch), and the share of its voxels in the largest."""
    from scipy import ndimage

    labels, count = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())[1:]
    return int(count), float(sizes.max() / sizes.sum()) if count else 0.0


def nmi(a: np.ndarray, b: np.ndarray, bins: int = 32) -> float:
    """Normalised mutual information 2 I(a; b) / (H(a) + H(b)) of two images of equal shape: 0 (nothing shared) to 1 (the same).

    From a joint histogram of ``bins`` equal bins over each image's range; 0 if both are constant.
    """
    joint = np.histogram2d(a.ravel(), b.ravel(), bins)[0]
    p = joint / joint.sum()

    def entropy(q: np.ndarray) -> float:
        q = q[q > 0]
        return float(-(q * np.log(q)).sum())

    alone = entropy(p.sum(axis=0)) + entropy(p.sum(axis=1))
    return 2 * (alone - entropy(p.ravel())) / alone if alone > 0 else 0.0


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's correlation of two images, -1 to 1; 0 if one is constant."""
    x, y = (np.asarray(v, dtype=np.float64).ravel() - np.mean(v, dtype=np.float64) for v in (a, b))
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else 0.0


def coverage(mask: np.ndarray, template: np.ndarray) -> float:
    """Share of the ``template`` brain that ``mask`` covers, in the worst of its eight octants: 0 to 1; 0 for an empty octant."""
    middle = [int(np.median(index)) for index in np.nonzero(template)]
    shares = []
    for corner in np.ndindex(2, 2, 2):
        part = tuple(slice(m, None) if upper else slice(0, m) for m, upper in zip(middle, corner))
        inside = template[part] > 0
        shares.append(float(np.mean(mask[part][inside] > 0)) if inside.any() else 0.0)
    return min(shares)


def offset(mask: np.ndarray, template: np.ndarray, spacing: float) -> float:
    """Distance in mm of the centres of mass of two masks [X, Y, Z] of voxels of ``spacing`` mm; 0 if one is empty."""
    if not (mask.any() and template.any()):
        return 0.0
    centres = [np.argwhere(each > 0).mean(axis=0) for each in (mask, template)]
    return float(np.linalg.norm(centres[0] - centres[1]) * spacing)


def stretch(matrix: np.ndarray) -> float:
    """How far the stretch of the affine ``matrix`` (SRI24 to scan, 4 x 4) is from that of adults' heads, in standard deviations.

    The Mahalanobis distance of the logarithms of the stretch along the axes of SRI24; infinite for a singular matrix.
    """
    linear = matrix[:3, :3]
    squares, axes = np.linalg.eigh(linear.T @ linear)
    if squares[0] <= 0:
        return float("inf")
    logs = np.diag(axes @ np.diag(np.log(squares) / 2) @ axes.T) - STRETCH_MEAN
    return float(np.sqrt(logs @ np.linalg.solve(STRETCH_COVARIANCE, logs)))


def rotation(matrix: np.ndarray) -> float:
    """Angle in degrees, 0 to 180, by which the affine ``matrix`` turns SRI24 to reach the scan's world; 180 if it mirrors it."""
    left, _, right = np.linalg.svd(matrix[:3, :3])
    if np.linalg.det(left @ right) < 0:
        return 180.0
    return float(np.degrees(np.arccos(np.clip((np.trace(left @ right) - 1) / 2, -1, 1))))


# How a number is said, and whether small or large ones are odd.
SMALL = {
    "overlap": "the brain mask overlaps the SRI24 brain by Dice",
    "coverage": "an octant of the SRI24 brain is covered by the brain mask by a share of only",
    "nmi": "the T1 in the brain shares normalised mutual information with SRI24 of only",
    "correlation": "the contrast is not that of a T1: correlation with SRI24 in the brain",
}
LARGE = {
    "outside": "a share of the SRI24 brain lies outside the scan's field of view:",
    "stretch": "the head is no adult's, or the voxel size is wrong: stretch, in standard deviations from adults,",
    "rotation": "the head does not lie as the scan's header says: turned by degrees",
}
ELSEWHERE = "its data set does not come in the space that its importer promises; the importers folder and bids register it"


@dataclass(frozen=True)
class Verdict:
    """Why a scan is ``unusable``, and what is ``unusual`` about it, as sentences; a number is never said in both."""

    unusable: list[str]
    unusual: list[str]

    def of(self, dataset: str, scan: str) -> dict[str, Any]:
        """What qc.json says of a scan with this verdict, beside its numbers."""
        said = {
            "passed": not self.unusable,
            "complete": True,
            "reasons": self.unusable,
            "unusual": self.unusual,
        }
        return {"dataset": dataset, "scan": scan, **said}


def judge(values: Mapping[str, Any], limits: Mapping[str, Any], space: str) -> Verdict:
    """What is odd about a scan with these ``values``; ``limits``: the config section ``quality`` as it holds for its data set.

    Of ``brain_ml`` the limits are the smallest that is usable, the usual range, the largest that is usable; of the others two: what
    is beyond the milder is unusual, beyond the other unusable. ``space``: how the data set comes; where that is not "native", its
    brain must lie at SRI24's.
    """
    if fault := fatal(values):
        displaced = space != "native" and not values["brain_ml"]
        return Verdict([f"{fault}; or {ELSEWHERE}" if displaced else fault], [])
    said: dict[bool, list[str]] = {True: [], False: []}
    usual, most = limits["offset"]
    if space != "native" and (mm := values["offset"]) > usual:
        said[mm > most].append(f"the brain lies {mm:.0f} mm from SRI24's, more than {usual:g}: {ELSEWHERE}")
    worst, low, high, most = limits["brain_ml"]
    if not low <= (ml := values["brain_ml"]) <= high:
        said[not worst <= ml <= most].append(f"the brain has {ml:.0f} ml, not {low:.0f} to {high:.0f}")
    if values["largest_component"] < COMPONENT:
        said[False].append(f"the brain mask falls into {values['components']} parts")
    for name, text in SMALL.items():
        least, usual = limits[name]
        if (value := values[name]) < usual:
            said[value < least].append(f"{text} {value:.3f}, not {usual:.3f}")
    for name, text in LARGE.items():
        usual, most = limits[name]
        if (value := values[name]) > usual:
            said[value > most].append(f"{text} {value:.3g}, more than {usual:.3g}")
    return Verdict(said[True], said[False])


def failed_check(dataset: str, scan: str, why: str, out: str) -> None:
    """Write qc.json of a scan on which a step failed, to ``out``: it has no numbers, and no files but those that tell the reason."""
    write_json(Verdict([why], []).of(dataset, scan) | {"complete": False}, out)


def read_check(path: str | Path, keys: Sequence[str], numbers: Sequence[str] = ()) -> dict[str, Any]:
    """What the qc.json at ``path`` says of a scan: it has the ``keys``, and where the scan passed the ``numbers``.

    Raises DataError if it is none, as one edited by hand may be.
    """
    found = read_json(path)
    if wrong := _no_check(found, keys, numbers):
        raise DataError("The check of a scan is not what it should be.", file=path, cause=wrong, fix=REMAKE)
    return dict(found)


def _no_check(found: Any, keys: Sequence[str], numbers: Sequence[str]) -> str:
    """Why ``found`` is no check of a scan, "" if it is one."""
    if not isinstance(found, dict):
        return f"it holds {type(found).__name__}, not keys and values"
    wanted = [*keys, *(numbers if found.get("passed") else ())]
    if lacking := [key for key in wanted if key not in found]:
        return f"no {', '.join(lacking)}"
    for key, value in found.items():
        if not isinstance(value, KEYS.get(key, str | int | float | None)):
            return f"{key} is {value!r}"
        if isinstance(value, list) and not all(isinstance(sentence, str) for sentence in value):
            return f"{key} has other than sentences"
    if "passed" in keys and found["passed"] != (not found["reasons"]):
        return f"passed is {found['passed']}, but it has {len(found['reasons'])} reasons"
    return ""


def fatal(values: Mapping[str, Any]) -> str:
    """Why nothing can be said of a scan with these ``values``, "" if something can."""
    if not values["finite"]:
        return "the T1 has voxels that are no numbers"
    if not values["brain_ml"]:
        return "the brain mask is empty"
    return "" if values["intensity_range"] > 0 else "the T1 is the same everywhere in the brain"
