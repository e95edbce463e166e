"""Rows become models, models their needs; nothing heavy is reached."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sadm.runtime.errors import ConfigError
from sadm.study.loader import raw_config
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
    assert study.reconstructors("unet_res-draem") == ["cddpm"]
    assert study.reconstructors("unet-draem") == []
    assert study.modules("unet_res-draem") == ["src/sadm/methods/cddpm.py", "src/sadm/methods/unet_res.py"]


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


def test_what_is_scored_and_where_its_scans_come_from(study: Study) -> None:
    assert study.sets == [*study.testsets, study.healthy]
    assert study.scored["val/draem"] == ("draem", "val")
    assert set(study.scored) == {f"{part}{name}" for part in ("", "val/") for name in study.sets}
    assert study.splits_of["draem"] == study.splits_of[study.healthy] == study.healthy
    assert study.splits_of["stroke"] == "stroke"
    assert sorted(study.source_sets) == sorted(study.datasets)
    assert study.native_testsets == [name for name in study.testsets if name != "draem"]
    assert ("mean-abs", "val/draem") in study.trivial_maps
    assert len(study.trivial_maps) == len(study.trivial) * len(study.scored)


def test_the_released_threshold_asks_for_the_annotated_training_scans(study: Study) -> None:
    score = study.config["score"] | {"subset_threshold": True}
    other = Study.from_config(study.config | {"score": score})
    assert other.subsets == ["tumour", "stroke"], "nobody annotated the anomalies of DRAEM"
    assert {key: other.scored[key] for key in set(other.scored) - set(study.scored)} == {
        "train/tumour": ("tumour", "train"),
        "train/stroke": ("stroke", "train"),
    }
    assert (study.released_tables, other.released_tables) == ([], ["released"])
    without = {name: dataset | {"annotated": 0} for name, dataset in study.config["datasets"].items()}
    rows = {"rows": {"AE": "ae"}, "figures": [], "hyper": {}}
    few = Study.from_config(study.config | rows | {"score": score, "datasets": without})
    assert few.released_tables == []


def test_beta_is_of_rows_that_add_two_maps(study: Study) -> None:
    other = Study.from_config(study.config | {"score": study.config["score"] | {"beta": 0.7}})
    assert other.maps_of("SADM_res-STROKE") == ("cddpm", "unet_res-stroke")
    assert other.beta("SADM_res-STROKE") == 0.7
    for row, models in (("cDDPM", ("cddpm",)), ("mean-abs", ("mean-abs",))):
        assert other.maps_of(row) == models
        assert other.beta(row) == 1.0


def test_measures_are_in_mm_of_the_packed_grid(study: Study) -> None:
    grid = study.config["grid"]
    assert study.spacing == grid["spacing"] * grid["downsample"]
    assert study.measures == {
        "rates": study.config["score"]["rates"],
        "tolerance": study.config["score"]["tolerance"],
        "spacing": study.spacing,
    }


def test_a_test_set_shows_the_row_that_was_trained_on_it(study: Study) -> None:
    chosen = Study.from_config(study.config | {"figures": ["cDDPM", "SADM-STROKE"]})
    assert chosen.shown == {"tumour": "cDDPM", "stroke": "SADM-STROKE", "draem": "cDDPM"}
    assert all(row in study.rows for row in study.shown.values())


def test_sets_are_dealt_by_role(study: Study) -> None:
    assert set(study.split_sizes(study.healthy)) == {"test", "val", "train"}
    assert set(study.split_sizes("stroke")) == {"annotated", "annotated_val", "annotated_folds"}
    assert len(study.source_files("stroke")) >= len(study.scans("stroke"))
    assert study.tables("stroke") == []


def test_random_features_are_not_fetched() -> None:
    fetched, random = (
        Study.from_config(raw_config([ROOT / "studies/paper.yaml"], {"imagenet": {"weights": weights}}))
        for weights in ("fetch", "random")
    )
    assert fetched.extractors("fae") == ["resnet18"]
    assert random.extractors("fae") == fetched.extractors("cddpm") == []


def test_a_head_that_is_prepared_here_must_fulfil_more_than_a_given_brain(study: Study) -> None:
    said = study.section("quality")
    assert study.kind("healthy") == {"space": "native", "stripped": False}
    assert study.kind("tumour") == {"space": "sri24", "stripped": True}
    ours, given = study.limits("healthy"), study.limits("tumour")
    assert ours.keys() == given.keys() == {k for k in said if not k.startswith(("on_", "given"))}
    assert {key: given[key] for key in ours if given[key] != ours[key]} == {
        key.removeprefix("given_"): value for key, value in said.items() if key.startswith("given_")
    }


def test_hdbet_strips_the_scans_of_its_data_sets_in_chunks(study: Study) -> None:
    assert study.stripped_by("hd-bet") == []
    assert study.stripped_by("deepbet", "none") == ["healthy", "tumour", "stroke"]
    datasets = study.config["datasets"]
    changed = {"datasets": datasets | {"healthy": datasets["healthy"] | {"brain": "hd-bet"}}}
    for size, count in ((1, 24), (40, 1)):
        other = Study.from_config(study.config | changed | {"brain": {"chunk": size, "device": "cpu"}})
        chunks = [chunk for chunk in other.strip_chunks if chunk.method == "hd-bet"]
        assert [(chunk.dataset, chunk.number) for chunk in chunks] == [("healthy", n) for n in range(count)]
        t1s = {scan: t1 for chunk in chunks for scan, t1 in chunk.t1s.items()}
        assert t1s == {scan: study.scan("healthy", scan).t1 for scan in study.scans("healthy")}
        assert (other.strip_gpus(chunks[0]), other.strip_minutes(chunks[0])) == (0, 10 + 41 * 24 // count)
        assert other.strip_settings(chunks[0]) == {"tta": True, "models": 5}


def test_deepbet_strips_few_at_a_time_so_that_small_sets_keep_all_cores_busy(study: Study) -> None:
    chunks = study.strip_chunks
    assert {chunk.method for chunk in chunks} == {"deepbet"}
    assert not any(
        chunk.compared or study.strip_gpus(chunk) or study.strip_settings(chunk) for chunk in chunks
    )
    for name in study.stripped_by("deepbet"):
        own = [chunk for chunk in chunks if chunk.dataset == name]
        assert [scan for chunk in own for scan in chunk.t1s] == study.scans(name)
        assert len(own) >= min(2, len(study.scans(name)) // 8)
        assert max(len(chunk.t1s) for chunk in own) <= 8
        assert [chunk.rule for chunk in own] == [f"deepbet_{name}_{n}" for n in range(len(own))]


def test_deepbet_strips_what_hdbet_does_too_but_only_to_compare(study: Study) -> None:
    datasets = study.config["datasets"]
    changed = {"datasets": datasets | {"healthy": datasets["healthy"] | {"brain": "hd-bet"}}}
    other = Study.from_config(study.config | changed | {"brain": {"hdbet": 2}})
    found = {(chunk.method, chunk.compared) for chunk in other.strip_chunks if chunk.dataset == "healthy"}
    assert found == {("hd-bet", False), ("deepbet", True)}
    assert other.strip_settings(other.strip_chunks[0]) == {"tta": True, "hdbet_parameters": None}
    assert (study.passes, other.passes) == (40, 8)


def test_a_data_set_that_is_not_there_has_no_chunks() -> None:
    study = Study.from_config(
        {"name": "a", "datasets": {"a": {"importer": "ixi", "options": {"path": "/no"}}}}
    )
    assert study.stripped_by("hd-bet") == ["a"]
    assert study.strip_chunks == []


def test_a_pattern_of_no_names_matches_nothing() -> None:
    assert [name for name in ("a", "b", "ab", "") if re.fullmatch(Study.one_of(["a", "b"]), name)] == [
        "a",
        "b",
    ]
    assert not re.fullmatch(Study.one_of([]), "")


def test_the_t1_of_a_scan_is_asked_for_in_its_own_folder(study: Study) -> None:
    assert (
        study.t1("stroke", "sub-stroke001", "sub-stroke001") == "results/demo/stroke/sub-stroke001_T1w.nii.gz"
    )
    with pytest.raises(ConfigError, match="sub-stroke001 does not lie in sub-stroke002"):
        study.t1("stroke", "sub-stroke002", "sub-stroke001")


def test_source_files_are_named_by_their_path_in_the_data_set(study: Study) -> None:
    stem = "bids:raw:stroke/sub-stroke001"
    said = {"t1": f"{stem}_T1w.nii.gz", "lesion": f"{stem}_label-lesion_mask.nii.gz"}
    assert study.raw("stroke", "sub-stroke001") == said
    assert study.link("stroke", "results/prep/stroke") == "../../demo"


def test_rows_that_are_one_label_in_names_of_files_are_refused(study: Study) -> None:
    assert study.labels["SADMresSTROKE"] == "SADM_res-STROKE"
    assert list(study.labels.values()) == [*study.rows, *study.trivial]
    raw = study.config | {"rows": study.config["rows"] | {"SADMres.STROKE": "cddpm"}}
    with pytest.raises(ConfigError, match="in names of files it is 'SADMresSTROKE'"):
        Study.from_config(raw)


@pytest.mark.parametrize(("missing", "found"), [("stop", 2), ("exclude", 1), ("empty", 2)])
def test_scans_without_a_label_are_planned_as_the_study_says(
    tmp_path: Path, missing: str, found: int
) -> None:
    for name in ("healthy/h1.nii", "sick/p1_T1.nii", "sick/p1_seg.nii", "sick/p2_T1.nii"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    patterns = {"t1": "*_T1", "lesion": "*_seg"}
    sets = {
        "healthy": {"importer": "folder", "brain": "deepbet", "options": {"path": str(tmp_path / "healthy")}},
        "sick": {"importer": "folder", "brain": "deepbet", "annotated": 0, "missing_lesions": missing,
                 "options": {"path": str(tmp_path / "sick"), **patterns}},
    }  # fmt: skip
    study = Study.from_config(
        {"name": "x", "datasets": sets, "healthy": "healthy", "testsets": ["sick"], "rows": {"AE": "ae"}}
    )
    assert len(study.scans("sick")) == found
    assert len(study.scans("healthy")) == 1
    assert study.listed("sick")["missing"] == missing
