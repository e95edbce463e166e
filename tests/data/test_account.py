"""Covers sadm.data.account, sadm.data.tree.

Every image below a data set's folder is used, or not and why, whatever the importer.
"""

import json
import os
import unicodedata
from pathlib import Path

import pytest

from sadm.data import account, base, tree
from sadm.runtime.errors import DataError
from sadm.study import registry

ATLAS = "Training/R001/sub-r001s001/ses-1/anat/sub-r001s001_ses-1_space-MNI152NLin2009aSym"
TREES = {
    "ixi": ["IXI-T1/IXI002-Guys-0828-T1.nii.gz", "IXI-T1/IXI012-HH-1211-T1.nii", "IXI-T2/IXI002-Guys-0828-T2.nii.gz"],
    "brats": [f"BraTS2021_0000{n}/BraTS2021_0000{n}_{kind}.nii.gz" for n in (1, 2) for kind in ("t1", "t1ce", "t2", "flair", "seg")],
    "atlas": [f"{ATLAS}_T1w.nii.gz", f"{ATLAS}_label-L_desc-T1lesion_mask.nii.gz", "Training/sub-r003s001/ses-1/anat/x_T1w.nii.gz"],
    "bids": [
        "sub-01/anat/sub-01_T1w.nii.gz", "sub-01/anat/sub-01_FLAIR.nii.gz", "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii", "sub-02/ses-a/func/b.nii",
        "derivatives/m/sub-01/anat/sub-01_label-lesion_mask.nii.gz", "derivatives/m/sub-01/anat/sub-01_space-MNI_T1w.nii.gz",
    ],
    "folder": ["p07/T1.nii", "p08/2019/T1.nii.gz", "p08/2019/FLAIR.nii.gz", "p07/brain_mask.nii.gz"],
    "released": [f"Data/{place}/{kind}/{name}_{kind}.nii.gz" for place, name in
                 (("Train/ixi", "IXI105-HH-1471"), ("Test/Brats21", "BraTS2021_00538")) for kind in ("t1", "mask")],
    "demo": ["set/sub-healthy001_T1w.nii.gz", "set/sub-healthy099_T1w.nii.gz"],
}  # fmt: skip
STRANGERS = [
    "a.mgz", "b.img", "b.hdr", "c.nrrd", "d/IM0001.dcm", "e.NII.GZ", "f.MHA", "g_mask.nii.gz", "h_T2w.nii", ".hidden.nii", ".trash/old.nii.gz",
    "i.nii.bz2", "stray.nii.gz", "j/k/l/stray2.nii", "line\nbreak.mgz", "deriv/sub-1/anat/sub-1_desc-preproc_T1w.nii.gz",
]  # fmt: skip


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def of(importer: str, root: Path, **options: object) -> tuple[list[base.Scan], account.Account]:
    said = registry.declared("data", importer)[1] | {"path": str(root)} | options
    scans = base.listing(importer, "set", said)
    return scans, account.account(importer, "set", said, scans)


def counted(root: Path) -> set[str]:
    """Images below ``root`` by a rule of this test's own."""
    ends = (".nii", ".nii.gz", ".nii.bz2", ".mgz", ".img", ".hdr", ".nrrd", ".dcm", ".mha")
    found = [Path(place, name) for place, _, names in os.walk(root) for name in names]
    return {
        tree.shown(path.relative_to(root).as_posix()) for path in found if path.name.lower().endswith(ends)
    }


@pytest.mark.parametrize("importer", registry.names("data"))
def test_used_and_not_used_are_all_images(tmp_path: Path, importer: str) -> None:
    root = touch(tmp_path, *TREES.get(importer, []))
    touch(
        root / "set" if importer == "demo" else root,
        *(name for name in STRANGERS if importer != "folder" or "stray" not in name),
    )
    (root / "dead.nii.gz").symlink_to("not/fetched")
    said = (
        registry.declared("data", importer)[1]
        | {"path": str(root)}
        | ({"count": 1} if importer == "demo" else {})
    )
    scans = base.listing(importer, "set", said) if importer in TREES else []
    found = account.account(importer, "set", said, scans)
    files = [row["file"] for row in found.rows]
    assert sorted(files) == sorted(counted(root / "set" if importer == "demo" else root))
    assert all(bool(row["used_as"]) != bool(row["why_not"]) for row in found.rows)
    used = {(row["used_as"], row["scan"]) for row in found.rows if row["used_as"]}
    kinds = ("t1", "brain_mask", "lesion")
    assert used == {
        (kind, scan.name) for scan in scans for kind in kinds if os.path.exists(getattr(scan, kind))
    }
    some = sum(1 for row in found.rows if row["used_as"])
    assert found.line.startswith(f"{some} of {len(files)} images used; {len(files) - some} not: ")


def test_a_link_to_a_folder_is_followed_once(tmp_path: Path) -> None:
    store = touch(tmp_path / "store", "p1/T1.nii.gz")
    root = touch(tmp_path / "data", "p2/T1.nii.gz")
    (root / "p1").symlink_to(store / "p1")
    (root / "p2" / "up").symlink_to(root)
    (root / "a").symlink_to(root / "p2")
    scans, found = of("folder", root, t1="*/T1")
    assert [scan.subject for scan in scans] == ["p1", "p2"], (
        "p2 by its own name, though a link comes before it"
    )
    assert found.line == "2 of 2 images used"
    scans, found = of("folder", root)
    assert [scan.name for scan in scans] == ["sub-p1T1", "sub-p2T1"]


def test_a_store_inside_the_folder_is_read_by_the_names_of_its_links(tmp_path: Path) -> None:
    root = touch(tmp_path, "zz/one/T1.nii.gz", "zz/two/T1.nii.gz")
    for name in ("one", "two"):
        (root / f"p-{name}").symlink_to(root / "zz" / name)
    scans, found = of("folder", root, t1="p-*/T1")
    assert [scan.t1 for scan in scans] == [str(root / "p-one/T1.nii.gz"), str(root / "p-two/T1.nii.gz")]
    assert found.line == "2 of 2 images used"


def test_bids_labels_behind_a_linked_folder_are_found(tmp_path: Path) -> None:
    store = touch(tmp_path / "store", "sub-01_label-lesion_mask.nii.gz")
    root = touch(tmp_path / "data", "sub-01/anat/sub-01_T1w.nii.gz", "derivatives/m/sub-01/x.txt")
    (root / "derivatives/m/sub-01/anat").symlink_to(store)
    (scan,), found = of("bids", root)
    assert scan.lesion.endswith("anat/sub-01_label-lesion_mask.nii.gz")
    assert found.line == "2 of 2 images used"


@pytest.mark.parametrize("label", ["A-01", "A_02", "A+03", "A.04", "A 05", "Ö6a", "01"])
def test_bids_subjects_of_any_label(tmp_path: Path, label: str) -> None:
    name = f"sub-{label}"
    touch(
        tmp_path, f"{name}/ses-x.1/anat/{name}_ses-x.1_acq-b_T1w.nii.gz", f"{name}/anat/sub-other_T1w.nii.gz"
    )
    touch(tmp_path, f"derivatives/m/{name}/ses-x.1/anat/{name}_ses-x.1_acq-b_label-lesion_mask.nii.gz")
    (scan,), found = of("bids", tmp_path)
    assert (scan.subject, scan.session) == (label, "x.1")
    assert scan.lesion
    assert [row["why_not"] for row in found.rows if row["why_not"]] == [
        "a name that does not parse: it does not begin with its folder's name and _: sub-other_T1w.nii.gz"
    ]


def test_bids_contrast_agents_and_other_contrasts_are_told(tmp_path: Path) -> None:
    names = [
        "sub-01/anat/sub-01_ce-GADOLINIUM_T1w.nii",
        "sub-02/anat/sub-02_T1w.nii",
        "sub-02/anat/sub-02_ce-gd_T1w.nii",
    ]
    touch(tmp_path, *names, "sub-03/anat/sub-03_UNIT1.nii.gz", "sub-04/anat/sub-04_FLAIR.nii.gz")
    (tmp_path / "participants.tsv").write_text(
        "participant_id\tage\n" + "".join(f"sub-0{n}\t3{n}\n" for n in range(1, 6))
    )
    scans, found = of("bids", tmp_path)
    assert [scan.name for scan in scans] == ["sub-02"], "without a session that the agent would name"
    assert "4 not: 2 another contrast (FLAIR, UNIT1 (options.t1 could be '*_UNIT1'))" in found.line.replace(
        "UNIT1 (options.t1 could be '*_UNIT1'), FLAIR", "FLAIR, UNIT1 (options.t1 could be '*_UNIT1')"
    )
    assert found.notes == ["3 of 4 subjects have no T1 here: 01, 03, 04"]
    known = account.account(
        "bids",
        "set",
        registry.declared("data", "bids")[1] | {"path": str(tmp_path)},
        scans,
        known=["02", "05"],
    )
    assert known.notes == ["4 of 5 subjects have no T1 here: 01, 03, 04, 05"]
    assert [s.name for s in of("bids", tmp_path, t1="*_ce-*_T1w")[0]] == ["sub-01", "sub-02"]
    assert [s.name for s in of("bids", tmp_path, t1="*_UNIT1")[0]] == ["sub-03"]
    assert [s.name for s in of("bids", tmp_path, t1="**")[0]] == ["sub-02"], "a pattern of another importer"


def test_masks_and_other_contrasts_in_a_folder_are_no_t1s(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "p1.nii.gz",
        "p1_mask.nii.gz",
        "p2.nii.gz",
        "p2_seg.nii.gz",
        "p2_FLAIR.nii.gz",
        "labelsTr/p1.nii.gz",
    )
    scans, found = of("folder", tmp_path)
    assert [scan.subject for scan in scans] == ["p1", "p2"]
    assert found.line.endswith(
        "4 not: 2 a mask or label (mask, seg), 1 another contrast (flair), 1 in a folder of others (labelsTr)"
    )


@pytest.mark.parametrize("described", [True, False])
def test_a_bids_root_is_for_bids(tmp_path: Path, described: bool) -> None:
    names = [f"sub-01/anat/sub-01_{kind}.nii.gz" for kind in ("T1w", "T2w")]
    touch(tmp_path, *names, "derivatives/p/sub-01/anat/sub-01_desc-preproc_T1w.nii.gz")
    if described:
        (tmp_path / "dataset_description.json").touch()
    with pytest.raises(DataError, match="importer: bids"):
        of("folder", tmp_path)
    assert [scan.subject for scan in of("folder", tmp_path, t1="sub-*/anat/*_T1w")[0]] == ["01"]


def test_our_own_results_are_no_scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(
        tmp_path,
        "p1.nii.gz",
        "mine/prep/sub-p1/anat/sub-p1_desc-preproc_T1w.nii.gz",
        "results/template/head.nii.gz",
        "old/.times",
        "old/demo/x.nii",
    )
    (tmp_path / "mine/prep/dataset_description.json").write_text(
        json.dumps({"GeneratedBy": [{"Name": "sadm"}]})
    )
    scans, found = of("folder", tmp_path)
    assert [scan.subject for scan in scans] == ["p1"]
    assert found.line == "1 of 4 images used; 3 not: 3 our own result"


@pytest.mark.parametrize(
    ("importer", "names", "says", "fix"),
    [
        ("folder", ["a.mgz", "b.hdr", "b.img", "d/c.dcm"], "1 .dcm, 1 .hdr, 1 .img, 1 .mgz", "convert"),
        ("ixi", ["IXI-T1.tar"], r"1 archive \(IXI-T1.tar\)", "unpack IXI-T1.tar"),
        ("brats", ["B-GLI-1/B-GLI-1-t1n.nii.gz"], "1 .nii.gz, such as B-GLI-1/B-GLI-1-t1n.nii.gz", "importer folder"),
        ("atlas", ["Training/sub-1/ses-1/anat/sub-1_T1w.nii.gz"], "1 .nii.gz, such as sub-1/ses-1", "importer folder"),
        ("bids", ["notes.txt", "README"], "no image, but 1 without a suffix, 1 .txt", "options.path"),
        ("released", [], "no file", "options.path"),
    ],
)  # fmt: skip
def test_a_refused_tree_says_what_it_has_instead(
    tmp_path: Path, importer: str, names: list[str], says: str, fix: str
) -> None:
    touch(tmp_path, *names)
    if importer == "released":
        (tmp_path / "Train/ixi").mkdir(parents=True)
    with pytest.raises(DataError, match=f"has no scans(.|\n)*{says}(.|\n)*fix: .*{fix}"):
        of(importer, tmp_path)


def test_one_name_in_two_forms_is_one_subject(tmp_path: Path) -> None:
    for year, form in (("2019", "NFC"), ("2020", "NFD")):
        touch(
            tmp_path,
            f"{unicodedata.normalize(form, 'Müller1')}/{year}/T1.nii",
            f"{unicodedata.normalize(form, 'Müller1')}/{year}/seg.nii",
        )
    scans, _ = of("folder", tmp_path, t1="*/*/T1", lesion="*/*/seg")
    assert {scan.subject for scan in scans} == {"Müller1"}
    assert all(scan.lesion for scan in scans)
    touch(tmp_path, f"{unicodedata.normalize('NFD', 'Müller1')}/2019/T1.nii")
    with pytest.raises(DataError, match="same subject and session"):
        of("folder", tmp_path, t1="*/*/T1")


NAMES = {
    "br{a}ces": "wildcards",
    "line\nbreak": "control signs",
    "tab\tin": "control signs",
    "\u2028sep": "control signs",
    "K\udcf6ln": "UTF-8",
}


@pytest.mark.parametrize("importer", ["ixi", "brats", "atlas", "bids", "folder"])
@pytest.mark.parametrize("name", NAMES)
def test_paths_that_no_step_could_take_are_refused(tmp_path: Path, importer: str, name: str) -> None:
    root = touch(tmp_path / name, *TREES[importer])
    with pytest.raises(DataError, match=f"path cannot be used(.|\n)*{NAMES[name]}") as error:
        of(importer, root)
    str(error.value).encode("utf-8")


LONG = "0123456789abcdef" * 10


@pytest.mark.parametrize(
    ("importer", "name"),
    [("folder", f"{LONG[:150]}x/{LONG}.nii"), ("bids", f"sub-{LONG}1/anat/sub-{LONG}1_T1w.nii")],
)
def test_names_of_results_are_not_too_long(tmp_path: Path, importer: str, name: str) -> None:
    with pytest.raises(DataError, match="A name is too long"):
        of(importer, touch(tmp_path, name))


def test_names_that_begin_alike_come_with_the_pattern_that_joins_them(tmp_path: Path) -> None:
    flat = touch(
        tmp_path / "flat", *(f"p{n}_{when}.nii" for n in range(1, 9) for when in ("baseline", "followup"))
    )
    (note,) = of("folder", flat)[1].notes
    assert "'*_*'" in note
    assert of("folder", flat, t1="*_*")[1].notes == []
    assert {scan.subject for scan in of("folder", flat, t1="*_*")[0]} == {f"p{n}" for n in range(1, 9)}
    deep = touch(tmp_path / "deep", *(f"p{n}/ses{k}/T1.nii" for n in range(1, 4) for k in (1, 2)))
    (note,) = of("folder", deep)[1].notes
    assert "'*/*/T1'" in note
    assert of("folder", deep, t1="*/*/T1")[1].notes == []


def test_atlas_subjects_without_images_are_listed_as_missing(tmp_path: Path) -> None:
    touch(tmp_path, f"{ATLAS}_T1w.nii.gz", "Training/R001/sub-r001s004/anat/sub-r001s004_T1w.nii.gz")
    (tmp_path / "Training/R001/sub-r001s002").mkdir()
    (tmp_path / "Training/R001/sub-r001s003/ses-1").mkdir(parents=True)
    scans, _ = of("atlas", tmp_path)
    assert [scan.name for scan in scans] == [
        "sub-r001s001_ses-1",
        "sub-r001s002_ses-1",
        "sub-r001s003_ses-1",
        "sub-r001s004",
    ]


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = touch(tmp_path, "sub-01/anat/sub-01_T1w.nii", "locked/x.nii")
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert of("bids", root)[1].notes == ["the folder locked cannot be read: Permission denied"]
    with pytest.raises(DataError, match="A folder cannot be read"):
        of("folder", root, t1="*/*/*_T1w")


def test_brain_masks_that_no_step_uses_are_not_asked_for(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz")
    for pipeline in "ab":
        place = tmp_path / f"derivatives/{pipeline}/sub-01/anat"
        place.mkdir(parents=True)
        (place / "sub-01_desc-brain_mask.nii.gz").symlink_to("not/fetched")
    said = registry.declared("data", "bids")[1] | {"path": str(tmp_path)}
    assert [scan.name for scan in base.planned("bids", "set", said, masks=False)] == ["sub-01"]
    with pytest.raises(DataError, match="Several files may be the brain mask"):
        base.planned("bids", "set", said)


def test_real_trees_are_used_whole(shared_data: Path) -> None:
    for importer, folder in (
        ("ixi", "IXI-T1"),
        ("brats", "BraTS2021_Training_Data"),
        ("atlas", "ATLAS_2_like"),
        ("bids", "bids_heads"),
    ):
        assert ";" not in of(importer, shared_data / folder)[1].line
