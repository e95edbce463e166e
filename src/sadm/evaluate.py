"""Scores of one row, fold and test set: its maps added, each test volume measured against its label."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sadm.io import atomic
from sadm.maps import read_maps, tested
from sadm.metrics import Scores, best_dice_auprc
from sadm.packed import load_packed
from sadm.score import fuse


def score_volume(maps: Sequence[np.ndarray], brain: np.ndarray, lesion: np.ndarray, beta: float) -> Scores:
    """Metrics over the whole volume: ``maps`` 1-D at brain voxels; ``brain`` and ``lesion`` [D, X, Y] 0/1.

    Voxels outside the brain have score 0; lesion voxels there are missed.
    """
    inside = brain > 0
    label = lesion[inside] > 0
    missed = int(np.count_nonzero(lesion)) - int(np.count_nonzero(label))
    return best_dice_auprc(fuse(maps, beta), label, outside=(brain.size - label.size - missed, missed))


def evaluate(
    maps: Sequence[str | Path],
    packed: str | Path,
    splits: str | Path | None,
    fold: int,
    beta: float,
    out: str | Path,
) -> None:
    """Score the test scans of a packed test set and write one line a scan to the tsv file ``out``.

    ``maps``: the row's stored maps (one or two); ``splits``: of the data set that the scans come from, None if all are
    test scans; ``beta``: weight of the first map against the second. Columns scan, dice, auprc, threshold,
    lesion_voxels, empty; dice and auprc in [0, 1], "nan" for a scan without a lesion voxel, which has empty = 1.
    Raises DataError, ProcessingError.
    """
    data = load_packed(packed)
    scans = tested(data, splits, fold)
    stored = [read_maps(path, data, scans) for path in maps]
    with atomic(out) as tmp, open(tmp, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(["scan", *Scores._fields])
        for i, each in zip(scans, zip(*stored, strict=True), strict=True):
            writer.writerow([data.scans[i], *score_volume(each, data.brain[i], data.lesion[i], beta)])
