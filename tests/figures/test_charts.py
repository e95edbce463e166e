"""Charts hold the scores; their bytes repeat."""

from pathlib import Path

import numpy as np
import pytest
from small_study import LAYOUT, make

from sadm.figures.charts import BETAS, band, charts, dice_by_beta, losses, precision_recall, volumes
from sadm.figures.results import Results
from sadm.runtime.errors import DataError
from sadm.study.layout import Layout

CURVE = "model,fold,seed,epoch,step,train_loss,val_loss,lr\n"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    about, files = make(tmp_path_factory.mktemp("study"))
    return Results.of(files, Layout(**LAYOUT), about, 2)


def curve(path: Path, fold: int) -> Path:
    path.write_text(f"{CURVE}cddpm,{fold},1,1,1,.{fold + 5},.6,.1\ncddpm,{fold},1,2,2,.4,.5,.1\n")
    return path


def test_a_band_holds_the_mean_and_shrinks_to_it_without_spread():
    draw = np.random.default_rng(2)
    values = draw.random((30, 5))
    low, high = band(values, [str(k // 2) for k in range(30)], draw)
    assert (low < values.mean(axis=0)).all()
    assert (high > values.mean(axis=0)).all()
    low, high = band(np.ones((4, 2)), list("abcd"), draw)
    assert (low == 1).all()
    assert (high == 1).all()


def test_dice_at_the_studys_beta_is_that_of_the_scores(results: Results):
    at_half = {line[:3]: line[4] for line in dice_by_beta(results) if line[3] == results.beta}
    assert results.beta in BETAS
    assert len(at_half) == 4
    for key, dice in at_half.items():
        assert dice == pytest.approx(100 * results.scores[key]["dice"].mean(), abs=0.1)


def test_the_mean_precision_is_the_auprc(results: Results):
    lines = [line[3] for line in precision_recall(results, 1) if line[:2] == ("les", "cDDPM")]
    areas = [results.scores["les", "cDDPM", fold]["auprc"].mean() for fold in results.folds]
    assert np.mean(lines) == pytest.approx(np.mean(areas), abs=0.01)


def test_a_volume_has_the_mean_of_its_folds(results: Results):
    name, row, scan, ml, dice = volumes(results)[0]
    lines = [results.scores[name, row, fold].set_index("scan").loc[scan] for fold in results.folds]
    assert dice == pytest.approx(100 * np.mean([line["dice"] for line in lines]))
    assert ml == lines[0]["lesion_ml"]


def test_curves_tell_their_model_and_fold(tmp_path: Path):
    files = [curve(tmp_path / f"{fold}.csv", fold) for fold in (1, 0)]
    found = losses(files, ["cddpm"])
    assert [fold["train_loss"][0] for fold in found["cddpm"]] == [0.5, 0.6]
    with pytest.raises(DataError, match="no file tells unet"):
        losses(files, ["cddpm", "unet"])


def test_bytes_repeat(results: Results, tmp_path: Path):
    names, loss = ["beta", "precision_recall", "lesion_volume", "training"], curve(tmp_path / "curve.csv", 0)
    for run in "ab":
        out = {name: [tmp_path / run / f"{name}.{kind}" for kind in ("png", "svg")] for name in names}
        out["numbers"] = [tmp_path / run / f"{name}.tsv" for name in names[:3]]
        groups = {"healthy": ["cDDPM"], "trivial": ["random"]}
        charts(results, [loss], models=["cddpm"], groups=groups, seed=1, out=out)
    first = sorted((tmp_path / "a").iterdir())
    assert len(first) == 11
    for file in first:
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name
