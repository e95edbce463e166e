"""The results that figures are drawn from, by test set, row and fold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from sadm.cohort.packed import Packed, load_packed, members
from sadm.prediction.maps import read_maps


@dataclass(frozen=True)
class TestSet:
    """A test set: printed name, folder of its packed volumes, splits of the data set that its scans come from."""

    __test__ = False  # no test case of pytest

    title: str
    packed: str | Path
    splits: str | Path

    @cached_property
    def data(self) -> Packed:
        """Its volumes, memory-mapped."""
        return load_packed(self.packed)

    @cached_property
    def scans(self) -> np.ndarray:
        """Indices of the test scans in ``data``; they are the same in each fold."""
        return members(self.data, self.splits, 0, "test")

    def label(self, index: int) -> tuple[np.ndarray, tuple[int, int]]:
        """Label of a volume at its brain voxels, and how many voxels outside the brain are without and with a label."""
        brain, lesion = self.data.brain[index] > 0, self.data.lesion[index] > 0
        inside = lesion[brain]
        missed = int(np.count_nonzero(lesion)) - int(np.count_nonzero(inside))
        return inside, (brain.size - inside.size - missed, missed)


@dataclass(frozen=True)
class Results:
    """All that was measured.

    ``testsets``: {name: test set}; ``rows``: {row or trivial score: the models whose maps it adds}; ``scores``: {(test set, row,
    fold): file}; ``maps``: {(test set, model, fold): file}.
    """

    testsets: Mapping[str, TestSet]
    rows: Mapping[str, Sequence[str]]
    scores: Mapping[tuple[str, str, int], str | Path]
    maps: Mapping[tuple[str, str, int], str | Path]

    @classmethod
    def of(cls, about: Mapping[str, Any], files: Any, folds: int) -> "Results":
        """Results of ``folds`` folds from flat lists.

        ``about``: titles {test set: printed name} and rows; ``files`` with the attributes packed (a file in each folder) and splits by
        test set, scores by test set, row and fold, and maps by test set, model and fold.
        """
        titles, rows = about["titles"], about["rows"]
        models = dict.fromkeys(model for own in rows.values() for model in own)
        testsets = {
            name: TestSet(title, Path(packed).parent, splits)
            for (name, title), packed, splits in zip(titles.items(), files.packed, files.splits, strict=True)
        }
        scores = dict(zip(product(titles, rows, range(folds)), files.scores, strict=True))
        maps = dict(zip(product(titles, models, range(folds)), files.maps, strict=True))
        return cls(testsets, rows, scores, maps)

    @property
    def folds(self) -> range:
        """Numbers of the folds."""
        return range(max(fold for *_, fold in self.maps) + 1)

    def row_maps(self, testset: str, row: str, fold: int) -> list[tuple[np.ndarray, ...]]:
        """The one or two maps that a row adds, for each test scan: float16 at brain voxels, memory-mapped."""
        here = self.testsets[testset]
        files = [self.maps[testset, model, fold] for model in self.rows[row]]
        return list(zip(*(read_maps(file, here.data, here.scans) for file in files), strict=True))
