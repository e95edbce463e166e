"""The results that figures are drawn from, by test set, row and fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sadm.cohort.packed import Packed, Part, parts
from sadm.cohort.splits import read_splits
from sadm.evaluation.scores import read_scores
from sadm.prediction.maps import Origin, by_origin, file_of, read_maps
from sadm.study.layout import Layout

TEST = "test"  # the part of a set that is shown
Files = Mapping[Origin, str | Path]


@dataclass(frozen=True)
class TestSet:
    """The test scans of a test set: printed name, its volumes, indices of the scans in these, and the subject of each scan.

    The test scans are the same in each fold.
    """

    __test__ = False  # no test case of pytest

    title: str
    data: Packed
    scans: np.ndarray
    subjects: Sequence[str]

    @classmethod
    def of(cls, title: str, part: Part, owners: Mapping[str, str]) -> "TestSet":
        """From the test scans of its data set; ``owners``: {scan: subject}."""
        return cls(title, part.data, part.scans, [owners[name] for name in part.names])

    def index(self, scan: str) -> int:
        """Index of a scan in ``data``."""
        return self.data.scans.index(scan)

    def label(self, index: int) -> tuple[np.ndarray, tuple[int, int]]:
        """Label of a volume at its brain voxels, and how many voxels outside the brain are without and with a label."""
        brain, lesion = self.data.brain[index] > 0, self.data.lesion[index] > 0
        inside = lesion[brain]
        missed = int(np.count_nonzero(lesion)) - int(np.count_nonzero(inside))
        return inside, (brain.size - inside.size - missed, missed)


@dataclass(frozen=True)
class Results:
    """All that was measured with the first seed, and what is shown of it.

    ``testsets``: {name: test set}; ``rows``: {row or trivial score: the models whose maps it adds}; ``reconstructors``: {row: the
    models whose reconstructions it has}; ``shown``: {test set: the row whose cases are shown}; ``beta``: weight of the first of two
    maps; ``scores``: {(test set, row, fold): lines}; ``maps`` and ``made``, the reconstructions: {what it is of: file}.
    """

    testsets: Mapping[str, TestSet]
    rows: Mapping[str, Sequence[str]]
    reconstructors: Mapping[str, Sequence[str]]
    shown: Mapping[str, str]
    beta: float
    folds: range
    scores: Mapping[tuple[str, str, int], pd.DataFrame]
    maps: Files
    made: Files

    @classmethod
    def of(cls, files: Any, layout: Layout, about: Mapping[str, Any], folds: int) -> "Results":
        """Results of ``folds`` folds, from files in any order: each tells what it is of.

        ``files`` with the attributes packed (a file in the folder of each test set), splits, scores, maps and, where these are shown,
        reconstructions; ``about``: see `sadm.study.shown.Shown.about`. Raises DataError for scores that are missing or there twice.
        """
        sources = about["sources"]
        folders = {Path(file).parent for file in files.packed}
        found = parts({t: (t, TEST) for t in sources}, sources, folders, files.splits, 0)
        owners: dict[str, dict[str, str]] = {}
        for file in files.splits:
            for line in read_splits(file):
                owners.setdefault(line["dataset"], {})[line["scan"]] = line["subject"]
        scores = read_scores(files.scores, replace(layout, folds=folds, seeds=1))
        return cls(
            testsets={t: TestSet.of(layout.titles[t], found[t], owners[sources[t]]) for t in layout.testsets},
            rows=about["rows"],
            reconstructors=about["reconstructors"],
            shown=about["shown"],
            beta=about["beta"],
            folds=range(folds),
            scores=dict(iter(scores.groupby(["testset", "row", "fold"], sort=False))),
            maps=by_origin(files.maps),
            made=by_origin(files.get("reconstructions", [])),
        )

    def map(self, testset: str, model: str, fold: int) -> list[np.ndarray]:
        """The map of each test scan by a model: float16 at brain voxels, memory-mapped. Raises DataError."""
        here = self.testsets[testset]
        return read_maps(file_of(Origin(model, fold, 1, testset, TEST), self.maps), here.data, here.scans)

    def row_maps(self, testset: str, row: str, fold: int) -> list[tuple[np.ndarray, ...]]:
        """The one or two maps that a row adds, for each test scan, as of `map`."""
        return list(zip(*(self.map(testset, model, fold) for model in self.rows[row]), strict=True))
