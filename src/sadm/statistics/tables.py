"""What the scores of a study say, as tidy tables (tsv), one thought each; results/README.md has their columns.

    summary     mean of each measure, its interval over subjects, its standard deviations over folds and over seeds
    claims      what was fixed beforehand to be tested, with paired differences (`sadm.statistics.claims`)
    pairs       all rows against each other, paired by subject: a supplement, P values not corrected
    groups      the same means by size of the lesion, site, sex and age
    released    best Dice and Dice at the validation threshold, exact and as the released code has them; and at its threshold of
                the whole annotated subset, if asked for (score.subset_threshold), which no other table has
    thresholds  every threshold with the scans that it was fitted on
    pooled      areas over all voxels of a test set
    healthy     what healthy test scans show at each threshold
    alarms      the same volumes by site, sex and age
    rankings, agreement   see `sadm.statistics.rankings`

Means are over the test volumes of a fold, then over its seeds, then over folds, in the units of the scores: [0, 1], mm, ml.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sadm.evaluation.evaluate import AREAS, RELEASED
from sadm.evaluation.scores import read_runs, read_scores
from sadm.evaluation.thresholds import SUBSET
from sadm.runtime.files import read_table, write_text
from sadm.statistics.claims import TESTED, claims
from sadm.statistics.groups import alarms, grouped
from sadm.statistics.means import by_protocol
from sadm.statistics.paired import paired
from sadm.statistics.rankings import Resampled, agreement, published, rankings
from sadm.statistics.summary import SPREAD, by_subject, spread, summarise
from sadm.study.layout import Layout

KEYS = ("row", "fold", "seed", "testset", "scan")
NO_MEASURE = (
    *KEYS,
    "threshold",
    "threshold_greedy",
    "lesion_voxels",
    "brain_voxels",
    "empty",
    "healthy",
    "binary",
    "kind",
    "subject",
)


def measures(scores: pd.DataFrame) -> list[str]:
    """Names of the columns that are measures."""
    return [name for name in scores.columns if name not in NO_MEASURE]


def compare(scores: pd.DataFrame, rows: Sequence[str]) -> pd.DataFrame:
    """Paired tests between all rows on one test set by each measure of TESTED; P values as they are, a supplement to the claims."""
    total, count = by_subject(scores, rows, TESTED)
    with np.errstate(invalid="ignore"):
        values = total / count
    frames = [
        pd.DataFrame(paired(values[:, :, k], list(rows))).assign(metric=name) for k, name in enumerate(TESTED)
    ]
    columns = ["row_a", "row_b", "metric", "difference", "p", "subjects"]
    return pd.concat(frames, ignore_index=True).reindex(columns=columns)


def released(scores: pd.DataFrame, rows: Sequence[str], subset: pd.DataFrame) -> pd.DataFrame:
    """Exact measures of one test set beside those of the released evaluation: greedy search, an empty label counts as Dice 0.

    ``subset``: what the released threshold on the whole annotated subset gives, a line a run (`evaluate.RELEASED`), none if it
    was not asked for. It stands beside the exact Dice at the validation threshold, as dice_subset_greedy. Healthy volumes, which came without a
    label, are not in their release, and count nowhere.
    """
    lines = []
    for name in ("dice", "dice_validation"):
        counted = scores[f"{name}_greedy"].where(scores["empty"] == 0, 0.0).where(scores["healthy"] == 0)
        pair = scores.assign(released=counted)
        means = pair.groupby(["row", "fold"])[[name, "released"]].mean().groupby(level="row").mean()
        lines += [(row, name, *means.loc[row]) for row in rows]
    if len(subset):
        theirs = subset.groupby(["row", "fold"])["dice"].mean().groupby(level="row").mean()
        lines += [(row, f"dice_{SUBSET}", means.loc[row, "dice_validation"], theirs[row]) for row in rows]
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
    """Mean and standard deviations of the pooled areas, and the largest bound on the error of each."""
    frames = []
    for testset, part in lines.groupby("testset", sort=False):
        stats, bounds = spread(part, AREAS), part.groupby("row")
        for name in AREAS:
            table = stats[name][list(SPREAD)].assign(error=bounds[f"{name}_error"].max()).loc[list(rows)]
            frames.append(table.reset_index().assign(metric=name, testset=testset))
    return pd.concat(frames, ignore_index=True)[["row", "testset", *SPREAD, "error", "metric"]]


def statistics(
    files: Mapping[str, Sequence[str | Path]], splits: Sequence[str | Path], sheets: Sequence[str | Path],
    paper: str | Path, sources: Mapping[str, str], layout: Mapping[str, Any], score: Mapping[str, Any],
    settings: Mapping[str, Any], out: Mapping[str, str | Path],
) -> None:  # fmt: skip
    """Write the tables of the module's text to ``out`` (by name).

    ``files``: scores, thresholds, pooled, healthy and (none if not asked for) released as `sadm.evaluation.evaluate` writes them, ``splits`` and ``sheets`` of the data
    sets, all in any order; ``paper``: its Table 1 as csv; ``sources``: {test set: its data set}; ``layout``: fields of
    `sadm.study.layout.Layout`; ``score``: that section of the study; ``settings``: resamples, confidence, seed. Equal input gives equal bytes. Raises DataError.
    """
    shown = Layout(**layout)
    people = {name: lines["subject"].groupby(level=0).first() for name, lines in _by_dataset(splits).items()}
    about = _by_dataset(sheets)
    raw, rows = read_scores(files["scores"], shown), shown.all_rows
    shows = read_runs(files["healthy"], shown).rename(columns={"kind": "threshold"})
    shows["subject"] = shows["scan"].map(people[shown.healthy])
    found: dict[str, list[pd.DataFrame]] = {
        name: [] for name in ("summary", "claims", "pairs", "groups", "released")
    }
    subsets = read_runs(files["released"], shown) if files.get("released") else pd.DataFrame(columns=RELEASED)
    drawn = dict[str, Resampled]()
    for testset, source in sources.items():
        here = raw[raw["testset"] == testset]
        here = here.assign(subject=here["scan"].map(people[source]))
        own = by_protocol(here, score)
        found["summary"].append(summarise(own, rows, measures(own), settings, testset))
        found["claims"].append(claims(own, shown, settings, testset))
        found["pairs"].append(compare(own, rows))
        found["groups"].append(grouped(own, about[source], rows, settings, testset))
        found["released"].append(released(here, rows, subsets[subsets["testset"] == testset]))
        drawn[testset] = Resampled.of(own, list(shown.rows), settings, testset)
        for frames in found.values():
            frames[-1].insert(0, "testset", testset)
    tables = {name: pd.concat(each, ignore_index=True) for name, each in found.items()}
    tables["healthy"] = healthy(shows, rows, settings)
    tables["alarms"] = alarms(shows, about[shown.healthy], rows, settings)
    tables["rankings"] = rankings(tables["summary"], drawn, settings["confidence"])
    theirs = published(paper, shown)
    tables["agreement"] = agreement(tables["rankings"], theirs, drawn, settings["confidence"])
    tables["pooled"] = areas(read_runs(files["pooled"], shown), rows)
    tables["thresholds"] = read_runs(files["thresholds"], shown).rename(columns={"kind": "threshold"})
    for name, table in tables.items():
        if "row" in table:
            table.insert(1, "kind", table["row"].isin(shown.trivial).map({True: "trivial", False: "method"}))
        write_text(table.to_csv(index=False, sep="\t", lineterminator="\n"), out[name])


def _by_dataset(files: Iterable[str | Path]) -> dict[str, pd.DataFrame]:
    """The lines of tables of scans by the data set that each tells, with the scans as index."""
    lines = pd.DataFrame([line for file in files for line in read_table(file, ("dataset", "scan"))])
    return {str(name): part.set_index("scan") for name, part in lines.groupby("dataset", sort=False)}
