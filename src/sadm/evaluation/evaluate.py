"""Scores of one row and fold: every test volume against its label, the thresholds, and what healthy scans show.

Columns and files are told in results/README.md, the measures in docs/protocol.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sadm.cohort.packed import Part
from sadm.evaluation import lesions, metrics
from sadm.evaluation.thresholds import ORACLE, Threshold, fit, fit_subset
from sadm.evaluation.volumes import Scored, TableRow, Volume
from sadm.prediction.maps import by_origin
from sadm.runtime.files import write_table

BINARY = ("validation", ORACLE)  # the lesion-wise measures are of the binary map at the first that there is
IDENTITY = ("row", "fold", "seed", "testset")  # first columns of every table
AREAS = ("auprc", "auroc_brain")  # of a whole test set, each with the bound on its error
POOLED = (
    *IDENTITY,
    *(f"{name}{end}" for name in AREAS for end in ("", "_error")),
    "volumes",
    "voxels",
    "lesion_voxels",
)
HEALTHY = (*IDENTITY, "scan", "kind", "false_ml", "false_share")
THRESHOLDS = (*IDENTITY, *(name for name in Threshold._fields if name not in IDENTITY))
RELEASED = (*THRESHOLDS, "dice", "volumes")


def columns(kinds: Sequence[str]) -> list[str]:
    """Columns of a table of scores with thresholds of these ``kinds``."""
    volume = [
        *IDENTITY,
        "scan",
        "dice",
        "auprc",
        "threshold",
        "lesion_voxels",
        "empty",
        "healthy",
        "brain_voxels",
        "auroc_brain",
        "dice_greedy",
    ]
    binary = ["lesion_ml", "binary", "found_ml", "false_ml", *lesions.Lesions._fields]
    return [*volume, "threshold_greedy", *(f"dice_{kind}" for kind in kinds), *binary]


@dataclass(frozen=True)
class Settings:
    """``rates``: false-positive rates that thresholds are set to on healthy scans; ``spacing``: edge of a voxel in mm;
    ``tolerance`` of the surface distance in voxels."""

    rates: Sequence[float]
    spacing: float
    tolerance: float


def measure(volume: Volume, thresholds: Mapping[str, float], settings: Settings) -> dict[str, Any]:
    """One line of scores: all measures of a volume at all ``thresholds`` (by kind); NaN where the label is empty."""
    lesion = volume.lesion_voxels
    ml = settings.spacing**3 / 1000
    binary = next((kind for kind in BINARY if not np.isnan(thresholds[kind])), BINARY[0])
    found = volume.found(thresholds[binary])
    wise = lesions.measure(found, volume.lesion > 0, settings.spacing, settings.tolerance)._asdict()
    points = metrics.curve(volume.score, volume.label, volume.outside) if lesion else None
    dice, threshold = metrics.best_dice(points) if points else (np.nan, np.nan)
    searched = metrics.greedy(points.dice, volume.score.max(initial=0)) if points else (np.nan, np.nan)
    return {
        "scan": volume.scan,
        "dice": dice,
        "auprc": metrics.auprc(points) if points else np.nan,
        "threshold": threshold,
        "lesion_voxels": lesion,
        "empty": int(not lesion),
        "healthy": int(volume.healthy),
        "brain_voxels": volume.label.size,
        "auroc_brain": metrics.auroc_brain(points, volume.outside) if points else np.nan,
        "dice_greedy": searched[0],
        "threshold_greedy": searched[1],
        **{f"dice_{k}": points.dice(value) if points else np.nan for k, value in thresholds.items()},
        "lesion_ml": lesion * ml,
        "binary": binary,
        "found_ml": np.count_nonzero(found) * ml,
        "false_ml": np.count_nonzero(found & ~(volume.lesion > 0)) * ml,
        **wise,
    }


def false_positives(
    healthy: Scored, thresholds: Sequence[Threshold], spacing: float
) -> Iterable[dict[str, Any]]:
    """What each of the ``healthy`` scans shows at each threshold: volume in ml, and share of its brain."""
    for volume in healthy:
        for each in thresholds:
            found = np.nan if np.isnan(each.value) else int(np.count_nonzero(volume.score >= each.value))
            line = {"scan": volume.scan, "testset": each.testset, "kind": each.kind}
            yield line | {
                "false_ml": found * spacing**3 / 1000,
                "false_share": found / max(volume.score.size, 1),
            }


def pooled(testset: str, test: Scored) -> dict[str, Any]:
    """Areas under the curves of all voxels of a test set together."""
    pool = test.pool
    return {
        "testset": testset,
        "auprc": pool.auprc(),
        "auprc_error": pool.auprc_error(),
        "auroc_brain": pool.auroc_brain(),
        "auroc_brain_error": pool.auroc_brain_error(),
        "volumes": len(test.part.scans),
        "voxels": int(pool.positives.sum() + pool.negatives.sum()),
        "lesion_voxels": int(pool.positives.sum()),
    }


def evaluate(
    row: TableRow, sets: Iterable[Part], maps: Iterable[str | Path], splits_of: Mapping[str, str], healthy: str,
    settings: Mapping[str, Any], out: Mapping[str, str | Path],
) -> None:  # fmt: skip
    """Score a row in one fold and write its tables (tsv): one a test set, with a line a test volume, and thresholds, pooled, healthy.

    ``sets``: the parts "test" and "val" of each scored set; ``maps``: files of the row's maps of all of them; ``splits_of``:
    {set: data set that its scans come from}; all sets but the ``healthy`` data set are test sets; ``settings``: fields of `Settings`; ``out``: files by name of the test set, and thresholds, pooled, healthy.
    Where parts "train" are among the ``sets``, their whole annotated subsets have a threshold apart, in released. Raises DataError, ProcessingError.
    """
    said, stored = Settings(**settings), by_origin(maps)
    found = {(part.set, part.part): row.scored(part, stored) for part in sets}
    fitted, areas, subsets = list[Threshold](), [], []
    identity = {"row": row.name, "fold": row.fold, "seed": row.seed}
    for testset in (name for name in splits_of if name != healthy):
        test, val = found[testset, "test"], found[testset, "val"]
        own = fit(testset, splits_of[testset], test, val, healthy, found[healthy, "val"], said.rates)
        values = {each.kind: each.value for each in own}
        lines = (identity | {"testset": testset} | measure(volume, values, said) for volume in test)
        write_table(lines, columns(list(values)), out[testset])
        fitted += own
        areas.append(identity | pooled(testset, test))
        if train := found.get((testset, "train")):
            subset, dice = fit_subset(testset, splits_of[testset], test, [train, val])
            subsets.append(identity | subset._asdict() | {"dice": dice, "volumes": len(test.maps)})
    write_table((identity | each._asdict() for each in fitted), THRESHOLDS, out["thresholds"])
    write_table(areas, POOLED, out["pooled"])
    if subsets:
        write_table(subsets, RELEASED, out["released"])
    calm = false_positives(found[healthy, "test"], fitted, said.spacing)
    write_table((identity | line for line in calm), HEALTHY, out["healthy"])
