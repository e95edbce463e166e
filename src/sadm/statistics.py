"""What the scores of a study say, as tidy tables (tsv), one thought each; results/README.md has their columns.

    summary     mean of each measure, its bootstrap interval over subjects, its standard deviation over folds
    pairs       rows against each other, paired by subject
    groups      the same means by size of the lesion, site, sex and age
    released    best Dice and Dice at the validation threshold, exact and as the released code has them
    thresholds  every threshold with the scans that it was fitted on
    pooled      areas over all voxels of a test set
    healthy     what healthy test scans show at each threshold

Means are over the test volumes of a fold, then over folds, in the units of the scores: [0, 1], mm, ml.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sadm import seeds
from sadm.bootstrap import intervals, paired
from sadm.io import write_text
from sadm.table import DDOF, Layout, by_protocol, read_scores

KEYS = ("row", "fold", "testset", "scan")
TESTED = ("dice", "auprc", "dice_validation")  # measures that rows are compared by
GROUPED = ("dice", "auprc", "dice_validation", "lesion_f1")
BANDS = (40.0, 60.0)  # years: the edges of the age groups
QUARTERS = 4
NO_MEASURE = (*KEYS, "threshold", "threshold_greedy", "lesion_voxels", "empty", "binary", "kind", "subject")


def measures(scores: pd.DataFrame) -> list[str]:
    """Names of the columns that are measures."""
    return [name for name in scores.columns if name not in NO_MEASURE]


def by_subject(
    scores: pd.DataFrame, rows: Sequence[str], names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Sum over each subject's volumes of their mean over folds, and how many have a value, both [subjects, rows, measures].

    ``scores`` of one test set; the subjects are sorted.
    """
    volumes = scores.groupby(["subject", "scan", "row"], observed=True)[list(names)].mean()
    grouped = volumes.groupby(level=["subject", "row"])
    subjects = sorted(scores["subject"].unique())
    index = pd.MultiIndex.from_product([subjects, rows])
    shape = (len(subjects), len(rows), len(names))
    total, count = (
        each.reindex(index).to_numpy().reshape(shape) for each in (grouped.sum(), grouped.count())
    )
    return total, np.nan_to_num(count)


def spread(scores: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Mean over folds, standard deviation over folds (ddof 1, NaN for one fold) by row: columns (measure, mean | std)."""
    folds = scores.groupby(["row", "fold"])[list(names)].mean()
    over = folds.groupby(level="row")
    return pd.concat({"mean": over.mean(), "std": over.std(ddof=DDOF)}, axis=1).swaplevel(axis=1)


def summarise(
    scores: pd.DataFrame, rows: Sequence[str], names: Sequence[str], settings: Mapping[str, Any], *seed: str
) -> pd.DataFrame:
    """A line for each of the ``rows`` and measures ``names`` of one test set or a group of its volumes."""
    total, count = by_subject(scores, rows, names)
    rng = np.random.default_rng(seeds.seed(settings["seed"], "bootstrap", *seed))
    low, high = intervals(total, count, settings["resamples"], settings["confidence"], rng)
    folds, lines = spread(scores, names), []
    for (i, row), (k, name) in product(enumerate(rows), enumerate(names)):
        mean, std = folds.loc[row, (name, "mean")], folds.loc[row, (name, "std")]
        volumes, people = int(count[:, i, k].sum()), int(np.count_nonzero(count[:, i, k]))
        lines.append((row, name, mean, std, low[i, k], high[i, k], volumes, people))
    columns = ["row", "metric", "mean", "std_folds", "ci_low", "ci_high", "volumes", "subjects"]
    return pd.DataFrame(lines, columns=columns)


def compare(scores: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """Paired tests between all rows on one test set, each measure of TESTED a family of its own."""
    total, count = by_subject(scores, rows, TESTED)
    with np.errstate(invalid="ignore"):
        values = total / count
    frames = [
        pd.DataFrame(paired(values[:, :, k], list(rows))).assign(metric=name) for k, name in enumerate(TESTED)
    ]
    columns = ["row_a", "row_b", "metric", "difference", "p", "p_holm", "subjects"]
    return pd.concat(frames, ignore_index=True).reindex(columns=columns)


def strata(scores: pd.DataFrame, sheet: pd.DataFrame) -> dict[str, pd.Series]:
    """Group of each scan of a test set by lesion size (quarters of the volumes with a lesion), site, sex and age; NaN: none.

    ``sheet``: the sheet of its data set by scan. What the sheet does not have, or has but one value of, is left out.
    """
    volumes = scores.drop_duplicates("scan").set_index("scan")
    ml = volumes["lesion_ml"].where(volumes["empty"] == 0)
    edges = ml.quantile(np.linspace(0, 1, QUARTERS + 1)).to_numpy()
    names = [f"q{k + 1}: {a:.3g} to {b:.3g} ml" for k, (a, b) in enumerate(pairwise(edges))]
    known = sheet.reindex(volumes.index)
    age = pd.to_numeric(known["age"], errors="coerce")
    bands = (f"below {BANDS[0]:g}", f"{BANDS[0]:g} to {BANDS[1]:g}", f"{BANDS[1]:g} and above")
    found = {
        "lesion_size": _quarter(ml, edges, names),
        "site": known["site"].replace("", np.nan),
        "sex": known["sex"].replace("", np.nan),
        "age": pd.cut(age, [-np.inf, *BANDS, np.inf], right=False, labels=list(bands)).astype(object),
    }
    return {by: groups for by, groups in found.items() if groups.nunique() > 1}


def _quarter(ml: pd.Series, edges: np.ndarray, names: Sequence[str]) -> pd.Series:
    place = np.searchsorted(edges[1:-1], ml.to_numpy())
    return pd.Series(np.array(names, dtype=object)[place], index=ml.index).where(ml.notna())


def grouped(
    scores: pd.DataFrame, sheet: pd.DataFrame, rows: Sequence[str], settings: Mapping[str, Any], testset: str
) -> pd.DataFrame:
    """Means of GROUPED in the groups of `strata` of one test set."""
    frames = []
    for by, groups in strata(scores, sheet).items():
        place = scores["scan"].map(groups)
        for group in sorted(place.dropna().unique()):
            part = summarise(scores[place == group], rows, GROUPED, settings, testset, by, group)
            frames.append(part.drop(columns="std_folds").assign(by=by, group=group))
    columns = ["row", "by", "group", "metric", "mean", "ci_low", "ci_high", "volumes", "subjects"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def released(scores: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """Exact measures of one test set beside those of the released evaluation: greedy search, an empty label counts as Dice 0."""
    lines = []
    for name in ("dice", "dice_validation"):
        pair = scores.assign(released=scores[f"{name}_greedy"].where(scores["empty"] == 0, 0.0))
        means = pair.groupby(["row", "fold"])[[name, "released"]].mean().groupby(level="row").mean()
        lines += [(row, name, *means.loc[row]) for row in rows]
    table = pd.DataFrame(lines, columns=["row", "metric", "exact", "released"])
    return table.assign(difference=table["released"] - table["exact"])


def healthy(lines: pd.DataFrame, rows: Sequence[str], settings: Mapping[str, Any]) -> pd.DataFrame:
    """Means of what healthy test scans show, by test set and kind of the threshold."""
    frames = []
    for (testset, kind), part in lines.groupby(["testset", "threshold"], sort=False):
        found = summarise(part, rows, ("false_ml", "false_share"), settings, "healthy", testset, kind)
        frames.append(found.assign(testset=testset, threshold=kind))
    return pd.concat(frames, ignore_index=True)


def areas(lines: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """Mean and standard deviation over folds of the pooled areas, and the largest bound on the error of the AUPRC."""
    over = lines.groupby(["row", "testset"], sort=False)
    frames = []
    for name in ("auprc", "auroc"):
        stats = {"mean": over[name].mean(), "std_folds": over[name].std(ddof=DDOF)}
        stats["error"] = over["auprc_error"].max() if name == "auprc" else 0.0
        frames.append(pd.DataFrame(stats).reset_index().assign(metric=name))
    table = pd.concat(frames, ignore_index=True)
    return table.sort_values(["testset", "metric"], kind="stable", ignore_index=True)


def read_all(files: Sequence[str | Path], layout: Layout) -> pd.DataFrame:
    """One kind of tables of all rows and folds (in this order) under each other, with the columns row and fold first."""
    frames = []
    for file, (row, fold) in zip(files, product(layout.all_rows, range(layout.folds)), strict=True):
        frames.append(pd.read_csv(file, sep="\t", dtype={"scan": str, "scans": str}))
        frames[-1].insert(0, "fold", fold)
        frames[-1].insert(0, "row", row)
    return pd.concat(frames, ignore_index=True)


def statistics(
    files: Mapping[str, Sequence[str | Path]], splits: Mapping[str, str | Path], sheets: Mapping[str, str | Path],
    sources: Mapping[str, str], layout: Mapping[str, Any], score: Mapping[str, Any], settings: Mapping[str, Any],
    out: Mapping[str, str | Path],
) -> None:  # fmt: skip
    """Write the tables of the module's text to ``out`` (by name).

    ``files``: scores (rows, folds, test sets), thresholds, pooled and healthy (rows, folds) as `sadm.evaluate` writes them; ``splits``
    and ``sheets`` by data set, ``sources``: {test set: its data set}; ``layout``: fields of `sadm.table.Layout`; ``score``: that
    section of the study; ``settings``: resamples, confidence, seed. Equal input gives equal bytes. Raises DataError.
    """
    shown = Layout(**layout)
    subjects = {
        name: _read(path).drop_duplicates("scan").set_index("scan")["subject"]
        for name, path in splits.items()
    }
    raw, rows = read_scores(files["scores"], shown), shown.all_rows
    shows = read_all(files["healthy"], shown).rename(columns={"kind": "threshold"})
    shows["subject"] = shows["scan"].map(subjects[shown.healthy])
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in ("summary", "pairs", "groups", "released")}
    for testset, source in sources.items():
        here = raw[raw["testset"] == testset]
        here = here.assign(subject=here["scan"].map(subjects[source]))
        own = by_protocol(here, score)
        sheet = _read(sheets[source]).set_index("scan")
        found["summary"].append(summarise(own, rows, measures(own), settings, testset))
        found["pairs"].append(compare(own, rows))
        found["groups"].append(grouped(own, sheet, rows, settings, testset))
        found["released"].append(released(here, rows))
        for frames in found.values():
            frames[-1].insert(0, "testset", testset)
    tables = {name: pd.concat(each, ignore_index=True) for name, each in found.items()}
    tables["healthy"] = healthy(shows, rows, settings)
    tables["pooled"] = areas(read_all(files["pooled"], shown), rows)
    tables["thresholds"] = read_all(files["thresholds"], shown).rename(columns={"kind": "threshold"})
    for name, table in tables.items():
        if "row" in table:
            table.insert(1, "kind", table["row"].isin(shown.trivial).map({True: "trivial", False: "method"}))
        write_text(table.to_csv(index=False, sep="\t", lineterminator="\n"), out[name])


def _read(path: str | Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
