"""Measures of one volume, exact, from one curve of its scores: best Dice, AUPRC, AUROC in the brain, Dice at given thresholds.

For the binary label of a volume, Dice = 2 TP / (2 TP + FP + FN) is F1, so the best Dice over all thresholds is the largest F1
along the curve, and the step-wise area under it is the average precision (paper, section 4).

Every voxel of the volume counts, as in the paper. Those outside the brain have score 0 and need not be visited: they are
two weighted voxels, one without and one with a label (the latter are lesion parts that the brain mask cut off, missed at
every threshold). A prediction is "score > t" with t >= 0, so voxels with score 0 are never positive: the curve's last point,
where all voxels are predicted, counts for the areas but not for a Dice. AUROC alone is of the brain's voxels: the background,
which no score can get wrong, would lift that of a random score to about .8.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sadm.runtime.errors import ProcessingError

STEPS = 10  # of the released search (docs/protocol.md)


class Curve(NamedTuple):
    """True and false positives ``tp``, ``fp`` of "score >= threshold" at each of the distinct scores, falling; the last is 0.

    ``lesion``: voxels with a label. The last ``tp`` and ``fp`` are all voxels with and without one.
    """

    thresholds: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    lesion: int

    def dice(self, threshold: float) -> float:
        """Dice of "score >= ``threshold``", a number above 0; NaN if that is NaN."""
        if np.isnan(threshold):
            return np.nan
        found = int(np.searchsorted(-self.thresholds, -threshold, "right"))
        tp, fp = (self.tp[found - 1], self.fp[found - 1]) if found else (0.0, 0.0)
        return float(2 * tp / (tp + fp + self.lesion))


def curve(score: np.ndarray, label: np.ndarray, outside: tuple[int, int] = (0, 0)) -> Curve:
    """The curve of a volume with at least one lesion voxel.

    ``score`` >= 0 and ``label`` 0/1, the same shape: all voxels, or some of them and then ``outside`` = how many of the others,
    all of score 0, are without and with a label. The result is the same. Raises ProcessingError for a score below 0 or NaN.
    """
    score, label = np.asarray(score).ravel(), np.asarray(label).ravel() > 0
    if not (score >= 0).all():
        fix = "a method's anomaly_map must be >= 0"
        raise ProcessingError("An anomaly score is below 0 or no number.", fix=fix)
    found = score > 0
    zeros, positives = int(np.count_nonzero(~found)), int(np.count_nonzero(label & ~found))
    rest = (outside[0] + zeros - positives, outside[1] + positives)
    weights, truth = np.r_[np.ones(score.size - zeros), rest], np.r_[label[found], False, True]
    counts = weights > 0
    points = _positives(np.r_[score[found], 0, 0][counts], truth[counts], weights[counts])
    return Curve(*points, int(np.count_nonzero(label)) + outside[1])


def _positives(
    scores: np.ndarray, truth: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct ``scores``, falling, and the weights of the true and of the false voxels at or above each."""
    order = np.argsort(scores, kind="stable")[::-1]
    scores, truth, weights = scores[order], truth[order], weights[order]
    last = np.r_[np.flatnonzero(np.diff(scores)), scores.size - 1]  # of the voxels that share a score
    return scores[last], np.cumsum(weights * truth)[last], np.cumsum(weights * ~truth)[last]


def best_dice(points: Curve) -> tuple[float, float]:
    """Best Dice over all thresholds above 0, and the lowest threshold that gives it: "score >= it"; NaN if none does."""
    precision, recall = _precision_recall(points)
    total = precision + recall
    dice = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    thresholds = points.thresholds[::-1]
    dice[thresholds <= 0] = 0
    best = int(np.argmax(dice))
    return float(dice[best]), float(thresholds[best]) if dice[best] > 0 else np.nan


def auprc(points: Curve) -> float:
    """Step-wise area under the precision-recall curve (average precision), in [0, 1]."""
    precision, recall = _precision_recall(points)
    return float(-np.sum(np.diff(np.r_[recall, 0.0]) * precision))


def auroc_brain(points: Curve, outside: tuple[int, int] = (0, 0)) -> float:
    """Area under the receiver operating characteristic of the brain's voxels, ties counted half, in [0, 1].

    ``outside``: as given to `curve`. NaN if the brain has but one kind of voxel.
    """
    tp, fp = np.r_[0, points.tp], np.r_[0, points.fp]
    fp[-1] -= outside[0]
    tp[-1] -= outside[1]
    return float(np.trapezoid(tp, fp) / (tp[-1] * fp[-1])) if tp[-1] * fp[-1] else np.nan


def _precision_recall(points: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Both from the lowest threshold to the highest."""
    found = points.tp + points.fp
    return (points.tp / found)[::-1], (points.tp / points.tp[-1])[::-1]


def greedy(dice: Callable[[float], float], top: float) -> tuple[float, float]:
    """The released search for a threshold in (0, ``top``): the best Dice that it sees, and its threshold.

    ``dice``: Dice of "score >= threshold". Ten times the half is kept whose middle has the better Dice, the lower one on a
    tie. It need not find the best. The released "score > t" is said as "score >= the next float32".
    """
    low, high, best = 0.0, float(top), (0.0, np.nan)
    for _ in range(STEPS):
        quarter = (high - low) / 4
        left, right = ((dice(t), t) for t in (_above(low + quarter), _above(high - quarter)))
        best = max(best, left, right, key=lambda pair: pair[0])
        low, high = (low, low + 2 * quarter) if left[0] >= right[0] else (low + 2 * quarter, high)
    return best


def _above(threshold: float) -> float:
    """The smallest float32 above ``threshold``."""
    near = np.float32(threshold)
    return float(near if near > threshold else np.nextafter(near, np.float32(np.inf)))
