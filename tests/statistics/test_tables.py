"""Covers sadm.statistics.tables, sadm.statistics.summary, sadm.statistics.groups: the tables of a study, recomputed by hand."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sadm.evaluation.evaluate import HEALTHY, POOLED, RELEASED, THRESHOLDS, columns
from sadm.statistics.tables import statistics

NAMES = (
    "summary",
    "claims",
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


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Any]:
    """Arguments of `statistics`: 24 scans of 12 subjects, the last with an empty label, three rows, two folds."""
    draw, kinds = np.random.default_rng(0), ["testset", "validation", "validation_greedy", "healthy_5"]
    scans = [f"sub-{k}" for k in range(SCANS)]
    subject = [f"p{k // 2}" for k in range(SCANS)]
    files: dict[str, list[Path]] = {name: [] for name in ("scores", "thresholds", "pooled", "healthy")}
    for (place, row), fold in product(enumerate(ROWS), range(FOLDS)):
        names = columns(kinds)
        table = pd.DataFrame(draw.random((SCANS, len(names))) * (3 - place) / 3, columns=names)
        table = table.assign(
            scan=scans, empty=0, healthy=0, binary="validation", lesion_ml=np.arange(SCANS) + 1.0
        )
        table.loc[SCANS - 1, [c for c in table if c.startswith(("dice", "au", "lesion_f1"))]] = np.nan
        table.loc[SCANS - 1, ["empty", "lesion_ml"]] = 1, 0
        calm = [{"scan": f"sub-h{k}", "kind": kind, "false_ml": draw.random(), "false_share": draw.random()} for k in range(3) for kind in kinds]  # fmt: skip
        fitted = [{"kind": kind, "value": 0.5, "dataset": "les", "scans": "sub-v"} for kind in kinds]
        area = {"auprc": 0.1 * (fold + 1), "auprc_error": 0.0, "auroc_brain": 0.5, "auroc_brain_error": 0.01 * fold, "volumes": SCANS, "voxels": 9, "lesion_voxels": 9}  # fmt: skip
        tables = {
            "scores": table, "thresholds": pd.DataFrame(fitted, columns=THRESHOLDS),
            "pooled": pd.DataFrame([area], columns=POOLED), "healthy": pd.DataFrame(calm, columns=HEALTHY),
        }  # fmt: skip
        for name, each in tables.items():
            files[name].append(tmp_path / f"{name}_{row}_{fold}.tsv")
            told = each.assign(row=row, fold=fold, seed=1, testset="les")
            told.to_csv(files[name][-1], sep="\t", index=False, na_rep="nan")
    people = {"les": list(zip(scans, subject)), "ixi": [(f"sub-h{k}", f"h{k}") for k in range(3)]}
    splits, sheets = [], []
    for name, rows in people.items():
        text = "".join(f"{name}\t{scan}\t{who}\t0\ttest\n" for scan, who in rows)
        splits.append(tmp_path / f"{name}.tsv")
        splits[-1].write_text("dataset\tscan\tsubject\tfold\tset\n" + text)
        text = "".join(
            f"{name}\t{scan}\t{30 + 3 * k}\t{'MF'[k % 2]}\tA\n" for k, (scan, _) in enumerate(rows)
        )
        sheets.append(tmp_path / f"{name}_sheet.tsv")
        sheets[-1].write_text("dataset\tscan\tage\tsex\tsite\n" + text)
    settings = {"resamples": 500, "confidence": 0.95, "seed": 1}
    return {"files": files, "splits": splits, "sheets": sheets, "paper": paper(tmp_path), "sources": {"les": "les"}, "layout": LAYOUT, "score": SCORE, "settings": settings}  # fmt: skip


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
    assert {"hd95", "nsd", "pq", "auroc_brain", "dice_healthy_5", "false_ml"} <= set(
        table.index.get_level_values(1)
    )


def test_other_tables_say_what_they_say(made: dict[str, Any], tmp_path: Path) -> None:
    found = run(tmp_path, made)
    assert set(found["groups"]["by"]) == {"lesion_size", "sex", "age"}, "one site is no group"
    quarters = found["groups"].query("by == 'lesion_size' and row == 'one' and metric == 'dice'")
    assert list(quarters["volumes"]) == [6, 6, 5, 6]
    assert len(found["pairs"]) == 3 * 3
    assert "p_holm" not in found["pairs"], "what is corrected are the claims"
    assert list(found["claims"]["claim"].unique()) == ["trivial"], "no row of the paper's claims"
    assert (found["claims"]["p_holm"] >= found["claims"]["p"]).all()
    assert found["pooled"].query("row == 'two' and metric == 'auprc'")["mean"].item() == pytest.approx(0.15)
    assert found["pooled"].query("row == 'two' and metric == 'auroc_brain'")["error"].item() == 0.01
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


def test_seeds_are_averaged_in_a_fold_and_their_spread_stands_apart(
    made: dict[str, Any], tmp_path: Path
) -> None:
    files = {name: list(paths) for name, paths in made["files"].items()}
    for name, paths in made["files"].items():
        for path in paths[: 2 * FOLDS]:
            files[name].append(path.with_name(f"other_{path.name}"))
            table = pd.read_csv(path, sep="\t").assign(seed=2)
            table = table.assign(dice=table["dice"] ** 2) if name == "scores" else table
            table.to_csv(files[name][-1], sep="\t", index=False, na_rep="nan")
    first = run(tmp_path, made)
    found = run(tmp_path, made, "two", files=files, layout=LAYOUT | {"seeds": 2})
    pairs = [(path, path.with_name(f"other_{path.name}")) for path in made["files"]["scores"][:FOLDS]]
    line = found["summary"].set_index(["row", "metric"]).loc[("one", "dice")]
    means = np.array([[pd.read_csv(path, sep="\t")["dice"].mean() for path in pair] for pair in pairs])
    assert line["mean"] == pytest.approx(means.mean(), abs=1e-12)
    assert line["std_folds"] == pytest.approx(means.mean(axis=1).std(ddof=1), abs=1e-12)
    assert line["std_seeds"] == pytest.approx(np.sqrt(means.var(axis=1, ddof=1).mean()), abs=1e-12)
    assert first["summary"]["std_seeds"].isna().all()
    random = [table["summary"].query("row == 'random'").drop(columns="std_seeds") for table in (first, found)]
    pd.testing.assert_frame_equal(random[0], random[1])
    assert list(found["thresholds"].query("row == 'one'")["seed"].unique()) == [1, 2]


def test_the_released_threshold_of_the_subset_is_in_released_alone(
    made: dict[str, Any], tmp_path: Path
) -> None:
    files, paths = dict(made["files"]), []
    for row, fold in product(ROWS, range(FOLDS)):
        told = {"row": row, "fold": fold, "seed": 1, "testset": "les", "kind": "subset_greedy", "value": 0.3, "dataset": "les", "scans": "sub-t",
                "dice": 0.1 * (fold + 1) + 0.2 * (row == "one"), "volumes": SCANS}  # fmt: skip
        paths.append(tmp_path / f"released_{row}_{fold}.tsv")
        pd.DataFrame([told], columns=RELEASED).to_csv(paths[-1], sep="\t", index=False)
    plain, found = (
        run(tmp_path, made, "plain"),
        run(tmp_path, made, "with", files=files | {"released": paths}),
    )
    for name in set(NAMES) - {"released"}:
        pd.testing.assert_frame_equal(plain[name], found[name])
        assert "subset" not in found[name].to_csv(), name
    theirs = found["released"].query("metric == 'dice_subset_greedy'").set_index("row")
    ours = found["released"].query("metric == 'dice_validation'").set_index("row")
    assert theirs["released"].to_dict() == pytest.approx({"one": 0.35, "two": 0.15, "random": 0.15})
    assert theirs["exact"].to_dict() == pytest.approx(ours["exact"].to_dict())
    assert len(found["released"]) == len(plain["released"]) + len(ROWS)


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


def test_bytes_repeat_whatever_the_order_of_the_files(made: dict[str, Any], tmp_path: Path) -> None:
    turned = {name: made[name][::-1] for name in ("splits", "sheets")}
    run(tmp_path, made, "a")
    run(tmp_path, made, "b", files={name: paths[::-1] for name, paths in made["files"].items()}, **turned)
    for name in NAMES:
        one, other = (tmp_path / out / f"{name}.tsv" for out in "ab")
        assert one.read_bytes() == other.read_bytes()
