"""Covers the rules that a plain run does not ask for: HD-BET's chunks, preprocessing alone, maps in native space."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, SMALLEST, snakemake
from plans import planned

from sadm.runtime.files import write_json
from sadm.study.registry import constants


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
def test_heads_are_stripped_in_chunks_and_masks_that_come_along_scan_by_scan(
    tmp_path: Path, size: int, chunks: int
) -> None:
    overlay = {"datasets": {"healthy": {"brain": "hd-bet"}}, "brain": {"chunk": size, "deepbet_chunk": size}}
    found = jobs(dry(tmp_path, SMALLEST, "prep", "results/agreement/healthy.tsv", overlay=overlay))
    for tool in ("hdbet", "deepbet"):
        own = {rule for rule in found if rule.startswith(f"{tool}_healthy")}
        assert own == {f"{tool}_healthy_{n}" for n in range(chunks)}
    assert found["hdbet_weights"] == 1, "one fetch for all chunks"
    assert found["deepbet_stroke_0"] == 1
    assert found["brain"] == 3, "tumour"
    assert found["grid"] == 10


def test_hdbet_2_fetches_nothing(tmp_path: Path) -> None:
    given = tmp_path / "hdbet2"
    for name in constants("preprocess/hdbet2")["FILES"]:
        (given / name).parent.mkdir(parents=True, exist_ok=True)
        (given / name).touch()
    overlay = {
        "datasets": {"healthy": {"brain": "hd-bet"}},
        "brain": {"hdbet": 2, "hdbet_parameters": str(given)},
    }
    found = jobs(dry(tmp_path, SMALLEST, "prep", overlay=overlay))
    assert "hdbet_weights" not in found
    assert found["hdbet_healthy_0"] == 1


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
    steps = {"register", "refine", "bias", "grid"}
    whole = jobs(dry(tmp_path, study, overlay=overlay))
    chunks = {rule for rule in whole if rule.startswith("deepbet_scans_")}
    assert set(whole) == {"template", "cohort", *steps, *chunks, "checks", "qc", "dataset_files", "all"}
    assert chunks
    assert whole["grid"] == 2
    one = jobs(dry(tmp_path, study, "results/prep/scans/sub-p1/anat/sub-p1_qc.json", overlay=overlay))
    assert {rule: count for rule, count in one.items() if rule not in chunks} == (
        {"template": 1} | dict.fromkeys(steps, 1) | {"register": one["register"]}
    ), "with its chunk's registrations"
    assert sum(one[rule] for rule in chunks if rule in one) == 1
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
