"""Charts hold what they draw."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from sadm.figures import draw, mosaic
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


@pytest.mark.parametrize("title", [r"$\frac$", "$x", "a_b^c & %", "<b>{}"])
def test_a_title_is_text_and_no_mathematics(tmp_path: Path, title: str) -> None:
    beta = [(t, "SADM", fold, b, 40.0) for t in ("les",) for fold in (0, 1) for b in (0.0, 0.5, 1.0)]
    draw.beta(beta, {"les": title}, 0.5, [tmp_path / "beta.png", tmp_path / "beta.svg"])
    volumes = [("les", "SADM", f"s{k}", 1.0 + k, 40.0) for k in range(5)]
    draw.lesion_volume(volumes, {"les": title}, [tmp_path / "volume.svg"])
    curve = [("les", "SADM", r, 0.5, 0.4, 0.6) for r in (0.1, 0.9)]
    draw.precision_recall(curve, {"les": title}, {title: ["SADM"]}, [tmp_path / "pr.svg"])
    assert len(list(tmp_path.iterdir())) == 4


def test_a_picture_has_its_title_as_text(tmp_path: Path) -> None:
    tile = mosaic.Tile(np.zeros((8, 8, 3), np.uint8), {}, r"$\frac$")
    mosaic.picture([[tile]], [("$a", r"$\b$")], r"$\frac$", [], [tmp_path / "p.png"], panel=1, margin=1)
    assert (tmp_path / "p.png").stat().st_size
