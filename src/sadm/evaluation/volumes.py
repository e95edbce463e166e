"""The scores of a row on one set of scans: its stored maps added, scan by scan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sadm.cohort.packed import Part
from sadm.evaluation.pooled import Pool
from sadm.prediction.maps import Origin, file_of, read_maps
from sadm.prediction.score import fuse


@dataclass(frozen=True)
class Volume:
    """One scan: ``score`` float32 >= 0 and ``label`` bool, 1-D at its brain voxels in C order; ``brain``, ``lesion`` [D, X, Y] 0/1.

    ``healthy``: it came without a label and counts as healthy, for false alarms alone.
    """

    scan: str
    score: np.ndarray
    label: np.ndarray
    brain: np.ndarray
    lesion: np.ndarray
    healthy: bool = False

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
    """The scans of one ``part``, and the stored maps of each: one or two, added with weight ``beta``."""

    part: Part
    maps: list[tuple[np.ndarray, ...]]
    beta: float

    def __iter__(self) -> Iterator[Volume]:
        data = self.part.data
        for i, maps in zip(self.part.scans, self.maps, strict=True):
            brain, lesion = np.asarray(data.brain[i]), np.asarray(data.lesion[i])
            scan, label = data.scans[i], lesion[brain > 0] > 0
            yield Volume(scan, fuse(maps, self.beta), label, brain, lesion, scan in data.healthy)

    @cached_property
    def pool(self) -> Pool:
        """Counts over all volumes."""
        pool = Pool(max((float(volume.score.max(initial=0)) for volume in self), default=0.0))
        for volume in self:
            pool.add(volume.score, volume.label, volume.outside)
        return pool


@dataclass(frozen=True)
class TableRow:
    """A row of the table in one fold: it adds the maps of one or two ``models``, with weight ``beta`` of the first of two.

    ``seed``: number of the training seed, from 1. A trivial score is the one model of a row of its name.
    """

    name: str
    models: Sequence[str]
    fold: int
    seed: int
    beta: float

    def scored(self, part: Part, files: Mapping[Origin, str | Path]) -> Scored:
        """The scans of ``part`` with this row's maps, of ``files`` by what they hold.

        Raises DataError if none of them holds a map, or if it is of other scans.
        """
        wanted = [Origin(model, self.fold, self.seed, part.set, part.part) for model in self.models]
        stored = [read_maps(file_of(of, files), part.data, part.scans) for of in wanted]
        return Scored(part, list(zip(*stored, strict=True)), self.beta)
