"""The scores of a row on one set of scans: its stored maps added, scan by scan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Packed, load_packed, members
from sadm.evaluation.pooled import Pool
from sadm.prediction.maps import read_maps
from sadm.prediction.score import fuse


@dataclass(frozen=True)
class Volume:
    """One scan: ``score`` float32 >= 0 and ``label`` bool, 1-D at its brain voxels in C order; ``brain``, ``lesion`` [D, X, Y] 0/1."""

    scan: str
    score: np.ndarray
    label: np.ndarray
    brain: np.ndarray
    lesion: np.ndarray

    @property
    def outside(self) -> tuple[int, int]:
        """Voxels outside the brain without and with a label; all have score 0, so that the latter are missed."""
        missed = int(np.count_nonzero(self.lesion)) - int(np.count_nonzero(self.label))
        return self.brain.size - self.label.size - missed, missed

    @property
    def lesion_voxels(self) -> int:
        """Voxels with a label, in the brain or not."""
        return int(np.count_nonzero(self.lesion))

    def found(self, threshold: float) -> np.ndarray:
        """The binary map "score >= ``threshold``" [D, X, Y]."""
        volume = np.zeros(self.brain.shape, dtype=bool)
        volume[self.brain > 0] = self.score >= threshold
        return volume


@dataclass(frozen=True)
class Scored:
    """The ``scans`` (indices into ``data``) of one set, and the stored maps of each: one or two, added with weight ``beta``."""

    data: Packed
    scans: np.ndarray
    maps: list[tuple[np.ndarray, ...]]
    beta: float

    @property
    def names(self) -> list[str]:
        """The scans by name."""
        return [self.data.scans[i] for i in self.scans]

    def __iter__(self) -> Iterator[Volume]:
        for i, maps in zip(self.scans, self.maps, strict=True):
            brain, lesion = np.asarray(self.data.brain[i]), np.asarray(self.data.lesion[i])
            yield Volume(self.data.scans[i], fuse(maps, self.beta), lesion[brain > 0] > 0, brain, lesion)

    @cached_property
    def pool(self) -> Pool:
        """Counts over all volumes."""
        pool = Pool(max((float(volume.score.max(initial=0)) for volume in self), default=0.0))
        for volume in self:
            pool.add(volume.score, volume.label, volume.outside)
        return pool


def scored(
    maps: Sequence[str | Path], packed: str | Path, splits: str | Path, fold: int, part: str, beta: float
) -> Scored:
    """The scans that ``splits`` puts into ``part`` ("val", "test") of ``fold``, with their stored ``maps`` (files, one or two).

    ``packed``: folder of the data set that the scans lie in. Raises DataError if a file of maps is of other scans.
    """
    data = load_packed(packed)
    scans = members(data, splits, fold, part)
    stored = [read_maps(path, data, scans) for path in maps]
    return Scored(data, scans, list(zip(*stored, strict=True)), beta)
