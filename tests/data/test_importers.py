"""Covers sadm.data.base, sadm.data.atlas, sadm.data.bids, sadm.data.brats, sadm.data.folder, sadm.data.ixi, sadm.data.released.

Each importer lists its official tree exactly, from names alone, and says what is wrong with a tree.
"""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sadm.data import atlas, base, bids, brats, folder, ixi, released
from sadm.runtime.errors import ConfigError, DataError
from sadm.study import registry

SPACE = "space-MNI152NLin2009aSym"


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def options(importer: str, **given: object) -> dict:
    return registry.declared("data", importer)[1] | {k: str(v) for k, v in given.items()}


def listing(importer: str, **given: object) -> list[base.Scan]:
    return base.planned(importer, "set", options(importer, **given))


IXI = (
    "IXI-T1/IXI002-Guys-0828-T1.nii.gz",
    "IXI-T1/IXI012-HH-1211-T1.nii.gz",
    "IXI-T1/IXI035-IOP-0873-T1.nii.gz",
)


def atlas_files(subject: str, session: str = "1") -> tuple[str, str]:
    stem = (
        f"Training/{subject[:4].upper()}/sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}_{SPACE}"
    )
    return f"{stem}_T1w.nii.gz", f"{stem}_label-L_desc-T1lesion_mask.nii.gz"


def test_name_is_a_bids_label() -> None:
    assert base.Scan("d", "BraTS2021_00000", "", "x").name == "sub-BraTS202100000"
    assert base.Scan("d", "r001s001", "1", "x").name == "sub-r001s001_ses-1"


def test_the_names_of_results_begin_with_that_of_their_scan() -> None:
    files = ["prep/b/sub-2_ses-1_qc.json", "sub-2_space-SRI24_desc-brain_mask.nii.gz"]
    assert base.by_scan(files) == {"sub-2_ses-1": files[0], "sub-2": files[1]}
    for wrong in (["sub-1.nii"], ["IXI002_T1.nii"], ["a/sub-1_qc.json", "b/sub-1_qc.json"]):
        with pytest.raises(ValueError, match="scan"):
            base.by_scan(wrong)


@pytest.mark.parametrize("inside", ["", "IXI-T1"])
def test_ixi_site_from_the_name(tmp_path: Path, inside: str) -> None:
    touch(
        tmp_path,
        *IXI,
        "IXI-T1/IXI002-Guys-0828-T2.nii.gz",
        "IXI-T1/._IXI002-Guys-0828-T1.nii.gz",
        "IXI-T1/notes.txt",
    )
    found = listing("ixi", path=tmp_path / inside)
    assert [(s.subject, s.site, s.name) for s in found] == [
        ("IXI002", "Guys", "sub-IXI002"), ("IXI012", "HH", "sub-IXI012"), ("IXI035", "IOP", "sub-IXI035")
    ]  # fmt: skip
    assert found[0].t1 == str(tmp_path / IXI[0])


def test_ixi_subject_twice(tmp_path: Path) -> None:
    touch(tmp_path, *IXI, "IXI-T1/IXI002-HH-0999-T1.nii.gz")
    with pytest.raises(DataError, match=r"IXI002-Guys-0828-T1.*IXI002-HH-0999-T1"):
        listing("ixi", path=tmp_path)


OFFICIAL = {
    "IXI_ID": [2, 12, 12, 35, 36],
    "SEX_ID (1=m, 2=f)": [2, 1, 1, 0, 1],
    "HEIGHT": [164] * 5,
    "AGE": [35.8001369, 38.78, 44.1, None, 30],
}


@pytest.mark.parametrize("table", ["IXI.xls", "IXI-T1/IXI.xls", "IXI.xlsx", "IXI.csv"])
def test_ixi_official_demographics(tmp_path: Path, table: str) -> None:
    touch(tmp_path, *IXI)
    with open(tmp_path / table, "wb") as stream:  # pandas tells the Excel formats apart by content
        frame = pd.DataFrame(OFFICIAL)
        frame.to_csv(stream, index=False) if table.endswith("csv") else frame.to_excel(
            stream, index=False, engine="openpyxl"
        )
    for path in (tmp_path, tmp_path / "IXI-T1"):
        assert ixi.tables(options("ixi", path=path)) == [str(tmp_path / table)]
        known = ixi.demographics(options("ixi", path=path))
        assert known["IXI002"] == {"age": "35.8001", "sex": "F", "site": ""}
        assert known["IXI012"] == {"age": "", "sex": "M", "site": ""}, (
            "rows that disagree leave the value empty"
        )
        assert known["IXI035"] == {"age": "", "sex": "", "site": ""}


def test_table_without_subjects_says_what_is_looked_for(tmp_path: Path) -> None:
    touch(tmp_path, *IXI)
    (tmp_path / "IXI.csv").write_text("who,AGE\n2,30\n")
    with pytest.raises(DataError, match="none of its 2 columns is 'ixi_id'"):
        ixi.demographics(options("ixi", path=tmp_path))


def test_brats(tmp_path: Path) -> None:
    for number in (0, 2):
        touch(
            tmp_path,
            *(
                f"BraTS2021_{number:05}/BraTS2021_{number:05}_{kind}.nii.gz"
                for kind in ("t1", "t1ce", "flair", "seg")
            ),
        )
    touch(tmp_path, "BraTS2021_00003/BraTS2021_00003_seg.nii.gz", "BraTS2021_00004/BraTS2021_00004_t1.nii")
    found = listing("brats", path=tmp_path)
    assert [s.subject for s in found] == ["BraTS2021_00000", "BraTS2021_00002", "BraTS2021_00004"]
    assert found[0].lesion.endswith("BraTS2021_00000_seg.nii.gz")
    assert found[2].t1.endswith("_t1.nii")
    assert found[2].lesion == ""
    lacking = {s.subject: s.t1 for s in brats.listed("set", options("brats", path=tmp_path))}
    assert lacking["BraTS2021_00003"].endswith("BraTS2021_00003_t1.nii.gz"), (
        "the cohort check names the missing T1"
    )


@pytest.mark.parametrize("path", ["", "ATLAS_2", "ATLAS_2/Training"])
def test_atlas(tmp_path: Path, path: str) -> None:
    touch(
        tmp_path / "ATLAS_2",
        *atlas_files("r001s001"),
        *atlas_files("r009s085"),
        *atlas_files("r009s085", "2"),
    )
    touch(tmp_path / "ATLAS_2/Testing/R005/sub-r005s001/ses-1/anat", "sub-r005s001_ses-1_T1w.nii.gz")
    found = listing("atlas", path=tmp_path / path)
    assert [(s.name, s.site) for s in found] == [
        ("sub-r001s001_ses-1", "R001"), ("sub-r009s085_ses-1", "R009"), ("sub-r009s085_ses-2", "R009")
    ]  # fmt: skip
    assert all(s.lesion == s.t1.replace("_T1w", "_label-L_desc-T1lesion_mask") for s in found)


def test_atlas_table(tmp_path: Path) -> None:
    touch(tmp_path, *atlas_files("r001s001"))
    pd.DataFrame({"Subject ID": ["sub-r001s001"], "Session": ["ses-1"], "Age": [61], "Sex": ["Male"]}).to_csv(
        tmp_path / "m.csv", index=False
    )
    known = atlas.demographics(options("atlas", path=tmp_path, table=tmp_path / "m.csv"))
    assert known == {"r001s001": {"age": "61", "sex": "M", "site": ""}}
    assert atlas.demographics(options("atlas", path=tmp_path)) == {}


def test_atlas_errors(tmp_path: Path) -> None:
    touch(
        tmp_path / "a",
        *atlas_files("r001s001"),
        "Training/R002/sub-r001s001/ses-2/anat/sub-r001s001_ses-2_T1w.nii.gz",
    )
    with pytest.raises(DataError, match="r001s001 at R001 and R002"):
        listing("atlas", path=tmp_path / "a")
    t1, mask = atlas_files("r001s001")
    touch(tmp_path / "b", t1, mask, mask.replace("label-L", "label-R"))
    with pytest.raises(DataError, match=r"lesion label.*\n.*\n.*label-L.*label-R"):
        listing("atlas", path=tmp_path / "b")


def test_bids_runs_get_distinct_names(tmp_path: Path) -> None:
    touch(
        tmp_path,
        *(f"sub-01/anat/sub-01_acq-mprage_run-{run}_T1w.nii.gz" for run in (1, 2)),
        "sub-01/anat/sub-01_T2w.nii.gz",
    )
    touch(
        tmp_path,
        "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii",
        "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii.gz",
        "sub-03/func/x_bold.nii.gz",
    )
    found = listing("bids", path=tmp_path)
    names = ["sub-01_ses-acqmpragerun1", "sub-01_ses-acqmpragerun2", "sub-02_ses-a", "sub-02_ses-b"]
    assert [s.name for s in found] == names
    assert [s.subject for s in found] == ["01", "01", "02", "02"], "all sessions stay with their subject"
    assert [s.name for s in listing("bids", path=tmp_path, t1="*_run-1_T1w")] == ["sub-01"]


def test_bids_same_image_compressed_and_not(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01/anat/sub-01_T1w.nii", "sub-01/anat/sub-01_T1w.nii.gz")
    with pytest.raises(DataError, match=r"sub-01_T1w\.nii, .*sub-01_T1w\.nii\.gz"):
        listing("bids", path=tmp_path)


LESIONS = {
    "sub-01_label-lesion_mask": True,
    "sub-01_desc-T1lesion_mask": True,
    "sub-01_space-T1w_label-lesion_desc-manual_mask": True,
    "sub-01_space-MNI152NLin6Asym_label-lesion_mask": False,
    "sub-01_T2w_desc-lesion_mask": False,
    "sub-01_acq-other_label-lesion_mask": False,
    "sub-01_label-GM_mask": False,
}


@pytest.mark.parametrize("name", LESIONS)
def test_bids_lesions_on_the_grid_of_the_t1(tmp_path: Path, name: str) -> None:
    t1 = "sub-01/anat/sub-01_T1w.nii.gz"
    touch(
        tmp_path,
        t1,
        f"derivatives/masks/sub-01/anat/{name}.nii.gz",
        "derivatives/x/sub-01/anat/sub-01_desc-brain_mask.nii.gz",
    )
    touch(
        tmp_path, "derivatives/x/sub-01/anat/sub-01_space-MNI_desc-brain_mask.nii.gz", "derivatives/x/log.txt"
    )
    (scan,) = listing("bids", path=tmp_path)
    assert scan.lesion == (
        str(tmp_path / f"derivatives/masks/sub-01/anat/{name}.nii.gz") if LESIONS[name] else ""
    )
    assert scan.brain_mask == str(tmp_path / "derivatives/x/sub-01/anat/sub-01_desc-brain_mask.nii.gz")


def test_bids_masks_of_sessions_and_runs(tmp_path: Path) -> None:
    for ses in "ab":
        touch(
            tmp_path / f"sub-01/ses-{ses}/anat", *(f"sub-01_ses-{ses}_run-{run}_T1w.nii.gz" for run in (1, 2))
        )
        touch(
            tmp_path / f"derivatives/les/sub-01/ses-{ses}/anat",
            f"sub-01_ses-{ses}_run-2_label-lesion_mask.nii.gz",
        )
    found = {s.name: Path(s.lesion).name for s in listing("bids", path=tmp_path)}
    assert found == {
        "sub-01_ses-arun1": "", "sub-01_ses-arun2": "sub-01_ses-a_run-2_label-lesion_mask.nii.gz",
        "sub-01_ses-brun1": "", "sub-01_ses-brun2": "sub-01_ses-b_run-2_label-lesion_mask.nii.gz",
    }  # fmt: skip


def test_bids_ambiguous_mask_is_an_error_that_an_option_resolves(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz")
    touch(
        tmp_path,
        *(f"derivatives/r{r}/sub-01/anat/sub-01_label-lesion_desc-rater{r}_mask.nii.gz" for r in (1, 2)),
    )
    with pytest.raises(DataError, match=r"options\.lesion"):
        listing("bids", path=tmp_path)
    (scan,) = listing("bids", path=tmp_path, lesion="*rater2_mask")
    assert scan.lesion.endswith("rater2_mask.nii.gz")


def test_bids_participants(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz")
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tsex\tage\tsite\nsub-01\tfemale\t33\tRome\nsub-02\tn/a\tn/a\tRome\n"
    )
    known = bids.demographics(options("bids", path=tmp_path))
    assert known == {
        "01": {"age": "33", "sex": "F", "site": "Rome"},
        "02": {"age": "", "sex": "", "site": "Rome"},
    }


@pytest.mark.parametrize("level", ["", "Data/"])
def test_released(tmp_path: Path, level: str) -> None:
    names = {
        "Train/ixi": ("IXI105-HH-1471", ("t1", "mask")),
        "Test/Brats21": ("BraTS2021_00538", ("t1", "mask", "seg")),
        "Test/ATLAS_v2": (f"sub-r009s085_ses-1_{SPACE}", ("t1", "mask", "seg")),
    }
    for place, (name, kinds) in names.items():
        touch(tmp_path, *(f"{level}{place}/{kind}/{name}_{kind}.nii.gz" for kind in kinds))
    (tmp_path / level / "splits").mkdir()
    (tmp_path / level / "splits/IXI_test.csv").write_text(
        "img_path,img_name,age\n/x,IXI105-HH-1471_t1.nii.gz,44.5\n"
    )
    found = {part: listing("released", path=tmp_path, part=part)[0] for part in released.PARTS}
    assert [(s.name, s.site) for s in found.values()] == [
        ("sub-IXI105", "HH"),
        ("sub-BraTS202100538", ""),
        ("sub-r009s085_ses-1", "R009"),
    ]
    assert [bool(s.lesion) for s in found.values()] == [False, True, True]
    assert all(Path(s.brain_mask).exists() for s in found.values())
    assert released.demographics(options("released", path=tmp_path, part="ixi"))["IXI105"]["age"] == "44.5"
    (tmp_path / level / "Train/ixi/t1/IXI105-HH-1471_t1.nii.gz").unlink()
    assert listing("released", path=tmp_path, part="ixi") == []
    assert len(released.listed("set", options("released", path=tmp_path, part="ixi"))) == 1, (
        "the cohort check names the missing T1"
    )


@pytest.mark.parametrize(
    ("patterns", "names", "found"),
    [
        (
            {},
            ("p1.nii", "a/p2.nii.gz", ".hidden.nii", ".git/x.nii", "notes.txt"),
            {"sub-p1": "", "sub-ap2": ""},
        ),
        (
            {"t1": "*/T1", "lesion": "*/lesion"},
            ("p1/T1.nii.gz", "p1/lesion.nii", "p1/T2.nii.gz", "p2/T1.nii", "x/p3/T1.nii"),
            {"sub-p1": "p1/lesion.nii", "sub-p2": ""},
        ),
        (
            {"t1": "*/*/T1", "lesion": "masks/*-*_seg"},
            ("p1/2019/T1.nii", "p1/2021/T1.nii", "masks/p1-2019_seg.nii"),
            {"sub-p1_ses-2019": "masks/p1-2019_seg.nii", "sub-p1_ses-2021": ""},
        ),
        (
            {"t1": "**", "lesion": "**_lesion"},
            ("a/p1.nii", "a/p1_lesion.nii.gz", "p2.nii"),
            {"sub-ap1": "a/p1_lesion.nii.gz", "sub-p2": ""},
        ),
    ],
)
def test_folder_of_any_shape(
    tmp_path: Path, patterns: dict[str, str], names: tuple[str, ...], found: dict[str, str]
) -> None:
    touch(tmp_path, *names)
    made = {scan.name: scan for scan in listing("folder", path=tmp_path, **patterns)}
    assert {name: scan.lesion for name, scan in made.items()} == {
        name: lesion and str(tmp_path / lesion) for name, lesion in found.items()
    }


def test_folder_finds_brain_masks_and_names_what_is_ambiguous(tmp_path: Path) -> None:
    touch(tmp_path, "p1.nii", "masks/p1.nii.gz")
    (scan,) = listing("folder", path=tmp_path, t1="*", brain_mask="masks/*")
    assert scan.brain_mask == str(tmp_path / "masks/p1.nii.gz")
    touch(tmp_path, "masks/p1.nii")
    with pytest.raises(DataError, match="Several files may be the brain mask"):
        listing("folder", path=tmp_path, t1="*", brain_mask="masks/*")
    touch(tmp_path, "p1.nii.gz")
    with pytest.raises(DataError, match="same subject and session"):
        listing("folder", path=tmp_path, t1="*")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"t1": "T1"}, "t1: 'T1' has no"),
        ({"t1": "*/T1", "lesion": "*/*_seg"}, "lesion: other stars than t1's"),
        ({"t1": "*", "brain_mask": "**"}, "brain_mask: other stars than t1's"),
    ],
)
def test_folder_refuses_patterns_that_cannot_be(tmp_path: Path, given: dict[str, str], said: str) -> None:
    touch(tmp_path, "p1.nii")
    with pytest.raises(ConfigError, match=said):
        folder.listed("set", registry.declared("data", "folder")[1] | {"path": str(tmp_path)} | given)


@pytest.mark.parametrize("importer", ["ixi", "brats", "atlas", "bids", "released", "folder"])
def test_contract(tmp_path: Path, importer: str) -> None:
    constants, defaults = registry.declared("data", importer)
    assert constants["SPACE"] in ("native", "sri24", "study")
    assert constants["STRIPPED"] in (True, False)
    assert defaults["path"] == ""
    assert all(said["description"] for said in registry.settings("data", importer).values())
    for path in ("", tmp_path / "absent"):
        with pytest.raises(DataError, match="no such folder"):
            listing(importer, path=path)
    with pytest.raises(DataError, match="no scans"):
        listing(importer, path=tmp_path)


@pytest.mark.parametrize("importer", ["ixi", "brats", "atlas", "bids", "released", "folder"])
def test_listing_needs_the_standard_library_alone(importer: str) -> None:
    code = f"import sys, sadm.data.{importer}; print({{'numpy', 'pandas', 'nibabel'}} & set(sys.modules))"
    src = str(Path(base.__file__).parents[2])
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": src}, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"


def test_real_trees(shared_data: Path) -> None:
    trees = {
        "ixi": ("IXI-T1", 100),
        "brats": ("BraTS2021_Training_Data", 6),
        "atlas": ("ATLAS_2_like", 14),
        "bids": ("bids_heads", 3),
    }
    found = {name: listing(name, path=shared_data / tree) for name, (tree, _) in trees.items()}
    assert {name: len(scans) for name, scans in found.items()} == {
        name: count for name, (_, count) in trees.items()
    }
    assert all(s.lesion for name in ("brats", "atlas") for s in found[name])
    known = ixi.demographics(options("ixi", path=shared_data / "IXI-T1"))
    ages = [
        float(known[s.subject]["age"]) for s in found["ixi"] if s.subject in known and known[s.subject]["age"]
    ]
    assert len(ages) == 97
    assert min(ages) > 15
    assert bids.demographics(options("bids", path=shared_data / "bids_heads"))["02"] == {
        "age": "34",
        "sex": "F",
        "site": "",
    }
