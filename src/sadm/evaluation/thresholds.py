"""Thresholds for a whole test set, each with the scans that it was fitted on.

    testset             largest mean Dice over the test volumes themselves: an upper bound, no honest threshold
    validation          largest mean Dice over the validation volumes of the fold
    validation_greedy   the released code's: its search (`sadm.evaluation.metrics.greedy`) on the Dice of all their voxels together
    healthy_1 ...       1 % of the brain voxels of the healthy validation scans are above it
    subset_greedy       as validation_greedy, on the whole annotated subset, training scans included: what the released test
                        does. No threshold for a table of ours: it stands in released.tsv alone

A voxel is found if its score >= the threshold, which is above 0. Where there is no scan or no label to fit on it is NaN.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from sadm.evaluation.metrics import greedy
from sadm.evaluation.volumes import Scored, Volume

ORACLE = "testset"  # the only kind that may have seen test scans
SUBSET = "subset_greedy"  # the only kind that may have seen training scans


class Threshold(NamedTuple):
    """One threshold: ``kind`` of the module's text, ``scans`` of the data set ``dataset`` that it was fitted on."""

    testset: str
    kind: str
    value: float
    dataset: str
    scans: str


def healthy_kind(rate: float) -> str:
    """Name of the threshold at a false-positive ``rate``: "healthy_5" at 0.05."""
    return f"healthy_{100 * rate:g}"


def kinds(rates: Sequence[float]) -> list[str]:
    """The kinds of thresholds, with the false-positive ``rates`` on healthy scans."""
    return [ORACLE, "validation", "validation_greedy", *map(healthy_kind, rates)]


def fit(
    testset: str, source: str, test: Scored, val: Scored, healthy: str, calm: Scored, rates: Sequence[float]
) -> list[Threshold]:
    """The thresholds of ``testset``, whose scans come from the data set ``source``, in the order of `kinds`.

    ``test``, ``val``: its scored test and validation scans; ``calm``: the scored validation scans of the data set ``healthy``.
    """
    voxels = sum(volume.label.size for volume in calm)
    fitted = [
        (ORACLE, test.pool.best_threshold(), source, test.part.names),
        ("validation", val.pool.best_threshold(), source, val.part.names),
        ("validation_greedy", greedy_threshold(val), source, val.part.names),
        *(
            (healthy_kind(rate), calm.pool.false_positive_threshold(rate, voxels), healthy, calm.part.names)
            for rate in rates
        ),
    ]
    return [
        Threshold(testset, kind, value, dataset, ",".join(scans)) for kind, value, dataset, scans in fitted
    ]


def fit_subset(testset: str, source: str, test: Scored, subset: Sequence[Scored]) -> tuple[Threshold, float]:
    """The threshold SUBSET of ``testset``, and the mean Dice of its ``test`` scans there, an empty label counting 0.

    ``subset``: the scored training and validation scans of the annotated subset. Both are NaN if those have no lesion.
    """
    value = greedy_threshold(*subset)
    scans = ",".join(scan for part in subset for scan in part.part.names)
    dice = [released_dice(volume, value) for volume in test if not volume.healthy]
    return Threshold(testset, SUBSET, value, source, scans), float(np.mean(dice)) if dice else np.nan


def released_dice(volume: Volume, threshold: float) -> float:
    """Dice of "score >= ``threshold``" as the released code counts it: 0 where the label is empty; NaN for a threshold NaN."""
    found = volume.score >= threshold
    total = int(np.count_nonzero(found)) + volume.lesion_voxels
    return np.nan if np.isnan(threshold) else 2 * int(np.count_nonzero(found & volume.label)) / max(total, 1)


def greedy_threshold(*sets: Iterable[Volume]) -> float:
    """The released threshold: greedy search on the Dice over all voxels of all volumes of ``sets`` together; NaN without a lesion.

    Volumes without a label that count as healthy are left out.
    """
    volumes = [volume for each in sets for volume in each if not volume.healthy]
    lesion = sum(volume.lesion_voxels for volume in volumes)
    if not lesion:
        return np.nan
    score = np.concatenate([volume.score for volume in volumes])
    label = np.concatenate([volume.label for volume in volumes])

    def dice(threshold: float) -> float:
        found = score >= threshold
        return 2 * np.count_nonzero(found & label) / (np.count_nonzero(found) + lesion)

    return greedy(dice, score.max(initial=0))[1]
