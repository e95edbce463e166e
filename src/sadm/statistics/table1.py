"""Table 1: means over the test volumes of each fold, then mean and standard deviation over the folds.

Three files: .csv with full precision, .md and .tex in the paper's layout, with the protocol and whatever was left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from sadm.evaluation.scores import read_scores
from sadm.runtime.files import read_table, write_text
from sadm.study.layout import Layout

METRICS = ("dice", "auprc")
PAPER = (
    "The paper: about 570,000 each for methods trained on the healthy set (1600 epochs of 358 scans), 215,000 on DRAEM "
    "(600 of 358; DRAEM-Net 1600), 54,000 on BRATS (600 of 90), 36,000 on ATLAS (600 of 60)."
)
SEARCHED = {"exact": "all thresholds", "greedy": "the thresholds of the released code's search"}
DDOF = 1  # standard deviation of a sample; the paper does not say which


def by_protocol(scores: pd.DataFrame, score: Mapping[str, Any]) -> pd.DataFrame:
    """``scores`` with the dice that Table 1 means over, NaN where a volume counts nowhere.

    ``score``: the study's section; `search` says how the best Dice was found, `empty` what an empty label counts.
    """
    dice = scores["dice_greedy"] if score["search"] == "greedy" else scores["dice"]
    return scores.assign(dice=dice.fillna(0.0) if score["empty"] == "zero" else dice)


def fold_means(scores: pd.DataFrame, keys: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Mean over volumes, then over the seeds of a fold, by ``keys`` and fold."""
    by_run = scores.groupby([*keys, "fold", "seed"])[list(names)].mean()
    return by_run.groupby(level=[*keys, "fold"]).mean()


def summarise(scores: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Table 1 as in table1.csv: row, kind, then mean and std of each metric on each test set, in percent.

    ``scores`` as of `by_protocol`: NaN counts nowhere. The std over folds has ddof 1; it is NaN with one fold.
    """
    by_fold = fold_means(scores, ["row", "testset"], METRICS) * 100
    over = by_fold.groupby(level=["row", "testset"])
    stats = {"mean": over.mean(), "std": over.std(ddof=DDOF)}
    kinds = ["method"] * len(layout.rows) + ["trivial"] * len(layout.trivial)
    table = pd.DataFrame({"row": layout.all_rows, "kind": kinds})
    for testset, metric, stat in product(layout.testsets, METRICS, stats):
        values = stats[stat][metric]
        keys = [(row, testset) for row in layout.all_rows]
        table[f"{testset}_{metric}_{stat}"] = values.reindex(keys).to_numpy()
    return table


def listed(count: int, names: str) -> str:
    """A count, and what was counted if there is any."""
    return f"{count}: {names}" if count else "0"


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


def volume_notes(scores: pd.DataFrame, layout: Layout, counted: str) -> list[str]:
    """A sentence a test set: number of test volumes, and the scans whose label is empty on the grid, and what they count."""
    notes = []
    for testset in layout.testsets:
        here = scores[(scores["testset"] == testset) & (scores["fold"] == 0)].drop_duplicates("scan")
        empty = here.loc[here["empty"] == 1, "scan"]
        fate = "counted as Dice 0" if counted == "zero" else "left out"
        left = f"{fate}, label empty after resampling: {listed(len(empty), ', '.join(empty))}"
        notes.append(f"{layout.titles[testset]}: mean over {len(here) - len(empty)} test volumes; {left}.")
    return notes


def trivial_notes(table: pd.DataFrame, layout: Layout) -> list[str]:
    """A sentence a test set: the best trivial score by Dice, and the rows that are not above it."""
    notes = []
    for testset in layout.testsets:
        values = table.set_index("row")[f"{testset}_dice_mean"]
        trivial, rows = values[list(layout.trivial)].dropna(), values[list(layout.rows)]
        if len(trivial):
            below = ", ".join(rows.index[~(rows > trivial.max())]) or "none"
            best = f"{trivial.idxmax()}, DICE {trivial.max():.2f}"
            notes.append(
                f"Best trivial score on {layout.titles[testset]}: {best}; rows not above it: {below}."
            )
    return notes


def protocol_notes(study: Mapping[str, Any], layout: Layout) -> list[str]:
    """What was done: ``study`` holds name, protocol, seed, grid and score."""
    grid, score = study["grid"], study["score"]
    x, y, z = (size // grid["downsample"] for size in grid["shape"])
    spread = (
        f"mean and standard deviation over {layout.folds} folds (ddof {DDOF}; the paper does not say which)"
    )
    seeds = f", over {layout.seeds} trainings with seeds of their own" if layout.seeds > 1 else ""
    return [
        f"Study {study['name']} ({study['protocol']} protocol, seed {study['seed']}).",
        f"DICE: best Dice of each test volume over {SEARCHED[score['search']]}, that is, the threshold is chosen on the volume's own label; "
        "AUPRC: step-wise area under the volume's precision-recall curve. In percent. Every voxel of the volume counts; "
        "lesion outside the brain mask is missed.",
        "Mean over the test volumes of a fold" + seeds + (f", then {spread}." if layout.folds > 1 else "; one fold."),
        f"Grid {x} x {y} x {z - 2 * grid['crop']} voxels of {grid['spacing'] * grid['downsample']:g} mm; SSIM sigma "
        f"{score['ssim_sigma']:g} voxels, median {score['median']} voxels; rows of two maps: 2 (beta u + (1 - beta) p), beta {score['beta']:g}.",
        "Bold: best method of the column. Trivial scores need no learned model (mean-: distance to the mean healthy training brain).",
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


def body(table: pd.DataFrame, layout: Layout, plus: str, bold: str) -> dict[str, list[str]]:
    """Cells of each row as printed: method, healthy, unhealthy, then DICE and AUPRC of each test set, empty for NaN.

    ``plus`` stands between mean and std; ``bold`` is the template of the best methods' cells.
    """
    cells = {row: layout.heads(row) for row in layout.all_rows}
    for column in (f"{testset}_{metric}" for testset, metric in product(layout.testsets, METRICS)):
        means, spreads = table[f"{column}_mean"], table[f"{column}_std"]
        best = means[table["kind"] == "method"].max()
        for row, kind, mean, spread in zip(table["row"], table["kind"], means, spreads):
            text = (
                "" if pd.isna(mean) else f"{mean:.2f}" if pd.isna(spread) else f"{mean:.2f}{plus}{spread:.2f}"
            )
            cells[row].append(bold.format(text) if kind == "method" and mean == best else text)
    return cells


def markdown(table: pd.DataFrame, layout: Layout, notes: Sequence[str]) -> str:
    """The table and its notes as Markdown."""
    names = [f"{layout.titles[testset]} {m.upper()}" for testset, m in product(layout.testsets, METRICS)]
    heads = ["Method", "Healthy training data", "Unhealthy training data", *names]
    cells = body(table, layout, " ± ", "**{}**")
    mark = ["*trivial scores*"] + [""] * (len(heads) - 1)
    lines = [heads, ["---"] * 3 + ["---:"] * len(names), *(cells[row] for row in layout.rows)]
    lines += [mark, *([f"*{cells[row][0]}*", *cells[row][1:]] for row in layout.trivial)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return text + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def escape(text: str) -> str:
    """``text`` for LaTeX."""
    return "".join("\\" + c if c in "_%&#$" else c for c in text)


def latex(table: pd.DataFrame, layout: Layout, notes: Sequence[str]) -> str:
    """The table and its notes as LaTeX (needs the package booktabs)."""
    count = 2 * len(layout.testsets)
    over = [rf"\multicolumn{{2}}{{c}}{{{escape(layout.titles[testset])}}}" for testset in layout.testsets]
    spans = "".join(rf"\cmidrule(lr){{{k}-{k + 1}}}" for k in range(4, 4 + count, 2))
    lines = [
        r"\begin{table}",
        r"\centering",
        r"\begin{tabular}{lll" + "r" * count + "}",
        r"\toprule",
        " & ".join([r"Method & \multicolumn{2}{c}{Training data}", *over]) + r" \\",
        r"\cmidrule(lr){2-3}" + spans,
        " & ".join([" & healthy & unhealthy", *["DICE", "AUPRC"] * len(layout.testsets)]) + r" \\",
        r"\midrule",
    ]
    cells, before = body(table, layout, r" $\pm$ ", r"\textbf{{{}}}"), ""
    for row in layout.all_rows:
        group = "trivial scores" if row in layout.trivial else layout.unhealthy(row)
        if group != before and lines[-1] != r"\midrule":
            lines.append(r"\midrule")
        if group != before and row in layout.trivial:
            lines.append(rf"\multicolumn{{{count + 3}}}{{l}}{{\emph{{{group}}}}} \\")
        before = group
        lines.append(" & ".join([*map(escape, cells[row][:3]), *cells[row][3:]]) + r" \\")
    caption = r"\caption{" + "\n".join(map(escape, notes)) + "}"
    lines += [r"\bottomrule", r"\end{tabular}", caption, r"\end{table}"]
    return "\n".join(lines) + "\n"


def table(
    scores: Iterable[str | Path], excluded: Iterable[str | Path], splits: Iterable[str | Path], datasets: Sequence[str],
    layout: Mapping[str, Any], study: Mapping[str, Any], models: Mapping[str, Any],
    csv: str | Path, md: str | Path, tex: str | Path,
) -> None:  # fmt: skip
    """Write Table 1 from the files of ``scores``, the lists of ``excluded`` scans and the ``splits``, each in any order.

    ``datasets``: those whose exclusions are told; ``layout``: the fields of `Layout`; ``study``: see ``protocol_notes``; ``models``:
    see ``training_notes``. Equal input gives equal bytes. Raises DataError.
    """
    shown = Layout(**layout)
    found = by_protocol(read_scores(scores, shown), study["score"])
    summary = summarise(found, shown)
    notes = (
        protocol_notes(study, shown)
        + training_notes(models, splits, shown)
        + volume_notes(found, shown, study["score"]["empty"])
        + trivial_notes(summary, shown)
        + excluded_notes(excluded, datasets, shown.titles)
    )
    write_text(summary.to_csv(index=False, lineterminator="\n"), csv)
    write_text(markdown(summary, shown, notes), md)
    write_text(latex(summary, shown, notes), tex)
