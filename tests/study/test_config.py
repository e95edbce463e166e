"""Covers sadm.study.config, sadm.study.checks, sadm.study.keys.declare, sadm.study.keys.experiment, sadm.study.keys.preparation.

The config is complete, described and strict; the paper's numbers are the resolved paper study.
"""

import copy
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from sadm.runtime import kinds
from sadm.runtime.errors import ConfigError
from sadm.study import config, registry
from sadm.study.loader import raw_config
from sadm.study.rows import table1
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


def merged(*names: str) -> dict[str, Any]:
    """The configs of ``names``, later over earlier."""
    return raw_config(ROOT / name for name in names)


STUDIES = {
    "demo": ("config.yaml",),
    "ci": ("config.yaml", "studies/ci.yaml"),
    "paper": ("studies/paper.yaml",),
    "released": ("studies/paper.yaml", "studies/released.yaml"),
    "real": ("studies/real.yaml",),
    "real at paper size": ("studies/real.yaml", "studies/paper_size.yaml"),
}


@pytest.mark.parametrize("study", STUDIES)
def test_each_study_is_valid(study: str) -> None:
    assert Study.from_config(merged(*STUDIES[study])).folds >= 1


def test_schema_file_is_the_generated_one() -> None:
    written = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    assert written == json.loads(json.dumps(config.schema())), "run: make schema"


def test_the_page_of_numbers_is_the_generated_one() -> None:
    made = runpy.run_path(str(ROOT / "docs/paper_numbers.py"))
    assert (ROOT / "docs/paper-numbers.md").read_text(encoding="utf-8") == made["page"](), "run: make schema"


def test_each_key_is_described() -> None:
    def walk(schema: dict[str, Any], where: str) -> list[str]:
        nameless = []
        for name, value in {**schema.get("properties", {}), **schema.get("patternProperties", {})}.items():
            nameless += [] if value.get("description") else [f"{where}.{name}"]
            nameless += walk(value, f"{where}.{name}")
        return nameless

    assert walk(config.schema(), "") == []


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        ("sed", 1, "unknown key 'sed'.*did you mean 'seed'"),
        ("grid.crops", 1, "grid: unknown key 'crops'.*did you mean 'crop'"),
        (
            "datasets.tumour.importr",
            "demo",
            "datasets.tumour: unknown key 'importr'.*did you mean 'importer'",
        ),
        ("datasets.tumour.importer", "dem", "unknown 'dem'.*did you mean 'demo'"),
        ("datasets.tumour.options.cout", 3, "unknown key 'cout'.*did you mean 'count'"),
        ("datasets.tumour.brain", "deepbat", "'deepbat' is not possible.*did you mean 'deepbet'"),
        ("hyper.cddmp", {"epochs": 1}, "hyper: unknown key 'cddmp'.*did you mean 'cddpm'"),
        ("hyper.cddpm.epoch", 1, "hyper.cddpm: unknown key 'epoch'.*did you mean 'epochs'"),
        ("hyper.unet@tumor", {"epochs": 1}, "hyper.unet@tumor: no row has this model.*unet-tumour"),
        ("grid.crop", 20, "grid.crop: 20 slices at each end leave none"),
        ("grid.crop", "07", "grid.crop: '07' is not of type 'integer'.*no leading zeros"),
        ("grid.downsample", 5, "grid.downsample: 5 does not divide"),
        ("rows.cDDPM", "cdpm", "rows.cDDPM: unknown 'cdpm'.*did you mean 'cddpm'"),
        ("rows.Unet-TUMOUR", "unet@tumor", "unknown 'tumor'.*did you mean 'tumour'"),
        ("rows.Unet-TUMOUR", "unet", "training set of unet"),
        ("rows.cDDPM", "cddpm@tumour", "cddpm trains on the healthy data set"),
        ("testsets", ["tumor"], "testsets: unknown 'tumor'.*did you mean 'tumour'"),
        ("healthy", "helthy", "healthy: unknown 'helthy'.*did you mean 'healthy'"),
        ("figures", ["SADM"], "figures: unknown 'SADM'"),
        ("rows", "table2", "rows: 'table2' is not possible.*did you mean 'table1'"),
        ("size", "smal", "size: 'smal' is not possible.*did you mean 'small'"),
        ("protocol", "papers", "'papers' is not possible.*did you mean 'paper'"),
        ("splits.folds", 0, "splits.folds: 0 is less than the minimum"),
    ],
)
def test_a_slip_is_named(where: str, value: Any, said: str) -> None:
    raw = merged("config.yaml") | {"rows": table1(["tumour", "stroke"])}
    *path, last = where.split(".")
    at = raw
    for part in path:
        at = at.setdefault(part, {})
    at[last] = copy.deepcopy(value)
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        Study.from_config(raw)


def test_numbers_of_the_paper() -> None:
    """Behrendt et al. 2024, section 4 and appendices B (data, training) and C (anomalies)."""
    study = Study.from_config(merged("studies/paper.yaml"))
    splits, grid, draem = (study.section(name) for name in ("splits", "grid", "draem"))
    assert (splits["train"], splits["val"], splits["test"], study.folds) == (358, 44, 160, 5)
    assert [study.datasets[name]["annotated"] for name in ("brats", "atlas")] == [100, 66]
    assert [study.datasets[name]["annotated_val"] for name in ("brats", "atlas")] == [10, 6]
    assert [study.datasets[name]["brain"] for name in ("ixi", "brats", "atlas")] == [
        "hd-bet",
        "none",
        "hd-bet",
    ]
    assert (grid["shape"], grid["spacing"], grid["downsample"], grid["crop"]) == ([192, 192, 160], 1.0, 2, 15)
    stage1, unet, stage2 = (study.hyper(model) for model in ("cddpm", "unet-draem", "unet_res-brats"))
    assert (stage1["epochs"], stage1["lr"], stage1["batch"]) == (1600, 1e-4, 32)
    assert (list(stage1["channels"]), stage1["res_blocks"], stage1["timesteps"]) == ([128, 128, 256], 3, 1000)
    assert list(stage1["t_test"]) == [250, 500, 750]
    assert stage1["shared_noise"] is False
    assert (list(stage1["encoder_layers"]), stage1["encoder_width"]) == ([3, 4, 6, 3], 64)
    for hyper in (unet, stage2):
        assert (hyper["epochs"], hyper["lr"], hyper["batch"], list(hyper["channels"])) == (
            600,
            5e-5,
            32,
            [64, 128, 256],
        )
    for hyper in (stage1, unet, stage2):
        probabilities = [hyper[f"augment_{name}"] for name in ("gamma", "bias", "blur", "ghosting")]
        assert probabilities == [0.5, 0.25, 0.25, 0.5]
        assert (hyper["schedule"], hyper["slices"]) == ("constant", 1)
    assert (draem["per_image"], len(draem["augmenters"]), draem["blend"], draem["max_scale"]) == (
        3,
        7,
        [0.2, 1.0],
        6,
    )
    assert (draem["threshold"], draem["probability"]) == ([0.5, 0.5], 1.0), "Table 1 is possible with these"
    score = study.section("score")
    assert (score["ssim_sigma"], score["median"], score["beta"]) == (1.0, 5, 0.5)
    assert len(study.rows) == 22
    assert len(study.models) == 17


def test_paper_numbers_are_the_defaults() -> None:
    """A study that names only its data sets and rows is the paper's in every other number."""
    raw = merged("studies/paper.yaml")
    bare = {k: raw[k] for k in ("name", "datasets", "healthy", "testsets", "rows", "figures", "training")}
    full, default = Study.from_config(raw), Study.from_config(bare)
    assert full.config | {"hyper": {}} == default.config | {"hyper": {}}
    for model in full.models:
        assert _lists(full.hyper(model)) == _lists(default.hyper(model))


def test_real_at_paper_size_is_the_paper() -> None:
    paper = Study.from_config(merged("studies/paper.yaml"))
    large = Study.from_config(merged("studies/real.yaml", "studies/paper_size.yaml"))
    assert large.section("grid") == paper.section("grid")
    assert large.section("draem") == paper.section("draem")
    for model in paper.models:
        assert _lists(large.hyper(model)) == _lists(paper.hyper(model))


@pytest.mark.parametrize(
    ("grid", "given", "expected"),
    [
        ({}, {}, 6),
        ({"downsample": 4, "crop": 7}, {}, 5),
        ({"downsample": 1, "crop": 30}, {}, 6),
        ({"downsample": 4, "crop": 7}, {"max_scale": 4}, 4),
        ({"downsample": 4, "crop": 7}, {"threshold": [0.4, 0.6]}, 5),
        ({"shape": [96, 96, 80], "spacing": 2.0, "downsample": 1}, {}, 6),
    ],
)
def test_lattices_of_anomalies_follow_the_grid(
    grid: dict[str, Any], given: dict[str, Any], expected: int
) -> None:
    study = Study.from_config(merged("studies/real.yaml") | {"grid": grid, "draem": given})
    assert study.section("draem")["max_scale"] == expected == study.painter["max_scale"]
    assert study.painter["spacing"] == study.spacing
    assert Study.from_config(study.config).config == study.config


def test_released_has_the_settings_of_the_released_code() -> None:
    study = Study.from_config(merged("studies/paper.yaml", "studies/released.yaml"))
    assert list(study.hyper("cddpm")["channels"]) == [128, 256, 256]
    assert study.hyper("cddpm")["epochs"] == 1200
    assert study.hyper("cddpm")["shared_noise"] is True
    assert list(study.hyper("unet_res-draem")["channels"]) == [64, 128, 256, 512]
    assert study.section("draem")["threshold"] == [0.5, 0.5]
    assert study.section("draem")["max_scale"] == 6
    assert len(study.section("draem")["augmenters"]) == 10


def _lists(values: dict[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def test_settings_have_a_kind_that_admits_their_default() -> None:
    for kind in ("methods", "data"):
        for name in registry.names(kind):
            for setting, said in registry.settings(kind, name).items():
                default = list(d) if isinstance(d := said["default"], tuple) else d
                assert config.VALIDATOR(kinds.form(said["type"])).is_valid(default), (
                    f"{kind}/{name}.{setting}"
                )


@pytest.mark.parametrize("title", ["=HYPERLINK(1)", "+1", "-1", "@a", "two\nlines"])
def test_a_title_that_is_a_formula_or_no_line_is_refused(title: str) -> None:
    given = merged("config.yaml")
    given["datasets"]["tumour"]["title"] = title
    with pytest.raises(ConfigError, match=r"datasets\.tumour\.title"):
        config.resolve(given)
    with pytest.raises(ConfigError, match="name"):
        config.resolve(merged("config.yaml") | {"name": title})
