"""Claims fixed beforehand: which there are, their differences and tests, recomputed by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sadm.statistics.claims import claims, least, papers
from sadm.study.layout import Layout

ROWS = {
    "AE": ["ixi"], "cDDPM": ["ixi"], "Unet_res-LES": ["ixi", "les"], "SADM_res-LES": ["ixi", "les"],
    "Unet_res-DRAEM": ["draem", "ixi"], "SADM_res-DRAEM": ["draem", "ixi"], "SADM-LES": ["ixi", "les"],
}  # fmt: skip
TITLES = {"ixi": "IXI", "les": "LES", "draem": "DRAEM"}
LAYOUT = Layout(ROWS, ["zero", "random"], ["les"], 1, "ixi", TITLES)
SETTINGS = {"resamples": 200, "confidence": 0.95, "seed": 1}
SUBJECTS = 10


def scores(level: float = 0.02) -> pd.DataFrame:
    """Two volumes a subject; rows differ by ``level``; no row but those of the paper has the validation threshold."""
    draw, lines = np.random.default_rng(0), []
    for k, row in enumerate(LAYOUT.all_rows):
        for volume in range(2 * SUBJECTS):
            dice = 0.3 + 0.001 * volume + level * k + 0.01 * draw.random()
            line = {
                "row": row,
                "subject": f"p{volume // 2}",
                "scan": f"s{volume}",
                "fold": 0,
                "seed": 1,
                "dice": dice,
            }
            lines.append(line | {"auprc": dice / 2, "dice_validation": np.nan if row == "AE" else dice})
    return pd.DataFrame(lines)


def test_the_papers_claims_are_those_of_its_rows_by_training_set() -> None:
    assert papers(LAYOUT) == [
        ("SADM_res-LES", "cDDPM"),
        ("SADM_res-LES", "Unet_res-LES"),
        ("SADM_res-DRAEM", "cDDPM"),
        ("SADM_res-DRAEM", "Unet_res-DRAEM"),
    ]
    assert papers(Layout({"AE": ["ixi"]}, [], ["les"], 1, "ixi", TITLES)) == []


def test_differences_and_p_values_are_those_of_the_subjects_means() -> None:
    given = scores()
    found = claims(given, LAYOUT, SETTINGS, "les")
    means = given.groupby(["subject", "row"])["dice"].mean().unstack()
    own = found.query("claim == 'paper' and metric == 'dice'")
    for _, line in own.iterrows():
        differences = means[line["row"]] - means[line["against"]]
        assert line["difference"] == pytest.approx(differences.mean(), abs=1e-12)
        expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
        assert (line["ci_low"], line["ci_high"]) == pytest.approx(tuple(expected), abs=1e-12)
        assert line["p"] == stats.wilcoxon(differences).pvalue
    np.testing.assert_allclose(own["p_holm"], multipletests(own["p"], method="holm")[1])
    assert set(own["subjects"]) == {SUBJECTS}


def test_every_method_is_compared_with_the_best_trivial_score_of_the_measure() -> None:
    found = claims(scores(), LAYOUT, SETTINGS, "les").query("claim == 'trivial'")
    assert set(found["against"]) == {"random"}, "the last row is the best here"
    assert list(found.query("metric == 'dice'")["row"]) == list(ROWS)
    missing = found.query("metric == 'dice_validation' and row == 'AE'").iloc[0]
    assert missing["subjects"] == 0
    assert missing[["difference", "ci_low", "ci_high", "p", "p_holm"]].isna().all()


def test_the_smallest_p_is_what_the_clearest_differences_give() -> None:
    found = claims(scores(level=1.0), LAYOUT, SETTINGS, "les").query("metric == 'dice'")
    for _, family in found.groupby("claim"):
        assert family["p_holm"].min() == pytest.approx(family["p_least"].iloc[0])
    assert least(9, 325) == 1
    assert [least(n, 325) < 0.05 for n in (13, 14)] == [False, True]
    assert [least(n, 6) < 0.05 for n in (7, 8)] == [False, True]
