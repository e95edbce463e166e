"""Places and their agreement, recomputed by hand; the test of the tables has those of a study."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from sadm.statistics.rankings import agreement, rankings


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
