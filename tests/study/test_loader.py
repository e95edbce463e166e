"""Study files are read strictly, and lie over each other as they are meant to."""

import json
from pathlib import Path
from typing import Any

import pytest

from sadm.runtime.errors import ConfigError
from sadm.study.loader import raw_config, read
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]


def written(folder: Path, text: str, name: str = "study.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: a\nseed: 010\n", r"study\.yaml, line 2.*010: YAML may take it for another"),
        ("name: a\nseed: 08\n", "line 2.*08: "),
        ("grid:\n  crop: 1:30\n", "line 2.*1:30: "),
        ("seed: 1_000\n", "line 1.*1_000: "),
        ("grid: {spacing: 01.5}\n", r"line 1.*01\.5: "),
        ("grid: {crop: 0x10}\n", "line 1.*0x10: "),
        ("name: 2026-01-02\n", "line 1.*for a date.*quotes"),
        ("seed: 1\n\nseed: 2\n", "line 3.*'seed' is there twice"),
        ("hyper:\n  ae: {lr: 1, lr: 2}\n", "line 2.*'lr' is there twice"),
        ("name: !!python/object/apply:os.system [true]\n", "line 1.*runs Python"),
        ("name: a\nseed: !!python/name:os.system\n", "line 2.*runs Python"),
        ("__use_yte__: true\nname: a\n", "line 1.*__use_yte__ runs Python"),
        ("name: !own 3\n", "line 1.*could not determine a constructor"),
        ("a: b: c\n", "line 1.*mapping values"),
        ("- name\n", "it holds list.*top level"),
        ('{"seed": 1, "seed": 2}', "'seed' is there twice"),
        ('{"__use_yte__": true}', "runs Python"),
        ('{"a": ' * 5000, "few levels|recursion"),
    ],
)
def test_what_reads_otherwise_than_it_looks_is_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"(?s)A study cannot be read.*{says}"):
        read(written(tmp_path, text))


def test_plain_values_and_quoted_text_are_read(tmp_path: Path) -> None:
    text = "a: 10\nb: 0\nc: -1.5e-3\nd: '010'\ne: \"1:30\"\nf: yes\ng: [0.5, 1e-4]\nh: ~\ni: p1_2\nj: data/01_02\n"
    found = read(written(tmp_path, text))
    assert list(found.values()) == [
        10,
        0,
        -1.5e-3,
        "010",
        "1:30",
        True,
        [0.5, "1e-4"],
        None,
        "p1_2",
        "data/01_02",
    ]
    assert read(written(tmp_path, '{\t"a": [1]}', "a.json")) == {"a": [1]}
    assert read(written(tmp_path, "# nothing\n")) == {}


def test_all_studies_are_read() -> None:
    for path in [ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml")]:
        assert read(path)


def test_files_lie_on_the_demo_unless_they_name_data_sets(tmp_path: Path) -> None:
    ci = [ROOT / "config.yaml", ROOT / "studies/ci.yaml"]
    assert raw_config([])["name"] == "demo"
    assert raw_config(ci) == raw_config(ci[1:])
    assert raw_config(ci)["datasets"]["stroke"]["title"] == "demo stroke"
    assert raw_config(ci)["datasets"]["stroke"]["options"]["count"] == 3
    assert list(raw_config([ROOT / "studies/paper.yaml"])["datasets"]) == ["ixi", "brats", "atlas"]


ALL: dict[str, Any] = {"participants": [], "sessions": [], "exclude": []}  # options of every importer


def test_given_options_lie_over_the_demo() -> None:
    """As `--config 'datasets={healthy: {options: {count: 8}}}'` gives them: nested values are text."""
    study = Study.from_config(raw_config([], {"datasets": {"healthy": {"options": {"count": "8"}}}}))
    assert study.name == "demo"
    assert study.datasets["healthy"]["options"] == ALL | {
        "kind": "healthy",
        "count": 8,
        "path": "results/demo",
    }
    assert len(study.scans("healthy")) == 8


def test_options_go_with_their_importer(tmp_path: Path) -> None:
    over = written(tmp_path, "datasets: {healthy: {importer: ixi, options: {path: x}}}\n")
    found = raw_config([ROOT / "config.yaml", over])["datasets"]["healthy"]
    assert found["options"] == {"path": "x"}
    assert (found["title"], found["brain"]) == ("demo healthy", "deepbet")
    same = written(tmp_path, "datasets: {healthy: {importer: demo, options: {count: 8}}}\n", "same.yaml")
    assert raw_config([ROOT / "config.yaml", same])["datasets"]["healthy"]["options"]["kind"] == "healthy"
    study = Study.from_config(raw_config([ROOT / "config.yaml", over]))
    assert study.datasets["healthy"]["options"] == ALL | {"path": "x", "table": ""}


@pytest.mark.parametrize(
    ("given", "where", "value"),
    [
        ({"hyper": {"ae": {"epochs": "210"}}}, ("hyper", "ae", "epochs"), 210),
        ({"hyper": {"ae": {"lr": "1e-4"}}}, ("hyper", "ae", "lr"), 1e-4),
        ({"hyper": {"unet@draem": {"channels": ["8", "16"]}}}, ("hyper", "unet@draem", "channels"), [8, 16]),
        ({"brain": {"tta": "false"}}, ("brain", "tta"), False),
        ({"splits": {"test": "0.2"}}, ("splits", "test"), 0.2),
        ({"splits": {"train": "null"}}, ("splits", "train"), None),
        ({"seed": "7"}, ("seed",), 7),
        ({"datasets": {"tumour": {"annotated": "6"}}}, ("datasets", "tumour", "annotated"), 6),
        ({"datasets": {"tumour": {"title": "12"}}}, ("datasets", "tumour", "title"), "12"),
    ],
)  # fmt: skip
def test_text_that_is_a_number_counts_as_one(
    given: dict[str, Any], where: tuple[str, ...], value: Any
) -> None:
    at = Study.from_config(raw_config([], given)).config
    for part in where:
        at = at[part]
    assert at == value
    assert type(at) is type(value)


@pytest.mark.parametrize("text", ["010", "1_0", "1:30", "2.0", "0x10", "ten", "", " 10", "9" * 100])
def test_other_text_is_no_number(text: str) -> None:
    with pytest.raises(ConfigError, match=r"splits\.folds: '.*is not of type 'integer'|splits\.folds: '9*"):
        Study.from_config(raw_config([], {"splits": {"folds": text}}))


def test_json_says_the_same_as_yaml(tmp_path: Path) -> None:
    demo = read(ROOT / "config.yaml")
    assert read(written(tmp_path, json.dumps(demo), "demo.json")) == demo
