"""Covers sadm.data.brats, sadm.data.atlas, sadm.data.ixi: the editions that exist, told by their names; and what a folder has instead."""

from pathlib import Path

import pytest

from sadm.data import account, base
from sadm.runtime.errors import DataError
from sadm.study import registry


def of(importer: str, root: Path, *names: str, **given: object) -> tuple[list[base.Scan], account.Account]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    said = registry.declared("data", importer)[1] | {"path": str(root)} | given
    scans = base.listing(importer, "set", said)
    return scans, account.account(importer, "set", said, scans)


BRATS = {
    "2017": ("Brats17TrainingData/HGG/Brats17_TCIA_117_1/Brats17_TCIA_117_1", "_t1.nii.gz", "_seg.nii.gz", "Brats17_TCIA_117", "1"),
    "2018": ("MICCAI_BraTS_2018_Data_Training/LGG/Brats18_TCIA09_141_1/Brats18_TCIA09_141_1", "_t1.nii.gz", "_seg.nii.gz", "Brats18_TCIA09_141", "1"),
    "2019": ("HGG/BraTS19_CBICA_AAB_1/BraTS19_CBICA_AAB_1", "_t1.nii", "_seg.nii", "BraTS19_CBICA_AAB", "1"),
    "2020": ("MICCAI_BraTS2020_TrainingData/BraTS20_Training_001/BraTS20_Training_001", "_t1.nii", "_seg.nii", "BraTS20_Training_001", ""),
    "2021": ("BraTS2021_00495/BraTS2021_00495", "_t1.nii.gz", "_seg.nii.gz", "BraTS2021_00495", ""),
    "2023 or later, GLI": ("BraTS-GLI-00000-001/BraTS-GLI-00000-001", "-t1n.nii.gz", "-seg.nii.gz", "BraTS-GLI-00000", "001"),
    "2023 or later, MET": ("ASNR-X/BraTS-MET-00001-000/BraTS-MET-00001-000", "-t1n.nii.gz", "-seg.nii.gz", "BraTS-MET-00001", "000"),
    "2023 or later, MEN": ("BraTS-MEN-00004-000/BraTS-MEN-00004-000", "-t1n.nii.gz", "-seg.nii.gz", "BraTS-MEN-00004", "000"),
    "2023 or later, PED": ("BraTS-PED-00002-000/BraTS-PED-00002-000", "-t1n.nii.gz", "-seg.nii.gz", "BraTS-PED-00002", "000"),
    "2023 or later, SSA": ("BraTS-SSA-00002-000/BraTS-SSA-00002-000", "-t1n.nii.gz", "-seg.nii.gz", "BraTS-SSA-00002", "000"),
}  # fmt: skip


@pytest.mark.parametrize("edition", BRATS)
def test_brats_of_each_year(tmp_path: Path, edition: str) -> None:
    stem, t1, seg, subject, session = BRATS[edition]
    others = [
        f"{stem}{t1.replace('t1n', 't2w').replace('t1', 't2')}",
        f"{stem}{t1.replace('t1n', 't1c').replace('_t1.', '_t1ce.')}",
    ]
    (scan,), found = of("brats", tmp_path, stem + t1, stem + seg, *others)
    assert (scan.subject, scan.session) == (subject, session)
    assert (scan.t1, scan.lesion) == (str(tmp_path / (stem + t1)), str(tmp_path / (stem + seg)))
    assert found.notes[0] == f"edition: BraTS {edition} (1 scans)"
    assert found.line.startswith("2 of 4 images used; 2 not: ")
    assert any("SRI24's space" in note for note in found.notes) == ("later" in edition)
    assert not any("SRI24" in note for note in of("brats", tmp_path, space="sri24")[1].notes)


def test_time_points_are_of_one_patient_and_all_years_together(tmp_path: Path) -> None:
    names = [
        f"BraTS-GLI-00002-00{n}/BraTS-GLI-00002-00{n}-{kind}.nii.gz"
        for n in (0, 1)
        for kind in ("t1n", "seg")
    ]
    scans, found = of(
        "brats",
        tmp_path,
        *names,
        "BraTS2021_00001/BraTS2021_00001_t1.nii.gz",
        "BraTS-GLI-00003-000/BraTS-GLI-00003-000-t2w.nii.gz",
    )
    assert [scan.name for scan in scans] == [
        "sub-BraTS202100001", "sub-BraTSGLI00002_ses-000", "sub-BraTSGLI00002_ses-001", "sub-BraTSGLI00003_ses-000"
    ], "also one without a T1, which the cohort check names"  # fmt: skip
    assert len({scan.subject for scan in scans}) == 3
    assert found.notes[0] == "edition: BraTS 2021 (1 scans), BraTS 2023 or later, GLI (3 scans)"


def test_the_label_of_another_name_is_taken_and_told(tmp_path: Path) -> None:
    stem = "BraTS20_Training_355/"
    (scan,), found = of(
        "brats",
        tmp_path,
        f"{stem}BraTS20_Training_355_t1.nii",
        f"{stem}W39_1998.09.19_Segm.nii",
        f"{stem}BraTS20_Training_355_t2.nii",
    )
    assert Path(scan.lesion).name == "W39_1998.09.19_Segm.nii"
    assert "BraTS20_Training_355: W39_1998.09.19_Segm.nii is taken for its label" in found.notes
    with pytest.raises(DataError, match="Several files may be the lesion label"):
        of("brats", tmp_path, f"{stem}other_seg.nii")


def test_brats_in_one_folder(tmp_path: Path) -> None:
    names = [f"BraTS-PED-0000{n}-000-{kind}.nii.gz" for n in (1, 2) for kind in ("t1n", "t1c", "seg")]
    scans, _ = of("brats", tmp_path, *names)
    assert [(scan.subject, Path(scan.lesion).name) for scan in scans] == [
        (f"BraTS-PED-0000{n}", f"BraTS-PED-0000{n}-000-seg.nii.gz") for n in (1, 2)
    ]


ATLAS2 = "sub-r004s001/ses-1/anat/sub-r004s001_ses-1_space-MNI152NLin2009aSym"


@pytest.mark.parametrize(
    ("place", "edition"),
    [
        ("ATLAS_2/Training/R004/", "ATLAS 2.0 Training (1)"),
        ("Training/r004/", "ATLAS 2.0 Training (1)"),
        ("Training/", "ATLAS 2.0, without folders of sites Training (1)"),
        ("", "ATLAS 2.0, without folders of sites (1)"),
    ],
)
def test_atlas_2_with_and_without_sites(tmp_path: Path, place: str, edition: str) -> None:
    files = [f"{place}{ATLAS2}_T1w.nii.gz", f"{place}{ATLAS2}_label-L_desc-T1lesion_mask.nii.gz"]
    (scan,), found = of("atlas", tmp_path, *files)
    assert (scan.subject, scan.session, scan.site, bool(scan.lesion)) == ("r004s001", "1", "R004", True)
    assert found.notes[0] == f"edition: {edition}"


def test_atlas_testing_has_no_labels(tmp_path: Path) -> None:
    (scan,), found = of("atlas", tmp_path, f"Testing/R004/{ATLAS2}_T1w.nii.gz")
    assert scan.lesion == ""
    assert any("Testing has no labels" in note for note in found.notes)
    scans, found = of("atlas", tmp_path, f"Training/R001/{ATLAS2.replace('r004', 'r001')}_T1w.nii.gz")
    assert [scan.site for scan in scans] == ["R001"]
    assert any("Testing is another part" in note for note in found.notes)


@pytest.mark.parametrize(
    ("t1", "label", "said"),
    [
        ("ATLAS_R1.2/Site1/031768/t01/031768_t1w_deface_stx.nii.gz", "031768_LesionSmooth_stx.nii.gz", ("031768", "t01", "Site1")),
        ("c0001/c0001s0004t01/c0001s0004t01_t1w_stx.nii.gz", "c0001s0004t01_LesionSmooth_stx.nii.gz", ("c0001s0004", "t01", "c0001")),
        ("native/c0002/c0002s0001t02/c0002s0001t02_t1w.nii.gz", "c0002s0001t02_LesionSmooth.nii.gz", ("c0002s0001", "t02", "c0002")),
    ],
)  # fmt: skip
def test_atlas_1(tmp_path: Path, t1: str, label: str, said: tuple[str, str, str]) -> None:
    (scan,), found = of("atlas", tmp_path, t1, str(Path(t1).parent / label))
    assert (scan.subject, scan.session, scan.site) == said
    assert scan.lesion.endswith(label)
    assert found.notes[0] == "edition: ATLAS 1.1 or 1.2 (1)"
    second = str(Path(t1).parent / label.replace("LesionSmooth", "LesionSmooth_1"))
    with pytest.raises(DataError, match=r"LesionSmooth_1(.|\n)*add them up"):
        of("atlas", tmp_path, second)


def test_ixi_beside_its_archive(tmp_path: Path) -> None:
    (tmp_path / "IXI-T1.tar").write_text("packed")
    with pytest.raises(DataError, match=r"IXI-T1\.tar is there\n.*unpack .*IXI-T1\.tar"):
        of("ixi", tmp_path / "IXI-T1")
    scans, found = of("ixi", tmp_path, "IXI-T1/IXI002-Guys-0828-T1.nii.gz")
    assert len(scans) == 1
    assert found.notes[0] == "edition: IXI, 1 of the 581 T1 heads (Guys 1)"


@pytest.mark.parametrize("importer", ["ixi", "atlas", "bids"])
def test_another_tree_is_named_with_its_importer(tmp_path: Path, importer: str) -> None:
    with pytest.raises(DataError, match="importer: brats"):
        of(importer, tmp_path, "BraTS-GLI-00000-000/BraTS-GLI-00000-000-t1n.nii.gz")
