"""Anomaly maps as they are stored: the brain voxels of all test scans of a test set, one after the other.

One .npy file of float16, 1-D: for each test scan, in packed order, the map at its brain voxels in C order of [D, X, Y].
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Packed, members
from sadm.runtime.errors import DataError
from sadm.runtime.files import atomic, open_array


def tested(packed: Packed, splits: str | Path | None, fold: int) -> np.ndarray:
    """Indices of the test scans in ``packed``: those that ``splits`` puts into "test", or all if there are no splits."""
    return np.arange(len(packed.scans)) if splits is None else members(packed, splits, fold, "test")


def write_maps(volumes: Iterable[np.ndarray], packed: Packed, scans: np.ndarray, path: str | Path) -> None:
    """Store the maps ``volumes`` [D, X, Y] >= 0 of the ``scans`` (indices into ``packed``), brain voxels only."""
    stored = [np.empty(0, dtype=np.float16)]
    for i, volume in zip(scans, volumes, strict=True):
        stored.append(volume[packed.brain[i] > 0].astype(np.float16))
    with atomic(path) as tmp:
        np.save(tmp, np.concatenate(stored))


def read_maps(path: str | Path, packed: Packed, scans: np.ndarray) -> list[np.ndarray]:
    """The stored map of each of the ``scans``: float16, 1-D, as many values as brain voxels, memory-mapped.

    Raises DataError if the file holds another number of voxels than the brain masks of the scans.
    """
    stored = open_array(path)
    ends = np.cumsum([np.count_nonzero(packed.brain[i]) for i in scans], dtype=np.int64)
    expected = int(ends[-1]) if len(ends) else 0
    if stored.shape != (expected,):
        cause = f"it has shape {stored.shape}, the brain masks of {len(scans)} test scans {expected} voxels"
        fix = "delete the file and run again"
        raise DataError("An anomaly map does not fit its test set.", file=path, cause=cause, fix=fix)
    return np.split(stored, ends[:-1]) if len(ends) else []


def as_volume(values: np.ndarray, brain: np.ndarray) -> np.ndarray:
    """A stored map back on its grid: float32 [D, X, Y] as ``brain``, 0 outside."""
    volume = np.zeros(brain.shape, dtype=np.float32)
    volume[brain > 0] = values
    return volume
