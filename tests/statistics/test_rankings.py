"""Places and their agreement, recomputed by hand; the test of the tables has those of a study."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sadm.statistics.rankings import Resampled, agreement, rankings

ROWS = [f"r{k}" for k in range(9)]


def test_agreement_is_kendalls_over_the_rows_that_both_have() -> None:
    draw = np.random.default_rng(4)
    table = pd.DataFrame(
        [("les", f"r{k}", metric, value) for metric in ("dice", "auprc") for k, value in enumerate(draw.random(9).round(1))],
        columns=["testset", "row", "metric", "mean"],
    )  # fmt: skip
    table.loc[0, "mean"] = np.nan
    means = table.pivot(index="row", columns="metric", values="mean").loc[ROWS, ["dice", "auprc"]]
    drawn = {"les": Resampled(ROWS, ["dice", "auprc"], np.tile(means.to_numpy(), (50, 1, 1)))}
    found = agreement(rankings(table, drawn, 0.95), {}, drawn, 0.95)
    one, other = (table.query(f"metric == '{m}'")["mean"].to_numpy()[1:] for m in ("dice", "auprc"))
    signs = [np.sign((a - c) * (b - d)) for (a, b), (c, d) in combinations(zip(one, other), 2)]
    untied = [sum(a != b for a, b in combinations(each, 2)) for each in (one, other)]
    assert found["tau"].item() == pytest.approx(sum(signs) / np.sqrt(np.prod(untied)))
    assert found["rows"].item() == 8
    assert [found[end].item() for end in ("tau_low", "tau_high")] == pytest.approx([found["tau"].item()] * 2)


def test_places_and_tau_have_intervals_by_a_loop_over_the_resamples() -> None:
    draw = np.random.default_rng(2)
    subjects = [f"p{k}" for k in range(12)]
    scores = pd.DataFrame(
        [(row, subject, subject, 0, 1, draw.random() + 0.05 * k, draw.random()) for k, row in enumerate(ROWS) for subject in subjects],
        columns=["row", "subject", "scan", "fold", "seed", "dice", "auprc"],
    )  # fmt: skip
    own = Resampled.of(scores, ROWS, {"resamples": 300, "seed": 1}, "les")
    places = own.places(0.9)
    by_loop = np.array([stats.rankdata(-each) for each in own.means[:, :, 0]])
    for k, row in enumerate(ROWS):
        line = places.loc[("dice", row)]
        assert line["first"] == pytest.approx(np.mean(by_loop[:, k] == 1))
        assert [line["rank_low"], line["rank_high"]] == pytest.approx(
            np.quantile(by_loop[:, k], [0.05, 0.95])
        )
    assert places.loc["dice", "first"].sum() == pytest.approx(1)
    table = scores.groupby("row")[["dice", "auprc"]].mean().stack().rename_axis(["row", "metric"])
    table = table.rename("mean").reset_index().assign(testset="les")
    found = agreement(rankings(table, {"les": own}, 0.9), {}, {"les": own}, 0.9)
    taus = [stats.kendalltau(*each.T).statistic for each in own.means]
    ends = found[["tau_low", "tau_high"]].to_numpy()[0]
    assert ends == pytest.approx(np.quantile(taus, [0.05, 0.95]), abs=1e-6)


def test_equal_rows_share_the_first_place_and_a_row_without_means_has_none() -> None:
    own = Resampled(["a", "b", "c"], ["dice"], np.tile([[0.5], [0.5], [np.nan]], (20, 1, 1)))
    places = own.places(0.95).loc["dice"]
    assert list(places["first"][:2]) == [0.5, 0.5]
    assert places.loc["c"].isna().all()
