"""Covers the rule cohort: hostile input through a whole Snakemake: the exit code, the words, and nothing left; strange names end in the sheet."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import snakemake
from configs import demo
from images import T1, save, voxels

SHEET = "results/cohort/healthy.tsv"


def study(folder: Path, path: Path) -> dict[str, Any]:
    """The demo study with the IXI tree at ``path`` for its healthy data set."""
    config = demo()
    config["datasets"]["healthy"] = {"importer": "ixi", "brain": "deepbet", "options": {"path": str(path)}}
    return config


def sheet(folder: Path, config: Path) -> subprocess.CompletedProcess[str]:
    """Make the sheet of the healthy data set in ``folder``."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {
        "XDG_CACHE_HOME": str(folder / "cache")
    }
    words = snakemake(folder, "--cores", 1, SHEET, studies=[config])
    return subprocess.run(words, capture_output=True, text=True, env=variables, timeout=100)


def written(folder: Path, config: dict[str, Any]) -> Path:
    """``config`` as a file; every JSON is YAML."""
    (folder / "study.yaml").write_text(json.dumps(config), encoding="utf-8")
    return folder / "study.yaml"


def bad_scan(folder: Path) -> Path:
    save(folder / "ixi" / T1, np.full((4, 4, 4), np.nan, np.float32))
    return written(folder, study(folder, folder / "ixi"))


def no_data(folder: Path) -> Path:
    return written(folder, study(folder, folder / "gone"))


def code(folder: Path) -> Path:
    (folder / "study.yaml").write_text(f'name: !!python/object/apply:os.system ["touch {folder}/ran"]\n')
    return folder / "study.yaml"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (bad_scan, ["DataError: 1 files of data set 'healthy'", T1, "64 NaN or infinite", "fix:"]),
        (no_data, ["DataError", "A data set is not there.", "gone", "no such folder", "set options.path"]),
        (code, ["Config file is not valid"]),
    ],
)
def test_a_run_stops(make: Any, says: list[str], tmp_path: Path) -> None:
    done = sheet(tmp_path, make(tmp_path))
    assert done.returncode != 0
    for words in says:
        assert words in done.stdout + done.stderr
    assert not [p for p in (tmp_path / "results").rglob("*") if p.is_file()]
    assert not (tmp_path / "ran").exists()


def test_strange_names_reach_the_sheet(tmp_path: Path) -> None:
    place = tmp_path / "with spaces, ünïcode-脑, 'quotes\"; $(touch ran) `touch ran`"
    save(place / T1, voxels())
    done = sheet(tmp_path, written(tmp_path, study(tmp_path, place)))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "sub-IXI002" in (tmp_path / SHEET).read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("ran"))
