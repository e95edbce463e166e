"""Rows become models, models their needs; nothing heavy is reached."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sadm.runtime.errors import ConfigError
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def study() -> Study:
    return Study.from_config(yaml.safe_load((ROOT / "config.yaml").read_text()))


def test_rows_are_sums_of_models(study: Study) -> None:
    assert study.rows["cDDPM"] == ("cddpm",)
    assert study.rows["SADM_res-STROKE"] == ("cddpm", "unet_res-stroke")


def test_twenty_two_rows_are_seventeen_models(study: Study) -> None:
    assert len(study.rows) == 22
    assert sorted(study.models) == sorted(
        [
            "cddpm",
            "spark",
            *("ae", "vae", "dae", "fae", "rd", "ddpm", "pddpm", "pii", "draem_net-draem"),
            *(
                f"{method}-{data}"
                for method in ("unet", "unet_res")
                for data in ("draem", "tumour", "stroke")
            ),
        ]
    )


def test_stage_two_needs_stage_one(study: Study) -> None:
    assert study.needs("unet_res-draem") == ["cddpm"]
    assert study.needs("unet-draem") == []
    assert study.reconstructor("unet_res-draem") == study.reconstructor("cddpm") == "cddpm"
    assert study.reconstructor("unet-draem") is None


@pytest.mark.parametrize("pretrained", [True, False])
def test_pretraining_is_a_need_where_it_is_asked_for(study: Study, pretrained: bool) -> None:
    hyper = study.config["hyper"]
    raw = study.config | {"hyper": hyper | {"cddpm": hyper["cddpm"] | {"pretrained": pretrained}}}
    other = Study.from_config(raw)
    assert other.needs("cddpm") == (["spark"] if pretrained else [])
    assert ("spark" in other.models) is pretrained
    assert other.reconstructor("cddpm") == "cddpm"


def test_a_method_without_a_map_is_no_row(study: Study) -> None:
    with pytest.raises(ConfigError, match=r"rows\.SparK"):
        Study.from_config(study.config | {"rows": {"SparK": "spark"}})


def test_draem_is_painted_on_healthy_scans(study: Study) -> None:
    assert study.trained_on("unet-draem") == "draem"
    assert study.source("draem") == study.healthy == study.trained_on("cddpm")
    assert study.source("stroke") == "stroke"


def test_hyper_of_a_training_set_overrides_that_of_the_method(study: Study) -> None:
    given = study.config["hyper"]
    assert study.hyper("unet-stroke")["epochs"] == given["unet"]["epochs"]
    assert study.hyper("unet-draem")["epochs"] == given["unet@draem"]["epochs"] != given["unet"]["epochs"]
    assert study.hyper("unet-draem")["lr"] == study.hyper("unet-stroke")["lr"]


def test_demo_importer_depends_on_its_kind(study: Study) -> None:
    assert study.importer("healthy")["SPACE"] == "native"
    assert (study.importer("tumour")["SPACE"], study.importer("tumour")["STRIPPED"]) == ("sri24", True)


def test_scans_have_distinct_safe_names(study: Study) -> None:
    for dataset in study.datasets:
        scans = study.scans(dataset)
        assert len(scans) == len(set(scans)) == study.datasets[dataset]["options"]["count"]
        assert all(scan.replace("-", "").replace("_", "").isalnum() for scan in scans)
        assert all(study.files(dataset, scan) for scan in scans)


def test_reaches_no_heavy_module() -> None:
    code = "import sys; sys.path.insert(0, 'src'); import sadm.study.study, sadm.study.fingerprint; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert not {"torch", "ants", "numpy", "pandas", "nibabel"} & set(loaded)


def test_only_methods_with_an_extractor_ask_for_imagenet_weights() -> None:
    raw = yaml.safe_load((ROOT / "studies/paper.yaml").read_text())
    study = Study.from_config(raw | {"imagenet": {"weights": "fetch"}})
    asked = {model: study.imagenet(model) for model in study.models}
    assert {model: network for model, network in asked.items() if network} == {
        "fae": "resnet18",
        "rd": "wide_resnet50_2",
    }
    assert not study.random_features
    assert Study.from_config(raw | {"imagenet": {"weights": "random"}}).random_features


def test_pre_training_of_another_encoder_stops_before_the_dag() -> None:
    raw = yaml.safe_load((ROOT / "config.yaml").read_text())
    raw["hyper"]["spark"] |= {"encoder_width": 8}
    with pytest.raises(ConfigError, match=r"hyper\.spark\.encoder_width: not that of cddpm"):
        Study.from_config(raw)


PREP = {
    "name": "prep",
    "datasets": {"scans": {"importer": "folder", "options": {"path": "x", "stripped": True}}},
}


def test_a_study_without_rows_only_prepares_its_scans() -> None:
    study = Study.from_config(PREP)
    assert study.rows == {}
    assert study.models == []
    assert study.annotated == [], "no scan needs a label"
    assert study.importer("scans")["STRIPPED"]
    assert Study.from_config(yaml.safe_load((ROOT / "studies/prep.yaml").read_text())).rows == {}


@pytest.mark.parametrize("given", [{"rows": {"AE": "ae"}}, {"healthy": "scans", "testsets": ["scans"]}])
def test_a_study_of_half_a_table_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="is missing") as error:
        Study.from_config(PREP | given)
    assert "only prepares its scans" in str(error.value)
