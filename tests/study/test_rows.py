"""`rows: table1` is the paper's table for the study's own test sets; further rows lie beside it."""

from pathlib import Path

from sadm.study.loader import raw_config
from sadm.study.rows import expanded, table1
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config.yaml"


def test_the_papers_rows() -> None:
    rows = Study.from_config(raw_config([ROOT / "studies/paper.yaml"])).config["rows"]
    assert len(rows) == 22
    assert list(rows)[:10] == ["AE", "VAE", "DAE", "FAE", "RD", "DDPM", "pDDPM", "cDDPM", "PII", "DRAEM-Net"]
    assert list(rows)[10:14] == ["Unet-DRAEM", "Unet_res-DRAEM", "SADM-DRAEM", "SADM_res-DRAEM"]
    assert rows["SADM_res-ATLAS"] == "cddpm + unet_res@atlas"


def test_test_sets_without_annotated_subjects_train_nothing() -> None:
    over = {"datasets": {"stroke": {"annotated": "0"}}, "figures": [], "hyper": {}}
    rows = Study.from_config(raw_config([], over)).rows
    assert len(rows) == 18
    assert "Unet-STROKE" not in rows


def test_a_mapping_lies_beside_the_table() -> None:
    more = Study.from_config(raw_config([DEMO], {"rows": {"AE-DRAEM": "ae + unet@draem"}})).rows
    assert len(more) == 23
    assert more["AE-DRAEM"] == ("ae", "unet-draem")
    assert expanded({"X": "ae", "all": "table1"}, ["a"]) == {"X": "ae"} | table1(["a"])
    assert expanded({"X": "ae"}, ["a"]) == {"X": "ae"}


def test_small_sizes_lie_below_the_studys_own_numbers() -> None:
    small = Study.from_config(raw_config([DEMO], {"hyper": {"ae": {"lr": 0.003}}}))
    alone = {"size": "paper", "rows": {"AE": "ae"}, "hyper": {}, "figures": []}
    grid = {"grid": {"shape": [96, 96, 80]}}  # the paper's autoencoder wants multiples of 16 pixels
    paper = Study.from_config(raw_config([DEMO], grid) | alone)
    assert [small.hyper("ae")[key] for key in ("latent", "lr", "epochs")] == [64, 0.003, 100]
    assert paper.hyper("ae")["latent"] == 128
