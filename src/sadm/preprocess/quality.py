"""What a prepared scan must fulfil, and the numbers behind it."""

from typing import Any

import numpy as np

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


def judge(values: dict[str, Any], limits: dict[str, Any]) -> list[str]:
    """Why a scan with these ``values`` fails, as sentences; none if it passes. ``limits``: the config section ``quality``."""
    if not values["finite"]:
        return ["the T1 has voxels that are no numbers"]
    if not values["brain_ml"]:
        return ["the brain mask is empty"]
    low, high = limits["brain_ml"]
    rules = {
        "the brain has {brain_ml:.0f} ml, not " + f"{low:.0f} to {high:.0f}": low
        <= values["brain_ml"]
        <= high,
        "the brain mask falls into {components} parts": values["largest_component"] >= COMPONENT,
        "the T1 is the same everywhere in the brain": values["intensity_range"] > 0,
    }
    for name, text in {
        "overlap": "the brain mask overlaps the SRI24 brain by Dice",
        "coverage": "an octant of the SRI24 brain is covered by the brain mask by a share of only",
        "nmi": "the T1 in the brain shares normalised mutual information with SRI24 of only",
        "correlation": "the contrast is not that of a T1: correlation with SRI24 in the brain",
    }.items():
        rules[f"{text} {{{name}:.3f}}, not {limits[name]:.3f}"] = values[name] >= limits[name]
    for name, text in {
        "outside": "a share of the SRI24 brain lies outside the scan's field of view:",
        "stretch": "the head is no adult's, or the voxel size is wrong: stretch, in standard deviations from adults,",
        "rotation": "the head does not lie as the scan's header says: turned by degrees",
    }.items():
        rules[f"{text} {{{name}:.3g}}, more than {limits[name]:.3g}"] = values[name] <= limits[name]
    return [text.format(**values) for text, holds in rules.items() if not holds]
