"""Charts of the scores, all drawn from kept results in one pass: no model runs.

    beta               Dice against beta, the weight of the map u against the probability p (paper, Fig. 5)
    precision_recall   mean precision at each recall, with 95 % bootstrap bands over subjects
    lesion_volume      Dice of each test volume against its lesion's volume
    training           losses of every model

Dice is the best of each volume, its threshold chosen on its own label, as in the table.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sadm.figures import draw
from sadm.figures.curves import LEVELS, band, best_dice, precision_at
from sadm.figures.results import Results, TestSet
from sadm.prediction.score import fuse
from sadm.runtime.files import atomic
from sadm.runtime.seeds import seed as seeded

BETAS = tuple(round(0.1 * k, 1) for k in range(11))
Line = tuple[str | float | int, ...]


def write_rows(head: Sequence[str], rows: Iterable[Line], out: str | Path) -> None:
    """A tsv file of the numbers behind a chart."""
    with atomic(out) as tmp, open(tmp, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def dice_by_beta(results: Results) -> list[Line]:
    """Mean Dice over the volumes of each fold, in percent, of every row of two maps: (testset, row, fold, beta, dice)."""
    lines: list[Line] = []
    fused = [row for row, models in results.rows.items() if len(models) == 2]
    for name, testset in results.testsets.items():
        labels = [testset.label(i) for i in testset.scans]
        for row in fused:
            for fold in results.folds:
                dice = [
                    [best_dice(fuse(maps, beta), label, outside[1]) for beta in BETAS]
                    for maps, (label, outside) in zip(results.row_maps(name, row, fold), labels, strict=True)
                ]
                mean = 100 * np.nanmean(np.reshape(dice, (-1, len(BETAS))), axis=0)
                lines += [(name, row, fold, beta, float(value)) for beta, value in zip(BETAS, mean)]
    return lines


def precision_recall(
    results: Results, subjects: Mapping[str, Sequence[str]], beta: float, study_seed: int
) -> list[Line]:
    """Mean precision and its band at each recall: (testset, row, recall, precision, low, high), in [0, 1].

    The mean of a volume over the folds, then over the volumes with a label; ``subjects``: {test set: of each test scan}.
    """
    recalls = (np.arange(LEVELS) + 0.5) / LEVELS
    lines: list[Line] = []
    for name, testset in results.testsets.items():
        labels = [testset.label(i) for i in testset.scans]
        for row in results.rows:
            total = np.zeros((len(labels), LEVELS))
            for fold in results.folds:
                maps = results.row_maps(name, row, fold)
                total += [precision_at(recalls, fuse(m, beta), *each) for m, each in zip(maps, labels)]
            mean = total / len(results.folds)
            kept = np.flatnonzero(~np.isnan(mean[:, 0]))
            if len(kept):
                draws = np.random.default_rng(seeded(study_seed, "precision-recall", name))
                low, high = band(mean[kept], [subjects[name][i] for i in kept], draws)
                columns = (recalls, mean[kept].mean(axis=0), low, high)
                lines += [(name, row, *map(float, each)) for each in zip(*columns)]
    return lines


def volumes(results: Results, voxel_ml: float) -> list[Line]:
    """Mean over the folds of each volume's Dice: (testset, row, scan, lesion_ml, dice), Dice in percent; no empty labels."""
    lines: list[Line] = []
    for name in results.testsets:
        for row in results.rows:
            found: dict[str, list[float]] = {}
            size: dict[str, float] = {}
            for fold in results.folds:
                with open(results.scores[name, row, fold], newline="", encoding="utf-8") as stream:
                    for each in csv.DictReader(stream, delimiter="\t"):
                        if int(each["empty"]) == 0:
                            found.setdefault(each["scan"], []).append(100 * float(each["dice"]))
                            size[each["scan"]] = int(each["lesion_voxels"]) * voxel_ml
            lines += [(name, row, scan, size[scan], float(np.mean(values))) for scan, values in found.items()]
    return lines


def losses(curves: Mapping[tuple[str, int], str | Path]) -> dict[str, list[dict[str, np.ndarray]]]:
    """Epochs and losses of every model, one dictionary of columns a fold. ``curves``: {(model, fold): curve.csv}."""
    found: dict[str, list[dict[str, np.ndarray]]] = {}
    for (model, _), file in curves.items():
        with open(file, newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        columns = {
            key: np.array([float(row[key]) for row in rows]) for key in ("epoch", "train_loss", "val_loss")
        }
        found.setdefault(model, []).append(columns)
    return found


def subjects_of(testset: TestSet) -> list[str]:
    """Subject of each test scan."""
    with open(testset.splits, newline="", encoding="utf-8") as stream:
        owner = {row["scan"]: row["subject"] for row in csv.DictReader(stream, delimiter="\t")}
    return [owner[testset.data.scans[i]] for i in testset.scans]


def with_trivial(points: Sequence[Line], results: Results, shown: Sequence[str]) -> list[Line]:
    """The lines of `volumes` of the rows ``shown``, and on each test set of the trivial score with the highest mean Dice."""
    means: dict[str, dict[str, list[float]]] = {}
    for name, row, _, _, dice in points:
        if list(results.rows[str(row)]) == [row]:
            means.setdefault(str(name), {}).setdefault(str(row), []).append(float(dice))
    best = {(name, max(found, key=lambda row: np.mean(found[row]))) for name, found in means.items()}
    return [line for line in points if line[1] in shown or line[:2] in best]


def charts(
    results: Results, curves: Mapping[tuple[str, int], str | Path], shown: Sequence[str], beta: float, *,
    groups: Mapping[str, Sequence[str]], voxel_ml: float, seed: int, out: Mapping[str, Sequence[str | Path]],
) -> None:  # fmt: skip
    """Draw all charts and write the numbers behind them.

    ``curves``: {(model, fold): curve.csv}; ``shown``: the rows of the chart by lesion volume; ``beta`` and ``seed`` of the study;
    ``groups``: {title of a panel: its rows}, trivial scores among them; ``voxel_ml``: volume of a voxel; ``out``: {chart: its .png
    and .svg} and, as "numbers", a .tsv each for all but the training curves. Equal input gives equal bytes. Raises DataError.
    """
    titles = {name: testset.title for name, testset in results.testsets.items()}
    numbers = {Path(file).stem: file for file in out["numbers"]}
    if "beta" in out:
        by_beta = dice_by_beta(results)
        draw.beta(by_beta, titles, beta, out["beta"])
        write_rows(("testset", "row", "fold", "beta", "dice"), by_beta, numbers["beta"])
    subjects = {name: subjects_of(testset) for name, testset in results.testsets.items()}
    precision = precision_recall(results, subjects, beta, seed)
    draw.precision_recall(precision, titles, groups, out["precision_recall"])
    head = ("testset", "row", "recall", "precision", "low", "high")
    write_rows(head, precision, numbers["precision_recall"])
    points = volumes(results, voxel_ml)
    draw.lesion_volume(with_trivial(points, results, shown), titles, out["lesion_volume"])
    write_rows(("testset", "row", "scan", "lesion_ml", "dice"), points, numbers["lesion_volume"])
    draw.training(losses(curves), out["training"])
