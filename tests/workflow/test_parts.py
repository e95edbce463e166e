"""Covers the rules that a plain run does not ask for: HD-BET's chunks, preprocessing alone, maps in native space."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, SMALLEST, snakemake
from plans import planned

from sadm.runtime.files import write_json


def dry(
    folder: Path, studies: Iterable[Path], *targets: str, overlay: dict[str, Any] | None = None
) -> subprocess.CompletedProcess[str]:
    """A dry run in ``folder``."""
    write_json(overlay or {}, folder / "overlay.json")
    words = snakemake(folder, "--dry-run", *targets, studies=[*studies, folder / "overlay.json"])
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


def jobs(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    assert done.returncode == 0, done.stderr[-3000:]
    return planned(done.stdout + done.stderr)


@pytest.mark.parametrize(("size", "chunks"), [(1, 4), (40, 1)])
def test_hdbet_strips_in_chunks_and_the_other_methods_scan_by_scan(
    tmp_path: Path, size: int, chunks: int
) -> None:
    overlay = {"datasets": {"healthy": {"brain": "hd-bet"}}, "brain": {"chunk": size}}
    found = jobs(dry(tmp_path, SMALLEST, "prep", "results/agreement/healthy.tsv", overlay=overlay))
    assert {rule for rule in found if rule.startswith("strip")} == {
        f"strip_healthy_{n}" for n in range(chunks)
    }
    assert found["brain"] == 6, "tumour and stroke"
    assert found["deepbet"] == 4
    assert found["grid"] == 10


def test_a_data_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = dry(tmp_path, [ROOT / "studies/paper.yaml"], "prep")
    assert done.returncode != 0
    assert "A data set is not there" in done.stdout + done.stderr


def test_preprocessing_alone_of_any_folder(tmp_path: Path) -> None:
    for name in ("p1/T1.nii.gz", "p2/T1.nii.gz", "p2/T2.nii.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    overlay = {"datasets": {"scans": {"options": {"path": str(tmp_path), "t1": "*/T1"}}}}
    study = [ROOT / "studies/prep.yaml"]
    steps = {"register", "brain", "refine", "bias", "grid"}
    whole = jobs(dry(tmp_path, study, overlay=overlay))
    assert set(whole) == {"template", "cohort", *steps, "checks", "qc", "dataset_files", "all"}
    assert whole["grid"] == 2
    one = jobs(dry(tmp_path, study, "results/prep/scans/sub-p1/anat/sub-p1_qc.json", overlay=overlay))
    assert one == {"template": 1} | dict.fromkeys(steps, 1)
    wrong = dry(tmp_path, study, "results/prep/scans/sub-p2/anat/sub-p1_qc.json", overlay=overlay)
    assert wrong.returncode != 0
    assert "sub-p1 does not lie in sub-p2" in wrong.stdout + wrong.stderr


def test_masks_in_native_space_of_all_scans_and_maps_of_a_finished_study(tmp_path: Path) -> None:
    assert jobs(dry(tmp_path, SMALLEST, "native_masks"))["native_mask"] == 10
    done = dry(tmp_path, SMALLEST, "native_maps")
    assert done.returncode != 0
    assert "run it first" in done.stdout + done.stderr
    path = "results/native/stroke/sub-stroke001/anat/sub-stroke001_desc-SADMSTROKEfold0_score.nii.gz"
    found = jobs(dry(tmp_path, SMALLEST, path))
    assert found["native_map"] == 1
    assert found["evaluate"] == 1
