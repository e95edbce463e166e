"""Statistics: intervals, tests and groups recomputed by hand and by other libraries."""

from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sadm.evaluation.evaluate import HEALTHY, POOLED, columns
from sadm.evaluation.thresholds import Threshold
from sadm.statistics.bootstrap import holm, intervals, paired, resamples
from sadm.statistics.rankings import agreement, rankings
from sadm.statistics.tables import statistics

NAMES = (
    "summary",
    "pairs",
    "groups",
    "released",
    "thresholds",
    "pooled",
    "healthy",
    "alarms",
    "rankings",
    "agreement",
)
ROWS, FOLDS, SCANS = ("one", "two", "random"), 2, 24
SCORE = {"search": "exact", "empty": "exclude"}
LAYOUT = {
    "rows": {"one": ["ixi"], "two": ["ixi"]}, "trivial": ["random"], "testsets": ["les"], "folds": FOLDS, "healthy": "ixi",
    "titles": {"ixi": "IXI", "les": "LES"},
}  # fmt: skip


def test_resamples_draw_as_many_subjects_as_there_are() -> None:
    counts = np.concatenate(list(resamples(7, 1100, np.random.default_rng(0))))
    assert counts.shape == (1100, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.var(axis=0) == pytest.approx(1 - 1 / 7, abs=0.15)


def test_interval_is_that_of_a_loop_over_subjects() -> None:
    draw = np.random.default_rng(1)
    sums, volumes = draw.random((9, 2)), draw.integers(1, 3, (9, 2))
    low, high = intervals(sums, volumes, 600, 0.9, np.random.default_rng(5))
    means = []
    for counts in np.concatenate(list(resamples(9, 600, np.random.default_rng(5)))):
        chosen = np.repeat(np.arange(9), counts.astype(int))
        means.append(sums[chosen].sum(axis=0) / volumes[chosen].sum(axis=0))
    np.testing.assert_allclose([low, high], np.quantile(means, [0.05, 0.95], axis=0), atol=1e-12)


def test_interval_is_scipys_up_to_chance() -> None:
    values = np.random.default_rng(2).gamma(2, 1, 60)
    low, high = intervals(values[:, None], np.ones((60, 1)), 10000, 0.95, np.random.default_rng(0))
    other = stats.bootstrap((values,), np.mean, n_resamples=10000, method="percentile", random_state=1)
    assert (low[0], high[0]) == pytest.approx(tuple(other.confidence_interval), abs=0.03)


def test_nothing_measured_has_no_interval() -> None:
    low, high = intervals(np.zeros((4, 1)), np.zeros((4, 1)), 200, 0.95, np.random.default_rng(0))
    assert np.isnan([low[0], high[0]]).all()


def test_holm_is_statsmodels() -> None:
    for seed in range(50):
        p = np.random.default_rng(seed).random(seed % 9 + 1) ** 3
        np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)
    assert np.isnan(holm(np.array([0.01, np.nan, 0.04]))[1])
    assert holm(np.array([0.01, np.nan, 0.04]))[[0, 2]] == pytest.approx([0.02, 0.04])


def test_pairs_are_scipys_and_rows_that_never_differ_have_p_one() -> None:
    values = np.random.default_rng(3).random((20, 2))
    found = paired(np.c_[values, values[:, 0]], ["a", "b", "c"])
    assert [(f["row_a"], f["row_b"]) for f in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found[0]["p"] == stats.wilcoxon(values[:, 0], values[:, 1]).pvalue
    assert (found[1]["p"], found[1]["difference"], found[1]["subjects"]) == (1, 0, 20)


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    """Arguments of `statistics`: 24 scans of 12 subjects, the last with an empty label, three rows, two folds."""
    draw, kinds = np.random.default_rng(0), ["testset", "validation", "validation_greedy", "healthy_5"]
    scans = [f"sub-{k}" for k in range(SCANS)]
    subject = [f"p{k // 2}" for k in range(SCANS)]
    files: dict[str, list[Path]] = {name: [] for name in ("scores", "thresholds", "pooled", "healthy")}
    for row, fold in product(range(len(ROWS)), range(FOLDS)):
        table = pd.DataFrame(
            draw.random((SCANS, len(columns(kinds)))) * (3 - row) / 3, columns=columns(kinds)
        )
        table = table.assign(scan=scans, empty=0, binary="validation", lesion_ml=np.arange(SCANS) + 1.0)
        table.loc[SCANS - 1, [c for c in table if c.startswith(("dice", "au", "lesion_f1"))]] = np.nan
        table.loc[SCANS - 1, ["empty", "lesion_ml"]] = 1, 0
        calm = [(f"sub-h{k}", "les", kind, draw.random(), draw.random()) for k in range(3) for kind in kinds]
        tables = {
            "scores": table, "thresholds": pd.DataFrame([("les", k, 0.5, "les", "sub-v") for k in kinds], columns=Threshold._fields),
            "pooled": pd.DataFrame([("les", 0.1 * (fold + 1), 0.0, 0.5, SCANS, 9, 9)], columns=POOLED), "healthy": pd.DataFrame(calm, columns=HEALTHY),
        }  # fmt: skip
        for name, each in tables.items():
            files[name].append(tmp_path / f"{name}_{row}_{fold}.tsv")
            each.to_csv(files[name][-1], sep="\t", index=False, na_rep="nan")
    splits = {"les": list(zip(scans, subject)), "ixi": [(f"sub-h{k}", f"h{k}") for k in range(3)]}
    for name, rows in splits.items():
        text = "".join(f"{scan}\t{who}\t0\ttest\n" for scan, who in rows)
        (tmp_path / f"{name}.tsv").write_text("scan\tsubject\tfold\tset\n" + text)
        text = "".join(f"{scan}\t{30 + 3 * k}\t{'MF'[k % 2]}\tA\n" for k, (scan, _) in enumerate(rows))
        (tmp_path / f"{name}_sheet.tsv").write_text("scan\tage\tsex\tsite\n" + text)
    paths = {
        what: {name: tmp_path / f"{name}{tail}.tsv" for name in splits}
        for what, tail in (("splits", ""), ("sheets", "_sheet"))
    }
    settings = {"resamples": 500, "confidence": 0.95, "seed": 1}
    return {"files": files, **paths, "paper": paper(tmp_path), "sources": {"les": "les"}, "layout": LAYOUT, "score": SCORE, "settings": settings}  # fmt: skip


def paper(folder: Path) -> Path:
    """A published table whose order of the rows is not that of the scores."""
    (folder / "paper.csv").write_text("method,unhealthy,les_dice_mean\none,None,1.5\ntwo,None,2.5\n")
    return folder / "paper.csv"


def run(folder: Path, arguments: dict[str, Any], out: str = "out", **changes: Any) -> dict[str, pd.DataFrame]:
    paths = {name: folder / out / f"{name}.tsv" for name in NAMES}
    statistics(**(arguments | changes), out=paths)
    return {name: pd.read_csv(path, sep="\t") for name, path in paths.items()}


def test_summary_has_table_ones_means_and_intervals_around_them(made: dict[str, Any], tmp_path: Path) -> None:
    table = run(tmp_path, made)["summary"].set_index(["row", "metric"])
    folds = [pd.read_csv(path, sep="\t")["dice"].mean() for path in made["files"]["scores"][:FOLDS]]
    line = table.loc[("one", "dice")]
    assert line["mean"] == pytest.approx(np.mean(folds), abs=1e-12)
    assert line["std_folds"] == pytest.approx(np.std(folds, ddof=1), abs=1e-12)
    assert line["ci_low"] < line["mean"] < line["ci_high"]
    assert (line["volumes"], line["subjects"], line["kind"]) == (SCANS - 1, SCANS / 2, "method")
    assert table.loc[("random", "dice"), "kind"] == "trivial"
    assert {"hd95", "nsd", "pq", "auroc", "dice_healthy_5", "false_ml"} <= set(
        table.index.get_level_values(1)
    )


def test_other_tables_say_what_they_say(made: dict[str, Any], tmp_path: Path) -> None:
    found = run(tmp_path, made)
    assert set(found["groups"]["by"]) == {"lesion_size", "sex", "age"}, "one site is no group"
    quarters = found["groups"].query("by == 'lesion_size' and row == 'one' and metric == 'dice'")
    assert list(quarters["volumes"]) == [6, 6, 5, 6]
    assert len(found["pairs"]) == 3 * 3
    assert (found["pairs"]["p_holm"] >= found["pairs"]["p"]).all()
    assert found["pooled"].query("row == 'two' and metric == 'auprc'")["mean"].item() == pytest.approx(0.15)
    assert set(found["healthy"]["threshold"]) == {"testset", "validation", "validation_greedy", "healthy_5"}
    assert list(found["thresholds"]["scans"].unique()) == ["sub-v"]


def test_false_alarms_have_groups_of_healthy_subjects(made: dict[str, Any], tmp_path: Path) -> None:
    table = run(tmp_path, made)["alarms"]
    assert set(table["by"]) == {"sex"}, "one site, one age group"
    lines = pd.concat(pd.read_csv(path, sep="\t") for path in made["files"]["healthy"][:FOLDS])
    women = lines.query("scan == 'sub-h1' and kind == 'healthy_5'")["false_ml"].mean()
    found = table.query("row == 'one' and group == 'F' and threshold == 'healthy_5' and testset == 'les'")
    assert found["mean"].item() == pytest.approx(women, abs=1e-12)
    assert found["subjects"].item() == 1
    assert len(table) == 2 * 4 * len(ROWS), "groups, thresholds, rows"


def test_rankings_and_their_agreement_are_those_of_the_means(made: dict[str, Any], tmp_path: Path) -> None:
    found = run(tmp_path, made)
    means = found["summary"].query("row != 'random'").pivot(index="row", columns="metric", values="mean")
    ranks = found["rankings"].pivot(index="row", columns="metric", values="rank")
    assert list(ranks) == ["auprc", "dice", "dice_healthy_5", "dice_testset", "dice_validation"]
    for name in ranks:
        assert ranks[name].idxmin() == means[name].idxmax()
        assert sorted(ranks[name]) == [1, 2], "trivial scores are not ranked"
    taus = found["agreement"].set_index(["metric_a", "metric_b"])["tau"]
    assert len(taus) == 6 * 5 / 2
    assert taus["dice", "paper"] == (1 if means["dice"]["two"] > means["dice"]["one"] else -1)


def test_agreement_is_kendalls_over_the_rows_that_both_have() -> None:
    draw = np.random.default_rng(4)
    table = pd.DataFrame(
        [("les", f"r{k}", metric, value) for metric in ("dice", "auprc") for k, value in enumerate(draw.random(9).round(1))],
        columns=["testset", "row", "metric", "mean"],
    )  # fmt: skip
    table.loc[0, "mean"] = np.nan
    found = agreement(rankings(table, [f"r{k}" for k in range(9)]), {})
    one, other = (table.query(f"metric == '{m}'")["mean"].to_numpy()[1:] for m in ("dice", "auprc"))
    signs = [np.sign((a - c) * (b - d)) for (a, b), (c, d) in combinations(zip(one, other), 2)]
    untied = [sum(a != b for a, b in combinations(each, 2)) for each in (one, other)]
    assert found["tau"].item() == pytest.approx(sum(signs) / np.sqrt(np.prod(untied)))
    assert found["rows"].item() == 8


def test_seeds_are_averaged_in_a_fold_and_their_spread_stands_apart(
    made: dict[str, Any], tmp_path: Path
) -> None:
    own = [path for path in made["files"]["scores"] if not path.name.startswith("scores_2")]
    changed = []
    for path in own:
        changed.append(path.with_name(f"other_{path.name}"))
        table = pd.read_csv(path, sep="\t")
        table.assign(dice=table["dice"] ** 2).to_csv(changed[-1], sep="\t", index=False, na_rep="nan")
    first = run(tmp_path, made)
    files = dict(made["files"])
    for name in ("thresholds", "pooled", "healthy"):
        trained, trivial = files[name][: 2 * FOLDS], files[name][2 * FOLDS :]
        files[name] = [path for path in trained for _ in range(2)] + trivial
    pairs = [path for both in zip(own, changed, strict=True) for path in both]
    files["scores"] = pairs + made["files"]["scores"][2 * FOLDS :]
    found = run(tmp_path, made, "two", files=files, layout=LAYOUT | {"seeds": 2})
    line = found["summary"].set_index(["row", "metric"]).loc[("one", "dice")]
    means = np.array([pd.read_csv(path, sep="\t")["dice"].mean() for path in pairs[: 2 * FOLDS]]).reshape(
        FOLDS, 2
    )
    assert line["mean"] == pytest.approx(means.mean(), abs=1e-12)
    assert line["std_folds"] == pytest.approx(means.mean(axis=1).std(ddof=1), abs=1e-12)
    assert line["std_seeds"] == pytest.approx(np.sqrt(means.var(axis=1, ddof=1).mean()), abs=1e-12)
    assert first["summary"]["std_seeds"].isna().all()
    random = [table["summary"].query("row == 'random'").drop(columns="std_seeds") for table in (first, found)]
    pd.testing.assert_frame_equal(random[0], random[1])
    assert list(found["thresholds"].query("row == 'one'")["seed"].unique()) == [1, 2]


def test_released_counts_an_empty_label_as_zero(made: dict[str, Any], tmp_path: Path) -> None:
    scores = [pd.read_csv(path, sep="\t")["dice_greedy"] for path in made["files"]["scores"][:FOLDS]]
    expected = np.mean([one.fillna(0).mean() for one in scores])
    line = run(tmp_path, made)["released"].query("row == 'one' and metric == 'dice'")
    assert line["released"].item() == pytest.approx(expected, abs=1e-12)
    assert line["difference"].item() == pytest.approx(expected - line["exact"].item(), abs=1e-12)
    table = run(tmp_path, made, "other", score={"search": "greedy", "empty": "zero"})["summary"]
    assert table.query("row == 'one' and metric == 'dice'")["mean"].item() == pytest.approx(
        expected, abs=1e-12
    )


def test_bytes_repeat(made: dict[str, Any], tmp_path: Path) -> None:
    run(tmp_path, made, "a"), run(tmp_path, made, "b")
    for name in NAMES:
        one, other = (tmp_path / out / f"{name}.tsv" for out in "ab")
        assert one.read_bytes() == other.read_bytes()
