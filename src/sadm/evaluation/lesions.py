"""Lesion-wise measures of a binary map: detection, panoptic quality, surface distances.

A lesion is a 26-connected component, of the label or of the prediction.

    lesion_f1   a lesion is found if a predicted voxel is in it; a predicted component without a labelled voxel is false;
                F1 = 2 found / (2 found + missed + false)  (ISLES 2022)
    missed      share of the lesions that are not found; hd95 is to be read beside it
    sq, rq, pq  a pair of components with IoU > 0.5 matches, which is one to one (Kirillov et al. 2019); rq = F1 of the matches,
                sq = their mean IoU (0 without one), pq = sq rq
    hd95        the larger of the two 95th percentiles of the distances between the surfaces, in mm
    nsd         share of both surfaces within a tolerance of the other (Nikolov et al. 2021, on voxels); compared in squared
                voxels, which are whole numbers: no rounding by the spacing

A surface is the voxels of a mask with a face neighbour outside it. **A missed lesion counts as a miss:** the surface of a
lesion without a predicted voxel is at the distance of the volume's diagonal, however near another finding is; with nothing
predicted hd95 is the diagonal and nsd 0. Libraries whose numbers are equal, and why none is used: docs/protocol.md.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import binary_erosion, find_objects, generate_binary_structure, label
from scipy.spatial import cKDTree

CONNECTED, FACES = generate_binary_structure(3, 3), generate_binary_structure(3, 1)


class Lesions(NamedTuple):
    """Measures of the module's text; NaN for a volume without a lesion, but for their number ``lesions``."""

    lesions: int
    lesion_f1: float
    sq: float
    rq: float
    pq: float
    hd95: float
    nsd: float
    missed: float


def measure(found: np.ndarray, lesion: np.ndarray, spacing: float, tolerance: float) -> Lesions:
    """Measures of the binary prediction ``found`` [A, B, C] against the label ``lesion``, the same shape.

    ``spacing``: edge of a voxel in mm; ``tolerance`` of nsd in voxels.
    """
    if not lesion.any():
        return Lesions(0, *[np.nan] * 7)
    diagonal = float(np.linalg.norm(lesion.shape))
    box = find_objects((found | lesion).astype(np.uint8))[0]
    found, lesion = found[box], lesion[box]
    (predicted, count), (true, lesions) = label(found, CONNECTED), label(lesion, CONNECTED)
    overlap = np.bincount(
        true.ravel() * (count + 1) + predicted.ravel(), minlength=(lesions + 1) * (count + 1)
    )
    overlap = overlap.reshape(lesions + 1, count + 1)
    pairs = overlap[1:, 1:]
    hit, false = pairs.any(axis=1), int(count - np.count_nonzero(pairs.any(axis=0)))
    detected = int(np.count_nonzero(hit))
    union = overlap[1:].sum(axis=1)[:, None] + overlap[:, 1:].sum(axis=0) - pairs
    iou = (pairs / union)[pairs > union / 2]
    sq, rq = float(iou.mean()) if len(iou) else 0.0, 2 * len(iou) / (lesions + count)
    missed = np.r_[False, ~hit][true]
    hd95, nsd = surfaces(found, lesion, missed, tolerance, diagonal)
    f1 = 2 * detected / (lesions + detected + false)
    return Lesions(lesions, f1, sq, rq, sq * rq, spacing * hd95, nsd, 1 - detected / lesions)


def surface(mask: np.ndarray) -> np.ndarray:
    """Voxels of ``mask`` [A, B, C] with a face neighbour outside it or outside the array: bool, the same shape."""
    return mask & ~binary_erosion(mask, FACES)


def surfaces(
    found: np.ndarray, lesion: np.ndarray, missed: np.ndarray, tolerance: float, diagonal: float
) -> tuple[float, float]:
    """hd95 and nsd of the masks ``found`` and ``lesion``, the surface of ``missed`` lesions at ``diagonal``; all in voxels."""
    if not found.any():
        return diagonal, 0.0
    ours, theirs = surface(found), surface(lesion)
    points, wanted = np.argwhere(ours), np.argwhere(theirs)
    there = cKDTree(points).query(wanted)[0]
    there[missed[theirs]] = diagonal
    back = cKDTree(wanted).query(points)[0]
    near = sum(np.count_nonzero(np.rint(each**2) <= tolerance**2) for each in (there, back))
    return float(max(np.percentile(there, 95), np.percentile(back, 95))), near / (len(there) + len(back))
