"""Best Dice and AUPRC of one volume, exact, from one precision-recall curve.

For the binary label of a volume, Dice = 2 TP / (2 TP + FP + FN) is F1, so the best Dice over all thresholds is the largest F1
along the curve, and the step-wise area under it is the average precision (paper, section 4; sheet, section 7).

Every voxel of the volume counts, as in the paper. Those outside the brain have score 0 and need not be visited: they are
two weighted voxels, one without and one with a label (the latter are lesion parts that the brain mask cut off, missed at
every threshold). A prediction is "score > t" with t >= 0, so voxels with score 0 are never positive: the curve's last point,
where all voxels are predicted, counts for the area but not for the best Dice.
"""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import precision_recall_curve

from sadm.errors import ProcessingError


class Scores(NamedTuple):
    """Metrics of one volume, NaN and empty = 1 if it has no lesion voxel; ``threshold``: score >= it gives the best Dice, NaN if none does."""

    dice: float
    auprc: float
    threshold: float
    lesion_voxels: int
    empty: int


def best_dice_auprc(score: np.ndarray, label: np.ndarray, outside: tuple[int, int] = (0, 0)) -> Scores:
    """Best Dice over all thresholds above 0 and AUPRC, both in [0, 1], of one volume.

    ``score`` >= 0 and ``label`` 0/1, the same shape: all voxels, or some of them and then ``outside`` = how many of the others,
    all of score 0, are without and with a label. The result is the same. Raises ProcessingError for a score below 0 or NaN.
    """
    score, label = np.asarray(score).ravel(), np.asarray(label).ravel() > 0
    if not (score >= 0).all():
        fix = "a method's anomaly_map must be >= 0"
        raise ProcessingError("An anomaly score is below 0 or no number.", fix=fix)
    lesion = int(np.count_nonzero(label)) + outside[1]
    if not lesion:
        return Scores(np.nan, np.nan, np.nan, 0, 1)
    found = score > 0
    zeros, positives = int(np.count_nonzero(~found)), int(np.count_nonzero(label & ~found))
    rest = (outside[0] + zeros - positives, outside[1] + positives)
    weights = np.r_[np.ones(score.size - zeros), rest]  # sklearn drops what has weight 0
    truth, scores = np.r_[label[found], False, True], np.r_[score[found], 0, 0]
    precision, recall, thresholds = precision_recall_curve(truth, scores, sample_weight=weights)
    # points run from the lowest threshold to the highest; a last one (1, 0) has no threshold
    auprc = float(-np.sum(np.diff(recall) * precision[:-1]))
    total = precision[:-1] + recall[:-1]
    dice = np.divide(2 * precision[:-1] * recall[:-1], total, out=np.zeros_like(total), where=total > 0)
    dice[thresholds <= 0] = 0
    best = int(np.argmax(dice))
    threshold = float(thresholds[best]) if dice[best] > 0 else np.nan
    return Scores(float(dice[best]), auprc, threshold, lesion, 0)
