"""Charts of the scores, all drawn from kept results in one pass: no model runs.

    beta               Dice against beta, the weight of the map u against the probability p (paper, Fig. 5)
    precision_recall   mean precision at each recall, with bands of 95 % intervals over subjects
    lesion_volume      Dice of each test volume against its lesion's volume
    training           losses of every model

Dice is the best of each volume, its threshold chosen on its own label, as in the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from sadm.figures import draw
from sadm.figures.curves import LEVELS, best_dice, precision_at
from sadm.figures.results import Results
from sadm.prediction.score import fuse
from sadm.runtime.errors import DataError
from sadm.runtime.files import REMAKE, read_table, real, whole, write_table
from sadm.runtime.seeds import seed as seeded
from sadm.statistics.intervals import intervals

BETAS = tuple(round(0.1 * k, 1) for k in range(11))
RESAMPLES, CONFIDENCE = 1000, 0.95  # of the bands
HEADS = {
    "beta": ("testset", "row", "fold", "beta", "dice"),
    "precision_recall": ("testset", "row", "recall", "precision", "low", "high"),
    "lesion_volume": ("testset", "row", "scan", "lesion_ml", "dice"),
}
# Columns that are read of a training curve.
CURVE = ("model", "fold", "seed", "epoch", "train_loss", "val_loss")
Line = tuple[str | float | int, ...]


def write_lines(chart: str, lines: Iterable[Line], out: str | Path) -> None:
    """A tsv file of the numbers behind a chart."""
    write_table((dict(zip(HEADS[chart], line, strict=True)) for line in lines), HEADS[chart], out)


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


def band(
    values: np.ndarray, subjects: Sequence[str], draws: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Interval, over ``subjects`` (one a volume), of the mean over volumes: two arrays [K] from ``values`` [volumes, K]."""
    names, owner = np.unique(list(subjects), return_inverse=True)
    sums, volumes = np.zeros((2, len(names), values.shape[1]))
    np.add.at(sums, owner, values)
    np.add.at(volumes, owner, 1)
    return intervals(sums, volumes, RESAMPLES, CONFIDENCE, draws, 0, 1)


def precision_recall(results: Results, study_seed: int) -> list[Line]:
    """Mean precision and its band at each recall: (testset, row, recall, precision, low, high), in [0, 1].

    The mean of a volume over the folds, then over the volumes with a label.
    """
    recalls = (np.arange(LEVELS) + 0.5) / LEVELS
    lines: list[Line] = []
    for name, testset in results.testsets.items():
        labels = [testset.label(i) for i in testset.scans]
        for row in results.rows:
            total = np.zeros((len(labels), LEVELS))
            for fold in results.folds:
                pairs = zip(results.row_maps(name, row, fold), labels, strict=True)
                total += [precision_at(recalls, fuse(maps, results.beta), *label) for maps, label in pairs]
            mean = total / len(results.folds)
            kept = np.flatnonzero(~np.isnan(mean[:, 0]))
            if len(kept):
                draws = np.random.default_rng(seeded(study_seed, "precision-recall", name))
                low, high = band(mean[kept], [testset.subjects[i] for i in kept], draws)
                columns = (recalls, mean[kept].mean(axis=0), low, high)
                lines += [(name, row, *map(float, each)) for each in zip(*columns, strict=True)]
    return lines


def volumes(results: Results) -> list[Line]:
    """Mean over the folds of each volume's Dice: (testset, row, scan, lesion_ml, dice), Dice in percent; no empty labels."""
    lines: list[Line] = []
    for name in results.testsets:
        for row in results.rows:
            found: dict[tuple[str, float], list[float]] = {}
            for fold in results.folds:
                for each in results.scores[name, row, fold].to_dict("records"):
                    if each["empty"] == 0:
                        found.setdefault((each["scan"], each["lesion_ml"]), []).append(100 * each["dice"])
            lines += [(name, row, *volume, float(np.mean(values))) for volume, values in found.items()]
    return lines


def losses(curves: Iterable[str | Path], models: Sequence[str]) -> dict[str, list[dict[str, np.ndarray]]]:
    """Epochs and losses of each of ``models``, one dictionary of columns a fold, of the first seed.

    ``curves``: files curve.csv, which tell model, fold and seed. Raises DataError if one of a model is missing.
    """
    found: dict[str, dict[int, list[dict[str, str]]]] = {model: {} for model in models}
    for file in curves:
        for line in read_table(file, CURVE, ","):
            found.setdefault(line["model"], {}).setdefault(whole(line, "fold"), []).append(line)
    if missing := [model for model in models if not found[model]]:
        raise DataError("A training curve is missing.", cause=f"no file tells {missing[0]}", fix=REMAKE)
    return {model: [_columns(lines) for _, lines in sorted(found[model].items())] for model in models}


def _columns(lines: Sequence[Mapping[str, str]]) -> dict[str, np.ndarray]:
    return {key: np.array([real(line, key) for line in lines]) for key in ("epoch", "train_loss", "val_loss")}


def with_trivial(points: Sequence[Line], results: Results) -> list[Line]:
    """The lines of `volumes` of the rows that are shown, and on each test set of the trivial score with the highest mean Dice."""
    means: dict[str, dict[str, list[float]]] = {}
    for name, row, _, _, dice in points:
        if list(results.rows[str(row)]) == [row]:
            means.setdefault(str(name), {}).setdefault(str(row), []).append(float(dice))
    best = {(name, max(found, key=lambda row: np.mean(found[row]))) for name, found in means.items()}
    return [line for line in points if line[1] in results.shown.values() or line[:2] in best]


def charts(
    results: Results, curves: Iterable[str | Path], *,
    models: Sequence[str], groups: Mapping[str, Sequence[str]], seed: int, out: Mapping[str, Sequence[str | Path]],
) -> None:  # fmt: skip
    """Draw all charts and write the numbers behind them.

    ``curves``: files curve.csv of all ``models``; ``groups``: {title of a panel: its rows}, trivial scores among them; ``seed`` of
    the study; ``out``: {chart: its .png and .svg} and, as "numbers", a .tsv each for all but the training curves. Equal input gives
    equal bytes. Raises DataError.
    """
    titles = {name: testset.title for name, testset in results.testsets.items()}
    numbers = {Path(file).stem: file for file in out["numbers"]}
    if "beta" in out:
        by_beta = dice_by_beta(results)
        draw.beta(by_beta, titles, results.beta, out["beta"])
        write_lines("beta", by_beta, numbers["beta"])
    precision = precision_recall(results, seed)
    draw.precision_recall(precision, titles, groups, out["precision_recall"])
    write_lines("precision_recall", precision, numbers["precision_recall"])
    points = volumes(results)
    draw.lesion_volume(with_trivial(points, results), titles, out["lesion_volume"])
    write_lines("lesion_volume", points, numbers["lesion_volume"])
    draw.training(losses(curves, models), out["training"])
