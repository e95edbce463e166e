"""Figures: curves equal the exact metrics, the right cases, the right way round, equal bytes."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from skimage.color import rgb2lab
from small_study import make, measured

from sadm.figures import draw
from sadm.figures.cases import frame, pick_cases
from sadm.figures.charts import BETAS, charts, dice_by_beta, precision_recall
from sadm.figures.curves import band, best_dice, precision_at
from sadm.figures.mosaic import radiological
from sadm.figures.pictures import pictures
from sadm.figures.results import Results
from sadm.figures.style import COLOURS
from sadm.runtime.errors import DataError

HEAD = "scan\tdice\tauprc\tthreshold\tlesion_voxels\tempty\n"


def scores(path: Path, dice: list[float]) -> Path:
    rows = [f"s{k}\t{d}\t{d}\t0.5\t9\t{int(np.isnan(d))}\n" for k, d in enumerate(dice)]
    path.write_text(HEAD + "".join(rows))
    return path


@pytest.mark.parametrize("seed", range(40))
def test_counting_equals_the_exact_metrics_on_rounded_scores(seed: int):
    draw = np.random.default_rng(seed)
    score = (draw.random(300) * draw.choice([0, 1, 1], 300)).astype(np.float16).astype(np.float32)
    score = np.round(score, 1 + seed % 3)
    label, outside = draw.random(300) < draw.choice([0.02, 0.3, 0.9]), (50, seed % 4)
    dice, area, *_ = measured(score.astype(np.float16).astype(np.float32), label, outside)
    assert best_dice(score, label, outside[1]) == pytest.approx(dice, abs=1e-12, nan_ok=True)
    lesion = int(label.sum()) + outside[1]
    if lesion:
        levels = np.arange(1, lesion + 1) / lesion
        assert precision_at(levels, score, label, outside).mean() == pytest.approx(area, abs=1e-9)


def test_rounding_to_float16_hardly_moves_a_dice():
    draw = np.random.default_rng(1)
    score, label = draw.random(5000, dtype=np.float32), draw.random(5000) < 0.1
    assert best_dice(score, label, 0) == pytest.approx(measured(score, label)[0], abs=1e-3)


def test_a_band_holds_the_mean_and_shrinks_to_it_without_spread():
    draw = np.random.default_rng(2)
    values = draw.random((30, 5))
    low, high = band(values, [str(k // 2) for k in range(30)], draw)
    assert (low < values.mean(axis=0)).all()
    assert (high > values.mean(axis=0)).all()
    low, high = band(np.ones((4, 2)), list("abcd"), draw)
    assert (low == 1).all()
    assert (high == 1).all()


def test_best_median_and_worst_of_the_volumes_with_a_label(tmp_path: Path):
    cases = pick_cases(scores(tmp_path / "s.tsv", [0.3, float("nan"), 0.9, 0.1, 0.5, 0.7]))
    found = [(case.name, case.scan, case.index) for case in cases]
    assert found == [("best", "s2", 2), ("median", "s4", 4), ("worst", "s3", 3)]


@pytest.mark.parametrize(("dice", "names"), [([0.4], ["best"]), ([0.4, 0.2], ["best", "median"])])
def test_no_case_is_shown_twice(tmp_path: Path, dice: list[float], names: list[str]):
    assert [case.name for case in pick_cases(scores(tmp_path / "s.tsv", dice))] == names


def test_no_label_at_all_is_an_error(tmp_path: Path):
    with pytest.raises(DataError, match="No test volume has a label"):
        pick_cases(scores(tmp_path / "s.tsv", [float("nan")]))


def test_the_patients_right_is_left_and_anterior_on_top():
    axial = np.zeros((4, 5))
    axial[3, 4] = 1  # right, anterior
    assert radiological(axial)[0, 0] == 1


def test_frame_is_square_and_holds_the_brain():
    brain = np.zeros((3, 20, 24), bool)
    brain[1, 4:9, 10:22] = True
    x, y = frame([brain])
    assert x.stop - x.start == y.stop - y.start == 16
    assert x.start <= 4 < 9 <= x.stop
    assert y.start <= 10 < 22 <= y.stop


# Linear RGB as protanopes, deuteranopes and tritanopes see it (Machado, Oliveira and Fernandes 2009, severity 1).
SEEN = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


@pytest.mark.parametrize("kind", SEEN)
def test_colours_differ_for_colour_blind_readers(kind: str):
    """CIE76 distance of at least 15 between any two: 2 is just noticeable."""
    rgb = np.array([[int(name[k : k + 2], 16) / 255 for k in (1, 3, 5)] for name in COLOURS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SEEN[kind]).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)[None])[0]
    near = {(a, b): np.linalg.norm(lab[a] - lab[b]) for a, b in combinations(range(len(lab)), 2)}
    assert min(near.values()) > 15, min(near, key=near.__getitem__)


def test_every_panel_of_the_beta_chart_holds_its_lines(monkeypatch: pytest.MonkeyPatch):
    lines = [(name, "SADM", 0, beta, dice + beta) for name, dice in (("a", 2), ("b", 80)) for beta in BETAS]
    drawn: list[Figure] = []
    monkeypatch.setattr(draw, "save", lambda figure, files: drawn.append(figure))
    draw.beta(lines, {"a": "A", "b": "B"}, 0.5, [])
    for axes in drawn[0].axes:
        low, high = axes.get_ylim()
        assert low == 0
        assert high > 81


def test_charts_hold_the_scores_and_figures_repeat_to_the_byte(tmp_path: Path):
    about, files = make(tmp_path / "in")
    results = Results.of(about, files, 2)
    at_half = {line[:3]: line[4] for line in dice_by_beta(results) if line[3] == 0.5}
    assert 0.5 in BETAS
    for (testset, row, fold), file in results.scores.items():
        if row == "SADM-LES":
            dice = np.loadtxt(file, delimiter="\t", skiprows=1, usecols=1)
            assert at_half[testset, row, fold] == pytest.approx(100 * dice.mean(), abs=0.1)
    curve = [
        c[3]
        for c in precision_recall(results, {t: list("abc") for t in about["titles"]}, 0.5, 1)
        if c[:2] == ("les", "cDDPM")
    ]
    areas = [
        np.loadtxt(f, delimiter="\t", skiprows=1, usecols=2).mean()
        for k, f in results.scores.items()
        if k[:2] == ("les", "cDDPM")
    ]
    assert np.mean(curve) == pytest.approx(np.mean(areas), abs=0.01)
    loss = tmp_path / "curve.csv"
    loss.write_text("epoch,step,train_loss,val_loss,lr\n1,1,.5,.6,.1\n2,2,.4,.5,.1\n")
    made = dict(zip([(t, "cddpm") for t in about["titles"]], files.reconstructions))
    names = ["beta", "precision_recall", "lesion_volume", "training"]
    pictured = ["les_cases", "les_methods", "draem_cases", "draem_methods", "anomalies"]
    for run in "ab":
        out = {
            name: [tmp_path / run / f"{name}.{kind}" for kind in ("png", "svg")] for name in names + pictured
        }
        numbers = {"numbers": [tmp_path / run / f"{name}.tsv" for name in names[:3]]}
        charts(
            results, {("cddpm", 0): loss}, ["SADM-LES"], 0.5, groups={"healthy": ["cDDPM"], "trivial": ["random"]},
            voxel_ml=0.064, seed=1, out={name: out[name] for name in names} | numbers,
        )  # fmt: skip
        pictures(results, made, about["sources"], about["shown"], 0.5, tmp_path / "in/ixi/t1.npy", out)
    first = sorted((tmp_path / "a").iterdir())
    assert len(first) == 21
    for file in first:
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
