"""Measures over the volumes of a whole set, from histograms of their scores: one pass, memory that does not grow with the set.

A score is a float32 >= 0, and the bit patterns of these are in the order of their values: a bin is a pattern without its
last bits. A stored map is float16, so each of its values has a bin of its own, and all that is said here of a row of one map
is exact. Two maps added in float32 may share a bin: thresholds are then bin edges, and the areas take the scores of a bin
as tied; `Pool.auprc_error` and `Pool.auroc_brain_error` bound what that can change.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# Bits of a float32 that a bin drops: 13 bits of its 23-bit mantissa are left for Dice, 16 for areas.
COARSE, FINE = (10, 7)
NONE = 255  # no score seen; dropped bits are below 2^FINE
LOWEST = np.float32(2.0**-30)  # below it all positive scores share a bin; the smallest float16 is 2^-24


def codes(score: np.ndarray, drop: int) -> np.ndarray:
    """Bin of each ``score`` (float32 >= 0): 0 for 0, then 1, 2, ... in the order of the scores."""
    first = int(LOWEST.view(np.uint32)) >> drop
    bits = np.ascontiguousarray(score, dtype=np.float32).view(np.uint32) >> np.uint32(drop)
    return np.where(score > 0, np.maximum(bits.astype(np.int64) - (first - 1), 1), 0)


def edge(code: int, drop: int) -> float:
    """Smallest score of a bin."""
    if not code:
        return 0.0
    first = int(LOWEST.view(np.uint32)) >> drop
    return float(np.uint32((code + first - 1) << drop).view(np.float32))


def from_top(counts: np.ndarray) -> np.ndarray:
    """Sum of each entry of ``counts`` and all after it."""
    return np.cumsum(counts[::-1])[::-1]


@dataclass
class Pool:
    """Counts over volumes, whose scores are at most ``top``; `add` each volume, then read.

    ``positives``, ``negatives``: voxels with and without a label by fine bin, bin 0 with all outside the brain; ``found``: voxels
    at "score >= edge" by coarse bin; ``dice``: sum over the volumes that have a lesion of their Dice there (entry 0 stays 0).
    """

    top: float

    def __post_init__(self) -> None:
        fine, coarse = (
            int(codes(np.array([self.top], dtype=np.float32), drop)[0]) + 1 for drop in (FINE, COARSE)
        )
        self.positives, self.negatives = np.zeros((2, fine), dtype=np.int64)
        self.found, self.dice = np.zeros(coarse, dtype=np.int64), np.zeros(coarse)
        self.volumes = 0
        self.outside = np.zeros(2, dtype=np.int64)  # voxels outside the brain without and with a label
        self.rest = np.full(
            fine, NONE, dtype=np.uint8
        )  # of each fine bin: the dropped bits of a score that is in it
        self.mixed = np.zeros(fine, dtype=bool)  # whether scores with other dropped bits are in it

    def add(self, score: np.ndarray, label: np.ndarray, outside: tuple[int, int] = (0, 0)) -> None:
        """Count a volume: ``score`` float32 and ``label`` bool, 1-D, at its brain voxels; ``outside``: see `sadm.evaluation.metrics.curve`."""
        fine = codes(score, FINE)
        np.add.at(self.positives, fine[label], 1)
        np.add.at(self.negatives, fine[~label], 1)
        self.negatives[0] += outside[0]
        self.positives[0] += outside[1]
        self.outside += outside
        self._note(fine, score)
        coarse, size = codes(score, COARSE), len(self.dice)
        found = from_top(np.bincount(coarse, minlength=size))
        self.found += found
        if lesion := int(np.count_nonzero(label)) + outside[1]:
            tp = from_top(np.bincount(coarse[label], minlength=size))
            self.dice[1:] += 2 * tp[1:] / (found[1:] + lesion)
            self.volumes += 1

    def _note(self, fine: np.ndarray, score: np.ndarray) -> None:
        """Mark the bins that get scores which differ."""
        rest = (score.view(np.uint32) & np.uint32((1 << FINE) - 1)).astype(np.uint8)
        fresh = self.rest[fine] == NONE
        self.rest[fine[fresh]] = rest[fresh]
        self.mixed[fine[self.rest[fine] != rest]] = True
        self.mixed[1] |= bool(
            ((score > 0) & (score < LOWEST)).any()
        )  # these differ in more than the dropped bits

    def best_threshold(self) -> float:
        """The threshold above 0 with the largest mean Dice over the volumes, the highest of several; NaN if none finds anything."""
        if not self.dice.any():
            return np.nan
        return edge(len(self.dice) - 1 - int(np.argmax(self.dice[::-1])), COARSE)

    def false_positive_threshold(self, rate: float, voxels: int) -> float:
        """The lowest threshold above 0 at which at most ``rate`` of ``voxels`` are found; NaN without voxels."""
        if not voxels:
            return np.nan
        allowed = np.flatnonzero(self.found[1:] <= rate * voxels)
        return edge(int(allowed[0]) + 1 if len(allowed) else len(self.found), COARSE)

    @cached_property
    def _counts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Positives and negatives by bin that has any, from the highest score to 0, and their running sums."""
        some = np.flatnonzero(self.positives + self.negatives)[::-1]
        p, n = self.positives[some].astype(float), self.negatives[some].astype(float)
        return p, n, np.cumsum(p), np.cumsum(n)

    def auprc(self) -> float:
        """Step-wise area under the precision-recall curve of all voxels together, in [0, 1]; NaN without a lesion."""
        p, _, tp, fp = self._counts
        return float(np.sum(p * tp / (tp + fp)) / tp[-1]) if len(tp) and tp[-1] else np.nan

    def auprc_error(self) -> float:
        """Bound on the difference of `auprc` to that of the scores before they were binned; 0 if no bin has two scores."""
        p, n, tp, fp = self._counts
        mixed = self.mixed[np.flatnonzero(self.positives + self.negatives)[::-1]]
        if not mixed.any() or not tp[-1]:
            return 0.0
        # Within a bin the true precision lies between all its negatives first and all its positives first.
        high = tp / np.maximum(tp + fp - n, 1)
        low = (tp - p + 1) / (tp - p + 1 + fp)
        tied = tp / (tp + fp)
        return float(np.sum((p * np.maximum(high - tied, tied - low))[mixed]) / tp[-1])

    @cached_property
    def _in_brain(self) -> tuple[np.ndarray, np.ndarray]:
        """Positives and negatives of the brain by bin, from the highest score to 0."""
        counts = np.stack((self.positives, self.negatives))[:, ::-1].astype(float)
        counts[:, -1] -= self.outside[::-1]
        return counts[0], counts[1]

    def auroc_brain(self) -> float:
        """Area under the receiver operating characteristic of the brains' voxels together; NaN if only one kind is there."""
        p, n = self._in_brain
        pairs = p.sum() * n.sum()
        return float(np.sum(n * (np.cumsum(p) - p / 2)) / pairs) if pairs else np.nan

    def auroc_brain_error(self) -> float:
        """Bound on the difference of `auroc_brain` to that of the scores before they were binned; 0 if no bin has two scores."""
        p, n = self._in_brain
        pairs = p.sum() * n.sum()
        # A pair within a bin counts half and is in truth right or wrong.
        return float(np.sum((p * n / 2)[self.mixed[::-1]]) / pairs) if pairs else 0.0
