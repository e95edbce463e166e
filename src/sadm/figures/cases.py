"""Which volumes of a test set are shown, at which slice, and what a row of the table makes of them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sadm.figures.results import Results, TestSet
from sadm.prediction.maps import as_volume
from sadm.prediction.score import fuse
from sadm.runtime.errors import DataError
from sadm.runtime.files import open_array


@dataclass(frozen=True)
class Case:
    """One volume to show: ``name`` of the case, scan, its place among the test scans, the row's dice, auprc and threshold."""

    name: str
    scan: str
    index: int
    dice: float
    auprc: float
    threshold: float


def read_scores(file: str | Path) -> list[dict[str, str]]:
    """The lines of a file of scores, one a test scan, in their order."""
    with open(file, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def pick_cases(scores: str | Path) -> list[Case]:
    """Best, median and worst volume by Dice of a file of scores (fewer if there are fewer volumes with a label).

    Raises DataError if no volume has a label.
    """
    rows = list(enumerate(read_scores(scores)))
    ranked = sorted(
        (r for r in rows if int(r[1]["empty"]) == 0), key=lambda r: (-float(r[1]["dice"]), r[1]["scan"])
    )
    if not ranked:
        raise DataError(
            "No test volume has a label to show.",
            file=scores,
            cause="all labels are empty",
            fix="check the label files",
        )
    places = {"best": 0, "median": len(ranked) // 2, "worst": len(ranked) - 1}
    shown = {place: name for name, place in reversed(places.items())}
    picked = [(shown[place], *ranked[place]) for place in sorted(shown)]
    numbers = ("dice", "auprc", "threshold")
    return [Case(name, row["scan"], index, *(float(row[n]) for n in numbers)) for name, index, row in picked]


def frame(brains: Sequence[np.ndarray], pad: int = 2) -> tuple[slice, slice]:
    """The square part of the plane [X, Y] that holds the brain in all ``brains`` [D, X, Y], with ``pad`` voxels around."""
    plane = np.any([brain.any(axis=0) for brain in brains], axis=0)
    ends = [np.flatnonzero(plane.any(axis=1 - axis))[[0, -1]] for axis in (0, 1)]
    size = min(max(high - low for low, high in ends) + 1 + 2 * pad, *plane.shape)
    starts = [
        int(np.clip((low + high + 1 - size) // 2, 0, n - size)) for (low, high), n in zip(ends, plane.shape)
    ]
    return slice(starts[0], starts[0] + size), slice(starts[1], starts[1] + size)


@dataclass(frozen=True)
class Volume:
    """A test volume with its label: t1, brain and lesion [D, X, Y], and ``level``, the axial slice with the largest lesion."""

    t1: np.ndarray
    brain: np.ndarray
    lesion: np.ndarray

    @classmethod
    def read(cls, testset: TestSet, index: int) -> "Volume":
        """The ``index``-th test scan."""
        i, data = testset.scans[index], testset.data
        return cls(np.asarray(data.t1[i], dtype=np.float32), data.brain[i] > 0, data.lesion[i] > 0)

    @property
    def level(self) -> int:
        """The axial slice with the largest lesion area."""
        return int(self.lesion.sum(axis=(1, 2)).argmax())


def maps_of(
    results: Results, testset: str, row: str, index: int, brain: np.ndarray, beta: float
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The maps of one test scan in fold 0 by model, and the row's score: float32 [D, X, Y]."""
    stored = results.row_maps(testset, row, 0)[index]
    maps = {model: as_volume(each, brain) for model, each in zip(results.rows[row], stored, strict=True)}
    return maps, fuse(list(maps.values()), beta)


def reconstruction(
    files: Mapping[str, str | Path], models: Sequence[str], index: int, brain: np.ndarray
) -> np.ndarray | None:
    """Mean over the time steps of a test scan's reconstruction by the first of ``models`` that has one, float32 [D, X, Y].

    ``files``: {model: reconstructions [N, T, D, X, Y]} of the test set; None if no model has any.
    """
    found = next((files[model] for model in models if model in files), None)
    if found is None:
        return None
    made = open_array(found)[index]
    return np.asarray(made.mean(axis=0, dtype=np.float32) * brain)
