"""What a reader of Table 1 must know, a sentence each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sadm.runtime.files import read_table
from sadm.statistics.intervals import FEW, WARNED
from sadm.statistics.marks import Line, least_note
from sadm.statistics.means import DDOF
from sadm.study.checks import DRAEM
from sadm.study.layout import Layout

PAPER = (
    "The paper: about 570,000 each for methods trained on the healthy set (1600 epochs of 358 scans), 215,000 on DRAEM "
    "(600 of 358; DRAEM-Net 1600), 54,000 on BRATS (600 of 90), 36,000 on ATLAS (600 of 60)."
)
SEARCHED = {"exact": "all thresholds", "greedy": "the thresholds of the released code's search"}


def listed(count: int, names: str) -> str:
    """A count, and what was counted if there is any."""
    return f"{count}: {names}" if count else "0"


def material_notes(layout: Layout) -> list[str]:
    """What the scans and anomalies are, where they are no patients' or a row was trained on the like of what it is tested on."""
    notes = []
    if layout.painted:
        names = ", ".join(layout.titles[name] for name in layout.painted)
        notes.append(
            f"Not of patients: the scans of {names} are heads and lesions that this program paints on an atlas. These numbers show "
            "that the pipeline works and say nothing about patients."
        )
    own = [row for row in layout.rows if layout.unhealthy(row) == DRAEM]
    if own and DRAEM in layout.testsets:
        notes.append(f"On DRAEM these rows meet the generator that they were trained with: {', '.join(own)}.")
    notes += [
        f"{row} is trained on synthetic anomalies that it makes of healthy scans itself ({name})."
        for row, name in layout.synthetic.items()
    ]
    return notes


def spread_notes(layout: Layout, shown: str) -> list[str]:
    """What the mean is over, what stands beside it, and what a fold and a training can tell."""
    seeds = f", over {layout.seeds} trainings with seeds of their own" if layout.seeds > 1 else ""
    folds = f", then over {layout.folds} folds" if layout.folds > 1 else "; one fold"
    notes = [f"Mean over the test volumes of a fold{seeds}{folds}."]
    if shown == "interval":
        notes.append(
            f"In brackets: 95 % interval over subjects (Student's t below {FEW} subjects, then bootstrap), the trained models held fixed."
        )
    elif layout.folds > 1:
        notes.append(
            f"±: standard deviation over {layout.folds} folds (ddof {DDOF}; the paper does not say which), of one set of test scans."
        )
    annotated = any(layout.unhealthy(row) in set(layout.titles) - {DRAEM} for row in layout.rows)
    if layout.folds > 1 and annotated and not layout.rotates:
        notes.append(
            "Every fold has the same annotated training and validation scans: the deviation of a row that was trained on them is that of "
            "another seed and other healthy scans, not of other annotated ones."
        )
    once = "one, which supports no claim about a method, only about the models that were trained"
    notes.append(f"Trainings of each model in a fold: {once if layout.seeds == 1 else layout.seeds}.")
    return notes


def few_notes(subjects: Mapping[str, int], titles: Mapping[str, str]) -> list[str]:
    """A warning of the test sets with few subjects; ``subjects`` by test set."""
    few = [f"{titles[testset]} {count}" for testset, count in subjects.items() if count < WARNED]
    text = f"Fewer than {WARNED} test subjects, so that means and intervals are rough: {', '.join(few)}."
    return [text] if few else []


def chance_notes(scores: pd.DataFrame, layout: Layout) -> list[str]:
    """What a random score in the brain reaches, by formula; ``scores`` have lesion_voxels and brain_voxels."""
    share = scores["lesion_voxels"] / scores["brain_voxels"]
    known = scores.assign(share=share, dice=2 * share / (1 + share))[scores["empty"] == 0]
    means = known.groupby("testset")[["dice", "share"]].mean() * 100
    here = [name for name in layout.testsets if name in means.index]
    dice, auprc = (
        ", ".join(f"{layout.titles[name]} {means.loc[name, column]:.2f}" for name in here)
        for column in ("dice", "share")
    )
    return [
        "Chance, of a random score in the brain (π: share of a volume's brain that is lesion; mean over volumes): "
        f"DICE 2π / (1 + π): {dice}; AUPRC π: {auprc}; AUROC in the brain 50."
    ]  # fmt: skip


def mark_notes(claims: Sequence[Line], layout: Layout) -> list[str]:
    """What marks mean, and the smallest p that is attainable."""
    against = {line["testset"]: line["against"] for line in claims if line["claim"] == "trivial" and line["metric"] == "dice"}  # fmt: skip
    best = "; ".join(f"{layout.titles[name]} {row}" for name, row in against.items())
    notes = ["Bold: largest mean of a method in the column, not a test."]
    if best:
        notes.append(
            f"▽ not shown to be above the best trivial score (by DICE {best}): the 95 % interval of the paired difference reaches 0 or less, or one subject has none. "
            "Trivial scores need no learned model (mean-: distance to the mean healthy training brain; whole-brain: one value in the whole brain, "
            "which any map that is above 0 there reaches at some threshold: the floor of each column)."
        )
    if least := least_note(claims, layout.titles):
        notes.append(
            "† above cDDPM, ‡ above Unet_res of the same training set: Wilcoxon's signed-rank test over subjects, Holm's p below .05 within "
            "these claims, which were fixed beforehand. " + least
        )
    return notes


def excluded_notes(
    files: Iterable[str | Path], datasets: Sequence[str], titles: Mapping[str, str]
) -> list[str]:
    """A sentence for each of ``datasets``: how many scans preprocessing excluded, their names and the reasons.

    ``files``: excluded.tsv of all data sets; each line tells its data set.
    """
    notes, lines = [], [line for file in files for line in read_table(file)]
    for name in datasets:
        named = [f"{line['scan']} ({line['reasons']})" for line in lines if line["dataset"] == name]
        notes.append(
            f"Excluded from {titles[name]} by preprocessing: {listed(len(named), '; '.join(named))}."
        )
    return notes


def unusual_notes(files: Iterable[str | Path], titles: Mapping[str, str]) -> list[str]:
    """A sentence if scans were kept though something about them is unusual: which, and what.

    ``files``: scans.tsv of all packed data sets.
    """
    odd = [line for file in files for line in read_table(file) if line.get("unusual")]
    said = "; ".join(f"{titles[line['dataset']]} {line['scan']} ({line['unusual']})" for line in odd)
    return [f"Kept though unusual: {listed(len(odd), said)}."] if odd else []


def volume_notes(scores: pd.DataFrame, layout: Layout, counted: str) -> list[str]:
    """A sentence a test set: number of test volumes, the scans whose label is empty on the grid and what they count, and those without one."""
    notes = []
    for testset in layout.testsets:
        here = scores[(scores["testset"] == testset) & (scores["fold"] == 0)].drop_duplicates("scan")
        empty = here.loc[(here["empty"] == 1) & (here["healthy"] == 0), "scan"]
        calm = here.loc[here["healthy"] == 1, "scan"]
        fate = "counted as Dice 0" if counted == "zero" else "left out"
        left = f"{fate}, label empty after resampling: {listed(len(empty), ', '.join(empty))}"
        left += (
            f"; without a label, counted as healthy, for false alarms alone: {listed(len(calm), ', '.join(calm))}"
            if len(calm)
            else ""
        )
        count = len(here) - len(empty) - len(calm)
        volumes = f"{count} test volume{'s' if count != 1 else ''}"
        notes.append(f"{layout.titles[testset]}: mean over {volumes}; {left}.")
    return notes


def protocol_notes(study: Mapping[str, Any]) -> list[str]:
    """What was measured: ``study`` holds grid and score."""
    grid, score = study["grid"], study["score"]
    x, y, z = (size // grid["downsample"] for size in grid["shape"])
    return [
        f"DICE: best Dice of each test volume over {SEARCHED[score['search']]}, that is, the threshold is chosen on the volume's own label; "
        "AUPRC: step-wise area under the volume's precision-recall curve. In percent. Every voxel of the volume counts; "
        "lesion outside the brain mask is missed.",
        f"Grid {x} x {y} x {z - 2 * grid['crop']} voxels of {grid['spacing'] * grid['downsample']:g} mm; SSIM sigma "
        f"{score['ssim_sigma']:g} voxel{'s' if score['ssim_sigma'] != 1 else ''}, median {score['median']} voxels; rows of two maps: 2 (beta u + (1 - beta) p), beta {score['beta']:g}.",
    ]  # fmt: skip


def training_notes(models: Mapping[str, Any], splits: Iterable[str | Path], layout: Layout) -> list[str]:
    """How much each model was trained, beside the paper; and what the marked rows lack.

    ``models``: {model: its training data set, epochs, and slices of a volume an epoch}; ``splits``: splits files of the data sets.
    """
    lines = [line for file in splits for line in read_table(file)]
    dealt = Counter((line["dataset"], line["set"], line["fold"]) for line in lines)
    seen = []
    for model, (dataset, epochs, slices) in models.items():
        volumes = dealt[dataset, "train", "0"]
        seen.append(f"{model} {epochs * slices * volumes:,} ({epochs} epochs of {slices * volumes})")
    notes = [f"Slices seen in training, fold 0: {', '.join(seen)}. {PAPER}"]
    for mark in sorted(set(layout.marks.values())):
        rows = ", ".join(row for row, own in layout.marks.items() if own == mark)
        notes.append(f"{mark.capitalize()}, not ImageNet's: {rows}. These are not the published methods.")
    return notes
