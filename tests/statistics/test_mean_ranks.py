"""Mean ranks, Friedman's test and the critical difference, against numbers printed in Demsar (2006) and by hand."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare

from sadm.statistics.mean_ranks import RANKED, critical_difference, mean_ranks


def scores(values: np.ndarray) -> pd.DataFrame:
    """Scores of one volume a subject, [subjects, rows], the same by each measure."""
    lines = [
        {"subject": f"s{i}", "scan": f"s{i}", "row": f"r{k}", **dict.fromkeys(RANKED, values[i, k])}
        for i, k in product(*map(range, values.shape))
    ]
    return pd.DataFrame(lines)


def test_the_critical_difference_is_the_one_that_demsar_prints() -> None:
    assert critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=1e-3)
    assert critical_difference(10, 30) == pytest.approx(3.164 * np.sqrt(10 * 11 / (6 * 30)), abs=1e-3)


def test_ranks_are_means_over_subjects_and_the_test_is_friedmans() -> None:
    values = np.random.default_rng(1).random((12, 6)) + np.arange(6) * 0.2
    found = mean_ranks(scores(values), [f"r{k}" for k in range(6)])
    own = found[found["metric"] == "dice"].set_index("row")
    by_hand = np.mean([[1 + sum(line > each) for each in line] for line in values], axis=0)
    assert own["mean_rank"].to_numpy() == pytest.approx(by_hand)
    assert own["friedman_p"].iloc[0] == pytest.approx(friedmanchisquare(*values.T).pvalue)
    assert own["critical_difference"].iloc[0] == pytest.approx(critical_difference(6, 12))


@pytest.mark.parametrize(("subjects", "rows"), [(10, 6), (12, 5), (1, 2)])
def test_too_few_subjects_or_methods_have_ranks_but_no_test(subjects: int, rows: int) -> None:
    values = np.random.default_rng(2).random((subjects, rows))
    found = mean_ranks(scores(values), [f"r{k}" for k in range(rows)])
    assert found[["friedman_p", "critical_difference"]].isna().all(axis=None)
    assert found["mean_rank"].between(1, rows).all()


def test_a_subject_that_lacks_a_value_is_left_out_and_ties_share_their_place() -> None:
    values = np.array([[0.5, 0.5, 0.1], [0.9, np.nan, 0.2]])
    found = mean_ranks(scores(values), ["r0", "r1", "r2"])
    assert found["mean_rank"].tolist()[:3] == [1.5, 1.5, 3.0]
    assert set(found["subjects"]) == {1}


def test_methods_that_never_differ_are_not_told_apart() -> None:
    found = mean_ranks(scores(np.full((12, 6), 0.3)), [f"r{k}" for k in range(6)])
    assert set(found["friedman_p"]) == {1.0}
