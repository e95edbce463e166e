"""Which volumes of a test set are shown, at which slice, and what a row of the table makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sadm.figures.results import TEST, Results, TestSet
from sadm.prediction.maps import Origin, as_volume, file_of, read_reconstructions
from sadm.prediction.score import fuse
from sadm.runtime.errors import DataError


@dataclass(frozen=True)
class Case:
    """One volume to show: ``name`` of the case, scan, the row's dice, auprc and threshold."""

    name: str
    scan: str
    dice: float
    auprc: float
    threshold: float


def pick_cases(lines: pd.DataFrame) -> list[Case]:
    """Best, median and worst volume by Dice of the scores of a row on a test set (fewer if there are fewer volumes with a label).

    Raises DataError if no volume has a label.
    """
    labelled = [line for line in lines.to_dict("records") if line["empty"] == 0]
    ranked = sorted(labelled, key=lambda line: (-line["dice"], line["scan"]))
    if not ranked:
        cause = f"{', '.join(lines['testset'].unique())}: all labels are empty"
        raise DataError("No test volume has a label to show.", cause=cause, fix="check the label files")
    places = {"best": 0, "median": len(ranked) // 2, "worst": len(ranked) - 1}
    shown = {place: name for name, place in reversed(places.items())}
    columns = ("scan", "dice", "auprc", "threshold")
    return [Case(shown[place], *(ranked[place][name] for name in columns)) for place in sorted(shown)]


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
    def read(cls, testset: TestSet, scan: str) -> "Volume":
        """A scan of ``testset``."""
        i, data = testset.index(scan), testset.data
        return cls(np.asarray(data.t1[i], dtype=np.float32), data.brain[i] > 0, data.lesion[i] > 0)

    @property
    def level(self) -> int:
        """The axial slice with the largest lesion area."""
        return int(self.lesion.sum(axis=(1, 2)).argmax())


def maps_of(
    results: Results, testset: str, row: str, scan: str, brain: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The maps of one test scan in fold 0 by model, and the row's score: float32 [D, X, Y]; ``brain`` of the scan."""
    here = results.testsets[testset]
    place = here.scans.tolist().index(here.index(scan))
    stored = {model: results.map(testset, model, 0)[place] for model in results.rows[row]}
    maps = {model: as_volume(values, brain) for model, values in stored.items()}
    return maps, fuse(list(maps.values()), results.beta)


def reconstruction(
    results: Results, testset: str, row: str, scan: str, brain: np.ndarray
) -> np.ndarray | None:
    """Mean over the time steps of a test scan's reconstruction by the first model of ``row`` that has one, float32 [D, X, Y].

    None if no model of the row reconstructs; ``brain`` of the scan.
    """
    models = results.reconstructors.get(row, ())
    if not models:
        return None
    wanted = Origin(models[0], 0, 1, testset, TEST)
    made = read_reconstructions(file_of(wanted, results.made), scan)
    return np.asarray(made.mean(axis=0, dtype=np.float32) * brain)
