"""Covers what the rules leave in results/prep and results/native: valid BIDS derivatives, which pybids finds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sadm.runtime.files import read_json
from sadm.study.places import folder

ABSENT = "no bids-validator or pybids here: they are in requirements.lock"
UNKNOWN = {"TOO_FEW_AUTHORS"}  # who they are, the scans do not say
PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def issues(place: Path) -> list[dict[str, str]]:
    """What the validator finds in the data set ``place``: errors and warnings, but those that the data must answer for."""
    program = shutil.which("bids-validator-deno", path=PATH)
    if not program:
        pytest.skip(ABSENT)
    words = [program, "--format", "json", str(place)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, env=os.environ | {"PATH": PATH})
    said = json.loads(done.stdout)
    assert said["summary"]["subjects"], "it saw the scans"
    return [issue for issue in said["issues"]["issues"] if issue["code"] not in UNKNOWN]


@pytest.fixture(scope="module")
def native(ran) -> Path:  # type: ignore[no-untyped-def]
    """The native results of the stroke data set, of a test scan alone."""
    with open(ran.folder / "results/splits/stroke.tsv") as stream:
        scan = next(line.split("\t")[1] for line in stream if line.rstrip().endswith("0\ttest"))
    place = Path("results/native/stroke")
    stem = f"{place}/{folder(scan)}/anat/{scan}"
    names = (f"{place}/README.md", f"{stem}_desc-brain_mask.nii.gz", f"{stem}_desc-AEfold0_score.nii.gz")
    done = ran(*names)
    assert done.returncode == 0, done.stderr[-3000:]
    return ran.folder / place


@pytest.mark.parametrize("dataset", ["healthy", "tumour", "stroke"])
def test_prepared_scans_are_a_valid_derivative(ran, dataset: str) -> None:  # type: ignore[no-untyped-def]
    assert issues(ran.folder / "results/prep" / dataset) == []


def test_native_results_are_a_valid_derivative(native: Path) -> None:
    assert issues(native) == []


def test_sessions_are_valid(ran, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    place, scan = tmp_path / "set", "sub-tumour001"
    shutil.copytree(ran.folder / "results/prep/tumour", place)
    for path in sorted((place / folder(scan) / "anat").iterdir()):
        session = f"{scan}_ses-1"
        there = place / folder(session) / "anat" / path.name.replace(scan, session)
        there.parent.mkdir(parents=True, exist_ok=True)
        path.rename(there)
    shutil.rmtree(place / folder(scan) / "anat")
    assert issues(place) == []


def test_pybids_finds_a_prepared_scan_and_what_it_was_made_of(ran) -> None:  # type: ignore[no-untyped-def]
    bids = pytest.importorskip("bids", reason=ABSENT)
    place, scan = ran.folder / "results/prep/stroke", "sub-stroke001"
    layout = bids.BIDSLayout(place, validate=False, config=["bids", "derivatives"])
    wanted = {"subject": "stroke001", "space": "SRI24", "desc": "preproc", "suffix": "T1w"}
    (found,) = layout.get(**wanted, extension=".nii.gz")
    assert (
        Path(found.path)
        == place / folder(scan) / f"anat/{scan}_space-SRI24_res-study_desc-preproc_T1w.nii.gz"
    )
    assert found.get_metadata()["SkullStripped"]
    assert found.get_metadata()["Sources"][0] == f"bids:raw:stroke/{scan}_T1w.nii.gz"
    (mask,) = layout.get(
        subject="stroke001", space="SRI24", label="lesion", suffix="mask", extension=".nii.gz"
    )
    assert mask.get_metadata()["Type"] == "Lesion"


def test_every_source_in_a_sidecar_is_there(ran, native: Path) -> None:  # type: ignore[no-untyped-def]
    for place in (ran.folder / "results/prep/stroke", native):
        links = read_json(place / "dataset_description.json")["DatasetLinks"] | {"": "."}
        sidecars = [path for path in place.rglob("anat/*.json") if not path.name.endswith("_qc.json")]
        assert sidecars
        for path in sidecars:
            said = read_json(path)
            for uri in [*said["Sources"], said["SpatialReference"]]:
                scheme, _, rest = uri.partition(":")
                dataset, _, file = rest.partition(":")
                assert scheme == "https" or (place / links[dataset] / file).exists(), f"{path}: {uri}"
