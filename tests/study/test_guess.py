"""Which importer lists a path: official trees, BIDS, any folder, one scan, and what is none of these."""

import gzip
from pathlib import Path

import pytest

from sadm.runtime.errors import DataError
from sadm.study import registry
from sadm.study.guess import Guess, guess
from sadm.study.study import Study

ATLAS = "Training/R001/sub-r001s001/ses-1/anat/sub-r001s001_ses-1_T1w.nii.gz"
TREES = {
    "ixi": ["IXI-T1/IXI002-Guys-0828-T1.nii.gz", "IXI-T1/IXI.xls"],
    "brats": ["BraTS2021_00000/BraTS2021_00000_t1.nii.gz", "BraTS2021_00000/BraTS2021_00000_seg.nii.gz"],
    "atlas": [ATLAS, ATLAS.replace("r001s001", "r001s002")],
    "bids": ["dataset_description.json", "sub-01/ses-a/anat/sub-01_ses-a_T1w.nii", "sub-02/anat/sub-02_T1w.nii.gz"],
    "folder": ["p07/T1.nii", "p08/2019/T1.nii.gz", "notes.txt"],
}  # fmt: skip


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.mark.parametrize("importer", TREES)
def test_a_tree_is_known(tmp_path: Path, importer: str) -> None:
    root = tree(tmp_path / "my scans", *TREES[importer])
    assert guess(root) == Guess(importer, {"path": str(root)})
    assert guess(root).scans()


@pytest.mark.parametrize("inner", ["IXI-T1", "Training"])
def test_a_tree_is_known_from_inside_too(tmp_path: Path, inner: str) -> None:
    root = tree(tmp_path, *TREES["ixi" if inner == "IXI-T1" else "atlas"])
    assert guess(root / inner).importer == guess(root).importer


def test_bids_needs_no_description(tmp_path: Path) -> None:
    assert guess(tree(tmp_path, "sub-x/anat/sub-x_T1w.nii")).tree == "BIDS"
    assert guess(tree(tmp_path / "flat", "sub-x/T1.nii")).importer == "folder"


def test_every_importer_of_files_can_be_asked() -> None:
    asked = {name for name in registry.names("data") if "TREE" in registry.constants(f"data/{name}")}
    assert set(registry.names("data")) - asked == {"demo"}


def test_one_part_of_the_release_is_told_with_its_part(tmp_path: Path) -> None:
    root = tree(tmp_path, "Data/Test/Brats21/t1/BraTS2021_00538_t1.nii.gz")
    assert guess(root).options == {"path": str(root), "part": "Brats21"}
    tree(root, "Data/Train/ixi/t1/IXI105-HH-1471_t1.nii.gz")
    with pytest.raises(DataError, match=r"it holds several: .*'part': 'ixi'.*'part': 'Brats21'"):
        guess(root)
    with pytest.raises(DataError, match="it is prepared already"):
        guess(root / "Data/Train/ixi/t1/IXI105-HH-1471_t1.nii.gz")


def test_two_trees_are_not_mixed(tmp_path: Path) -> None:
    root = tree(tmp_path, *TREES["ixi"], *(f"BraTS2021_Training_Data/{name}" for name in TREES["brats"]))
    with pytest.raises(DataError, match=r"several: BraTS: importer brats, .*IXI: importer ixi"):
        guess(root)
    assert guess(root / "IXI-T1").importer == "ixi"


def test_one_scan(tmp_path: Path) -> None:
    t1 = tree(tmp_path / "a b", "p07.nii.gz", "p08.nii.gz") / "p07.nii.gz"
    found = guess(t1)
    assert found == Guess("folder", {"path": str(t1)})
    assert found.tree == "one scan"
    assert [(scan.subject, scan.t1) for scan in found.scans()] == [("p07", str(t1))]


def test_a_scan_of_a_tree_keeps_its_space(tmp_path: Path) -> None:
    """Without it a stripped brain is stripped again."""
    root = tree(tmp_path, *TREES["brats"])
    t1 = root / TREES["brats"][0]
    assert guess(t1) == guess(t1.parent)
    assert guess(t1).options == {"path": str(t1), "space": "sri24", "stripped": True}


def test_a_subject_of_a_tree_is_its_scan_alone(tmp_path: Path) -> None:
    """The FLAIR beside a T1 is none."""
    root = tree(tmp_path, *TREES["bids"], "sub-02/anat/sub-02_FLAIR.nii.gz")
    assert guess(root / "sub-02").options == {"path": str(root / TREES["bids"][2])}
    tree(root, "sub-02/ses-2/anat/sub-02_ses-2_T1w.nii")
    with pytest.raises(DataError, match=r"holds 2 scans of a tree \(BIDS\)"):
        guess(root / "sub-02")


@pytest.mark.parametrize(
    ("names", "path", "said"),
    [
        ([], "absent", "no such file or folder"),
        ([], ".", "no .nii or .nii.gz; it is empty"),
        (["a/x.dcm", "a/y.dcm", "z.mgz"], ".", "2 .dcm, 1 .mgz"),
        (["x.mgz"], "x.mgz", "it is x.mgz"),
    ],
)
def test_what_is_no_scan_is_named(tmp_path: Path, names: list[str], path: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        guess(tree(tmp_path, *names) / path)


def test_a_fault_in_a_tree_above_does_not_matter(tmp_path: Path) -> None:
    root = tree(tmp_path, "sub-{x}/anat/sub-{x}_T1w.nii", "sub-1/anat/sub-1_T1w.nii", "mine/p1.nii")
    tree(
        root, "sub-1/ses-1/anat/sub-1_ses-1_run-1_T1w.nii", "derivatives/a/sub-1/sub-1_label-lesion_mask.nii"
    )
    tree(root, "derivatives/b/sub-1/sub-1_label-lesion_mask.nii")
    with pytest.raises(DataError):
        guess(root).scans()
    assert guess(root / "mine").importer == "folder"


def test_a_study_of_one_scan_names_its_source_by_its_folder(tmp_path: Path) -> None:
    t1 = tmp_path / "p07.nii.gz"
    t1.write_bytes(gzip.compress(b""))
    scans = {"importer": "folder", "brain": "deepbet", "options": {"path": str(t1)}}
    study = Study.from_config({"name": "one", "datasets": {"scans": scans}})
    assert study.raw("scans", "sub-p07") == {"t1": "bids:raw:p07.nii.gz"}


def test_real_trees(shared_data: Path) -> None:
    found = {p.name: guess(p).importer for p in shared_data.iterdir() if p.is_dir()}
    assert found == {
        "IXI-T1": "ixi",
        "BraTS2021_Training_Data": "brats",
        "ATLAS_2_like": "atlas",
        "bids_heads": "bids",
        "raw_tumour": "folder",
        "sri24": "folder",
    }
