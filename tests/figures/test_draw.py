"""Charts hold what they draw."""

import pytest
from matplotlib.figure import Figure

from sadm.figures import draw
from sadm.figures.charts import BETAS


def test_every_panel_of_the_beta_chart_holds_its_lines(monkeypatch: pytest.MonkeyPatch):
    lines = [(name, "SADM", 0, beta, dice + beta) for name, dice in (("a", 2), ("b", 80)) for beta in BETAS]
    drawn: list[Figure] = []
    monkeypatch.setattr(draw, "save", lambda figure, files: drawn.append(figure))
    draw.beta(lines, {"a": "A", "b": "B"}, 0.5, [])
    for axes in drawn[0].axes:
        low, high = axes.get_ylim()
        assert low == 0
        assert high > 81
