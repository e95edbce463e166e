"""Scores of one row and fold: every test volume against its label, the thresholds, and what healthy scans show.

Columns and files are told in results/README.md, the measures in docs/protocol.md.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sadm.evaluation import lesions, metrics
from sadm.evaluation.thresholds import ORACLE, Threshold, fit
from sadm.evaluation.volumes import Scored, Volume, scored
from sadm.runtime.files import atomic

BINARY = ("validation", ORACLE)  # the lesion-wise measures are of the binary map at the first that there is
POOLED = ("testset", "auprc", "auprc_error", "auroc", "volumes", "voxels", "lesion_voxels")
HEALTHY = ("scan", "testset", "kind", "false_ml", "false_share")


def columns(kinds: Sequence[str]) -> list[str]:
    """Columns of a table of scores with thresholds of these ``kinds``."""
    volume = ["scan", "dice", "auprc", "threshold", "lesion_voxels", "empty", "auroc", "dice_greedy"]
    binary = ["lesion_ml", "binary", "found_ml", "false_ml", *lesions.Lesions._fields]
    return [*volume, "threshold_greedy", *(f"dice_{kind}" for kind in kinds), *binary]


@dataclass(frozen=True)
class Settings:
    """``beta``: weight of the first map; ``rates``: false-positive rates that thresholds are set to on healthy scans;
    ``spacing``: edge of a voxel in mm; ``tolerance`` of the surface distance in voxels."""

    beta: float
    rates: Sequence[float]
    spacing: float
    tolerance: float


def measure(volume: Volume, thresholds: Mapping[str, float], settings: Settings) -> dict[str, Any]:
    """One line of scores: all measures of a volume at all ``thresholds`` (by kind); NaN where the label is empty."""
    lesion = volume.lesion_voxels
    ml = settings.spacing**3 / 1000
    binary = next((kind for kind in BINARY if not np.isnan(thresholds[kind])), BINARY[0])
    found = volume.found(thresholds[binary])
    wise = lesions.measure(
        found, volume.lesion > 0, settings.spacing, settings.tolerance * settings.spacing
    )._asdict()
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
        "auroc": metrics.auroc(points) if points else np.nan,
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
    voxels = int(pool.positives.sum() + pool.negatives.sum())
    areas = (pool.auprc(), pool.auprc_error(), pool.auroc())
    return dict(
        zip(POOLED, (testset, *areas, len(test.scans), voxels, int(pool.positives.sum())), strict=True)
    )


def evaluate(
    sets: Mapping[tuple[str, str], Mapping[str, Any]], sources: Mapping[str, str], healthy: str, fold: int,
    settings: Mapping[str, Any], out: Mapping[str, str | Path],
) -> None:  # fmt: skip
    """Score a row and write its tables (tsv): one a test set, with a line a test volume, and thresholds, pooled, healthy.

    ``sets``: {(name, part): {maps: the row's stored maps (one or two), packed: folder, splits: file}} with the parts "test" and
    "val" of each test set and of the data set ``healthy``; ``sources``: {test set: data set that its scans come from};
    ``settings``: fields of `Settings`; ``out``: files by name of the test set, and thresholds, pooled, healthy.
    Raises DataError, ProcessingError.
    """
    said = Settings(**settings)
    found = {key: scored(**files, fold=fold, part=key[1], beta=said.beta) for key, files in sets.items()}
    fitted, areas = list[Threshold](), []
    for testset, source in sources.items():
        test = found[testset, "test"]
        own = fit(testset, source, test, found[testset, "val"], healthy, found[healthy, "val"], said.rates)
        values = {each.kind: each.value for each in own}
        write((measure(volume, values, said) for volume in test), columns(list(values)), out[testset])
        fitted += own
        areas.append(pooled(testset, test))
    write((each._asdict() for each in fitted), Threshold._fields, out["thresholds"])
    write(areas, POOLED, out["pooled"])
    write(false_positives(found[healthy, "test"], fitted, said.spacing), HEALTHY, out["healthy"])


def write(lines: Iterable[Mapping[str, Any]], names: Sequence[str], path: str | Path) -> None:
    """Write ``lines`` as a tsv file with the columns ``names``, atomically."""
    with atomic(path) as tmp, open(tmp, "w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, names, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
