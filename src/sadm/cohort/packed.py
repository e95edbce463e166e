"""Packed data sets: the volumes of a data set as memory-mapped arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sadm.cohort.splits import read_splits
from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE, open_array, read_table, whole


@dataclass(frozen=True)
class Packed:
    """A packed data set of N volumes of D axial slices of X x Y voxels, memory-mapped.

    ``t1`` float16 [N, D, X, Y] in [0, 1], 0 outside the brain; ``brain`` and ``lesion`` uint8 0/1, the same shape;
    ``scans`` the N scan names in the order of the arrays; ``healthy`` those without a label that count as healthy volumes.
    """

    t1: np.ndarray
    brain: np.ndarray
    lesion: np.ndarray
    scans: list[str]
    healthy: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Part:
    """The scans of one ``part`` ("train", "val", "test") of the ``set`` in a fold: ``scans`` are their indices into ``data``."""

    set: str
    part: str
    data: Packed
    scans: np.ndarray

    @property
    def names(self) -> list[str]:
        """The scans by name."""
        return [self.data.scans[i] for i in self.scans]


def load_packed(folder: str | Path) -> Packed:
    """Open the packed data set in ``folder`` (t1.npy, brain.npy, lesion.npy, scans.tsv) without reading it.

    Raises DataError if the arrays and the list of scans do not fit.
    """
    folder = Path(folder)
    t1, brain, lesion = (open_array(folder / f"{name}.npy") for name in ("t1", "brain", "lesion"))
    rows = read_table(folder / "scans.tsv", ("scan",))
    scans = [row["scan"] for row in rows]
    if (
        t1.ndim != 4
        or not t1.shape == brain.shape == lesion.shape
        or not len(set(scans)) == len(scans) == t1.shape[0]
    ):
        cause = f"t1 {t1.shape}, brain {brain.shape}, lesion {lesion.shape}, {len(set(scans))} scans"
        raise DataError(
            "A packed data set does not fit together.",
            file=folder,
            cause=cause,
            fix="delete the folder and run again",
        )
    return Packed(t1, brain, lesion, scans, frozenset(r["scan"] for r in rows if r.get("labelled") == "0"))


def members(packed: Packed, splits: str | Path, fold: int, part: str) -> np.ndarray:
    """Indices into ``packed`` of the scans that ``splits`` puts into ``part`` ("train", "val", "test") in ``fold``, in packed order."""
    wanted = {row["scan"] for row in read_splits(splits) if whole(row, "fold") == fold and row["set"] == part}
    return np.array([i for i, scan in enumerate(packed.scans) if scan in wanted], dtype=np.int64)


def parts(
    wanted: Mapping[str, tuple[str, str]],
    splits_of: Mapping[str, str],
    packed: Iterable[str | Path],
    splits: Iterable[str | Path],
    fold: int,
) -> dict[str, Part]:
    """The ``wanted`` parts {key: (set, part)} in ``fold``, by key.

    ``packed`` (folders) and ``splits`` (files) tell themselves of which data set they are; ``splits_of``: {set: the data
    set whose splits its scans follow}. Raises DataError if a folder or file does not tell, or is not there.
    """
    folders = {_dataset(Path(folder) / "scans.tsv"): folder for folder in packed}
    deals = {_dataset(file): file for file in splits}
    data = {name: load_packed(_found(folders, name)) for name, _ in wanted.values()}
    return {
        key: Part(name, part, data[name], members(data[name], _found(deals, splits_of[name]), fold, part))
        for key, (name, part) in wanted.items()
    }


def _dataset(table: str | Path) -> str:
    return read_table(table, ("dataset",))[0]["dataset"]


def _found(files: Mapping[str, str | Path], dataset: str) -> str | Path:
    if dataset not in files:
        cause = f"those given are of {', '.join(files) or 'none'}"
        raise DataError(f"No packed volumes or splits are of {dataset!r}.", cause=cause, fix=REMAKE)
    return files[dataset]
