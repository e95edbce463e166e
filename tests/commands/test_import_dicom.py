"""DICOM series become a BIDS tree: the T1 of each session by rule, each other series told, nothing of the patient but the id."""

import importlib.util
import json
import shutil
import stat
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.commands import import_dicom
from sadm.commands.import_dicom import Series, choose, imported, person, unfit
from sadm.data import base
from sadm.runtime.errors import DataError, OutputError, ProcessingError
from sadm.study import registry

MPRAGE = {
    "Modality": "MR", "SeriesDescription": "t1_mprage_sag", "ImageType": ["ORIGINAL", "PRIMARY", "M"], "EchoTime": 0.003, "RepetitionTime": 2.3,
    "InversionTime": 0.9, "FlipAngle": 9, "PatientID": "P-7", "PatientName": "Doe", "PatientSex": "F", "PatientAge": "043Y",
    "StudyInstanceUID": "1.2.3", "AcquisitionDateTime": "2023-03-14T10:11:12", "InstitutionName": "H",
}  # fmt: skip


def series(size: float = 1.0, shape: tuple[int, ...] = (192, 256, 256), **said: object) -> Series:
    return Series(
        Path(f"{len(said)}_{said.get('SeriesNumber', 1)}.nii.gz"), MPRAGE | said, (size, 1.0, 1.0), shape
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, ""),
        ({"SeriesDescription": "Sag 3D BRAVO"}, ""),
        ({"SeriesDescription": "study of the head"}, ""),  # the timing tells
        ({"SeriesDescription": "brain", "InversionTime": 0, "RepetitionTime": 0.02, "FlipAngle": 20}, ""),
        (
            {"SeriesDescription": "brain", "InversionTime": 0, "RepetitionTime": 5, "EchoTime": 0.09},
            "neither its name",
        ),
        ({"SeriesDescription": "t2_space_flair"}, "another contrast"),
        ({"SeriesDescription": "AAHead_Scout"}, "a look ahead"),
        ({"SeriesDescription": "t1_mprage post GD"}, "contrast agent: post"),
        ({"ContrastBolusAgent": "Gadovist"}, "contrast agent"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "ImageType is MPR"),
        ({"Modality": "CT"}, "modality is CT"),
    ],
)
def test_what_a_series_is(said: dict, why: str) -> None:
    found = unfit(series(**said))
    assert why in found
    assert bool(found) == bool(why)


def test_thick_slices_and_maps_over_time_are_no_volume() -> None:
    assert "5" in unfit(series(5.0, (30, 256, 256)))
    assert "4 dimensions" in unfit(series(1.0, (64, 64, 64, 20)))


def test_the_finest_original_with_an_even_profile_is_the_t1() -> None:
    plain = series(SeriesNumber=2)
    even = series(SeriesNumber=3, ImageType=["ORIGINAL", "PRIMARY", "M", "NORM"])
    coarse = series(1.5, SeriesNumber=1, ImageType=["ORIGINAL", "PRIMARY", "M", "NORM"])
    derived = series(0.8, SeriesNumber=4, ImageType=["DERIVED", "PRIMARY", "NORM"])
    best, why = choose([plain, coarse, derived, even])
    assert best is even
    assert [why[str(each.image)].split(", ")[-1] for each in (plain, coarse, derived)] == [
        "as it is corrected for the coil's profile", "of finer voxels", "as an original"
    ]  # fmt: skip
    assert choose([series(SeriesDescription="t2")])[0] is None


def test_age_is_told_or_follows_from_the_dates() -> None:
    assert person([series()]) == {"age": "43", "sex": "F"}
    assert person([series(PatientAge="", PatientBirthDate="1980-05-03", PatientSex="O")]) == {
        "age": "42",
        "sex": "n/a",
    }
    assert person([series(PatientAge="006M")])["age"] == "0.5"


def converter(place: Path, *found: dict) -> Path:
    """A program that leaves what dcm2niix would of ``found``."""
    store = place / "store"
    store.mkdir(parents=True)
    data = np.random.default_rng(3).integers(0, 900, (60, 64, 56)).astype("int16")
    for number, said in enumerate(found):
        nib.save(nib.Nifti1Image(data, np.diag([3.0, 3, 3, 1])), store / f"{number}.nii.gz")
        (store / f"{number}.json").write_text(json.dumps(MPRAGE | {"SeriesNumber": number} | said))
    program = place / "dcm2niix"
    program.write_text(
        f"#!{sys.executable}\nimport shutil, sys\nshutil.copytree({str(store)!r}, sys.argv[sys.argv.index('-o') + 1], dirs_exist_ok=True)\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    return program


def test_a_tree_of_bids_that_the_importer_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    later = {"StudyInstanceUID": "1.2.1", "AcquisitionDateTime": "2024-01-01T00:00:00"}
    found = [
        {},
        later,
        {"SeriesDescription": "flair"},
        {"PatientID": "Q 8", "StudyInstanceUID": "9", "PatientSex": "M"},
    ]
    monkeypatch.setattr(import_dicom, "program", lambda: str(converter(tmp_path, *found)))
    root = tmp_path / "bids"
    imported(tmp_path, root)
    scans = base.listing("bids", "set", registry.declared("data", "bids")[1] | {"path": str(root)})
    assert [scan.name for scan in scans] == ["sub-P7_ses-1", "sub-P7_ses-2", "sub-Q8"]
    assert "not used, series 2 (flair): another contrast: flair" in capsys.readouterr().out
    texts = "".join(path.read_text() for path in root.rglob("*") if path.suffix in (".json", ".tsv"))
    assert not any(word in texts for word in ("Doe", "P-7", "2023", "1.2.3", "InstitutionName"))
    assert "sub-P7\t43\tF" in (root / "participants.tsv").read_text()
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(OutputError, match="there already"):
        imported(tmp_path, root)


def test_a_label_for_two_patients_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = converter(tmp_path, {}, {"PatientID": "other"})
    monkeypatch.setattr(import_dicom, "program", lambda: str(made))
    with pytest.raises(DataError, match="given for several"):
        imported(tmp_path, tmp_path / "bids", subject="01")


def test_no_converter_and_no_series_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ProcessingError, match=r"pip install dcm2niix=="):
        imported(tmp_path, tmp_path / "bids")
    with pytest.raises(DataError, match="no such folder"):
        imported(tmp_path / "absent", tmp_path / "bids")
    monkeypatch.setattr(import_dicom, "program", lambda: "true")
    with pytest.raises(DataError, match="No DICOM series"):
        imported(tmp_path, tmp_path / "bids")
    monkeypatch.setattr(import_dicom, "program", lambda: str(made))
    made = converter(tmp_path, {"SeriesDescription": "t2"})
    with pytest.raises(DataError, match="No series is a T1"):
        imported(tmp_path, tmp_path / "bids")
    assert not (tmp_path / "bids").exists()
