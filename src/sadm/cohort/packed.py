"""Packed data sets: the volumes of a data set as memory-mapped arrays."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sadm.cohort.splits import read_splits
from sadm.runtime.errors import DataError
from sadm.runtime.files import open_array, read_table


@dataclass(frozen=True)
class Packed:
    """A packed data set of N volumes of D axial slices of X x Y voxels, memory-mapped.

    ``t1`` float16 [N, D, X, Y] in [0, 1], 0 outside the brain; ``brain`` and ``lesion`` uint8 0/1, the same shape;
    ``scans`` the N scan names in the order of the arrays.
    """

    t1: np.ndarray
    brain: np.ndarray
    lesion: np.ndarray
    scans: list[str]


def load_packed(folder: str | Path) -> Packed:
    """Open the packed data set in ``folder`` (t1.npy, brain.npy, lesion.npy, scans.tsv) without reading it.

    Raises DataError if the arrays and the list of scans do not fit.
    """
    folder = Path(folder)
    t1, brain, lesion = (open_array(folder / f"{name}.npy") for name in ("t1", "brain", "lesion"))
    scans = [row["scan"] for row in read_table(folder / "scans.tsv", ("scan",))]
    if not t1.shape == brain.shape == lesion.shape or len(scans) != len(t1):
        cause = f"t1 {t1.shape}, brain {brain.shape}, lesion {lesion.shape}, {len(scans)} scans"
        raise DataError(
            "A packed data set does not fit together.",
            file=folder,
            cause=cause,
            fix="delete the folder and run again",
        )
    return Packed(t1, brain, lesion, scans)


def members(packed: Packed, splits: str | Path, fold: int, part: str) -> np.ndarray:
    """Indices into ``packed`` of the scans that ``splits`` puts into ``part`` ("train", "val", "test") in ``fold``, in packed order."""
    wanted = {row["scan"] for row in read_splits(splits) if int(row["fold"]) == fold and row["set"] == part}
    return np.array([i for i, scan in enumerate(packed.scans) if scan in wanted], dtype=np.int64)
