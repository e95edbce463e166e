"""Table 1: means over the test volumes of each fold, then mean and standard deviation over the folds; intervals, differences, marks.

Three files: .csv with full precision, .md and .tex in the paper's layout, with the protocol and whatever was left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from sadm.evaluation.scores import read_scores
from sadm.runtime.files import read_table, whole, write_text
from sadm.statistics.claims import TRIVIAL
from sadm.statistics.marks import Line, marks, number
from sadm.statistics.means import DDOF, METRICS, by_protocol, fold_means
from sadm.statistics.notes import (
    chance_notes,
    excluded_notes,
    few_notes,
    mark_notes,
    material_notes,
    protocol_notes,
    spread_notes,
    training_notes,
    unusual_notes,
    volume_notes,
)
from sadm.statistics.printed import latex, markdown
from sadm.study.layout import Layout


def summarise(scores: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Table 1: row, kind, then mean and std of each metric on each test set, in percent.

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


def with_doubt(table: pd.DataFrame, summary: Sequence[Line], claims: Sequence[Line], layout: Layout) -> pd.DataFrame:  # fmt: skip
    """``table`` with more columns a test set and metric, behind those it has: subjects, ends of the interval, paired difference to the
    best trivial score with its interval, in percent, and the marks. ``summary``, ``claims``: lines of the statistics.
    """
    spans = {(line["row"], line["testset"], line["metric"]): line for line in summary}
    above = {(c["row"], c["testset"], c["metric"]): c for c in claims if c["claim"] == TRIVIAL}
    more: dict[str, list[Any]] = {}
    for testset, metric in product(layout.testsets, METRICS):
        own, column = marks(claims, testset, metric), f"{testset}_{metric}"
        for row in table["row"]:
            line, claim = spans[row, testset, metric], above.get((row, testset, metric), {})
            values = {
                "subjects": whole(line, "subjects"),
                **{end: 100 * number(line[end]) for end in ("ci_low", "ci_high")},
                "above_trivial": 100 * number(claim.get("difference", "")),
                "above_trivial_low": 100 * number(claim.get("ci_low", "")),
                "above_trivial_high": 100 * number(claim.get("ci_high", "")),
                "marks": own.get(row, ""),
            }
            for name, value in values.items():
                more.setdefault(f"{column}_{name}", []).append(value)
    return pd.concat([table, pd.DataFrame(more, index=table.index)], axis=1)


def table(
    scores: Iterable[str | Path], excluded: Iterable[str | Path], kept: Iterable[str | Path],
    splits: Sequence[str | Path], summary: str | Path, claims: str | Path,
    datasets: Sequence[str], layout: Mapping[str, Any], study: Mapping[str, Any], models: Mapping[str, Any],
    csv: str | Path, md: str | Path, tex: str | Path,
) -> None:  # fmt: skip
    """Write Table 1 from the files of ``scores``, the lists of ``excluded`` and ``kept`` scans and the ``splits``, each in any order.

    ``summary``, ``claims``: tables of the statistics; ``datasets``: those whose exclusions are told; ``layout``: the fields of `Layout`;
    ``study``: its name, protocol (`sadm.study.protocol`), seed, grid, score and statistics; ``models``: see `sadm.statistics.notes.training_notes`. Equal
    input gives equal bytes. Raises DataError.
    """
    shown, beside = Layout(**layout), study["statistics"]["shown"]
    found = by_protocol(read_scores(scores, shown), study["score"])
    claimed = read_table(claims)
    made = with_doubt(summarise(found, shown), read_table(summary), claimed, shown)
    subjects = {testset: int(made[f"{testset}_dice_subjects"].max()) for testset in shown.testsets}
    measured, grid = protocol_notes(study)
    notes = [
        f"Study {study['name']} (seed {study['seed']}).",
        measured,
        f"Protocol: {study['protocol']}.",
        *material_notes(shown),
        *spread_notes(shown, beside),
        *few_notes(subjects, shown.titles),
        *mark_notes(claimed, shown),
        *chance_notes(found, shown),
        grid,
        *training_notes(models, splits, shown),
        *volume_notes(found, shown, study["score"]["empty"]),
        *excluded_notes(excluded, datasets, shown.titles),
        *unusual_notes(kept, shown.titles),
    ]
    write_text(made.to_csv(index=False, lineterminator="\n"), csv)
    write_text(markdown(made, claimed, shown, beside, notes), md)
    write_text(latex(made, claimed, shown, beside, notes), tex)
