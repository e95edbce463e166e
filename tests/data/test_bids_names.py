"""Names of BIDS images by the standard's own schema: what they say, which of a session's T1s count, which masks are of lesions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sadm.data import account, base, bids_names
from sadm.data.bids_names import faults, lesion_form, parsed
from sadm.study import registry

ROOT = Path(__file__).parents[2]


def of(root: Path, *names: str, **given: object) -> tuple[list[base.Scan], account.Account]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    said = registry.declared("data", "bids")[1] | {"path": str(root)} | given
    scans = base.listing("bids", "set", said)
    return scans, account.account("bids", "set", said, scans)


def test_the_checked_in_schema_is_that_of_the_pinned_package() -> None:
    pytest.importorskip("bidsschematools")
    made = subprocess.run(
        [sys.executable, str(ROOT / "workflow/schemas/bids.py")], capture_output=True, text=True, check=True
    )
    assert json.loads(made.stdout) == bids_names.schema()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ses-1_acq-a_ce-b_rec-c_run-2_echo-1_part-mag_T1w", ""),
        ("run-1_acq-a_T1w", "the order of BIDS is acq-_run-"),
        ("foo-1_T1w", "foo- is no entity"),
        ("inv-1_T1w", "a raw T1w has no inv-"),
        ("desc-x_T1w", "a raw T1w has no desc-"),
        ("run-one_T1w", "run-one is no index"),
        ("part-odd_T1w", "part-odd is no value of part"),
        ("brain_T1w", "brain is no entity"),
        ("T1wx", "no suffix of anat"),
    ],
)
def test_faults_of_a_name(name: str, said: str) -> None:
    assert said in faults(parsed("sub-01", f"sub-01_{name}.nii.gz"))
    assert bool(said) == bool(faults(parsed("sub-01", f"sub-01_{name}.nii.gz")))


@pytest.mark.parametrize(
    ("names", "used", "told"),
    [
        (["echo-1_T1w", "echo-2_T1w", "echo-10_T1w"], ["echo-1_T1w"], "another echo of the same acquisition: echo-2"),
        (["T1w", "echo-1_T1w"], ["T1w"], "another echo of the same acquisition: echo-1"),
        (["rec-norm_T1w", "T1w"], ["T1w"], "another reconstruction of the same acquisition: rec-norm"),
        (["inv-2_T1w", "inv-1_T1w"], ["inv-1_T1w"], "another inversion of the same acquisition: inv-2"),
        (["part-mag_T1w", "part-phase_T1w"], ["part-mag_T1w"], "no magnitude: part-phase"),
        (["desc-preproc_T1w", "T1w"], ["T1w"], "another version of the same acquisition: desc-preproc"),
        (["ce-gd_T1w", "T1w"], ["T1w"], "contrast agent: ce-gd"),
        (["run-1_T1w", "run-2_T1w"], ["run-1_T1w", "run-2_T1w"], ""),
        (["acq-a_rec-x_T1w", "acq-a_T1w", "acq-b_rec-x_T1w"], ["acq-a_T1w", "acq-b_rec-x_T1w"], "another reconstruction of the same acquisition: rec-x"),
        (["mod-T1w_defacemask", "T1w"], ["T1w"], "defacemask"),
    ],
)  # fmt: skip
def test_of_one_acquisition_one_image_counts_and_the_others_are_told(
    tmp_path: Path, names: list[str], used: list[str], told: str
) -> None:
    scans, found = of(tmp_path, *(f"sub-01/anat/sub-01_{name}.nii.gz" for name in names))
    assert sorted(Path(scan.t1).name for scan in scans) == sorted(f"sub-01_{name}.nii.gz" for name in used)
    assert all(row["why_not"] for row in found.rows if not row["used_as"])
    assert told in " ".join(row["why_not"] for row in found.rows)


def test_several_acquisitions_are_scans_or_the_first_is(tmp_path: Path) -> None:
    names = [
        f"sub-01/anat/sub-01_{name}_T1w.nii.gz" for name in ("acq-b_run-1", "acq-a_run-2", "acq-a_run-1")
    ]
    scans, found = of(tmp_path, *names)
    assert len(scans) == 3
    assert any("1 sessions have several T1s" in note for note in found.notes)
    (scan,), found = of(tmp_path, several="first")
    assert (scan.name, Path(scan.t1).name) == ("sub-01", "sub-01_acq-a_run-1_T1w.nii.gz")
    assert "another image of the session (options.several): acq-b" in " ".join(
        row["why_not"] for row in found.rows
    )


MASKS = {
    "label-lesion_mask": 0, "label-L_mask": 0, "label-L_desc-T1lesion_mask": 0, "desc-lesion_mask": 0, "space-orig_label-lesion_mask": 0, "lesion_mask": 0,
    "label-lesion_roi": 1, "T1w_label-lesion_roi": 1, "label-lesion_dseg": 2, "desc-lesion_dseg": 2, "label-stroke_mask": 0, "desc-tumor_dseg": 2,
    "lesion": 3, "roi": 4,
    "label-GM_mask": None, "desc-brain_mask": None, "dseg": None, "desc-aseg_dseg": None, "label-lesion_probseg": None, "label-R_mask": None,
}  # fmt: skip


@pytest.mark.parametrize("place", ["sub-01/anat/", "derivatives/manual/sub-01/anat/"])
@pytest.mark.parametrize("name", MASKS)
def test_lesion_labels_by_their_names(tmp_path: Path, name: str, place: str) -> None:
    raw = not place.startswith("derivatives")
    form = MASKS[name] if raw or name != "roi" else None
    assert lesion_form(parsed("sub-01", f"sub-01_{name}.nii.gz"), raw) == form
    file = f"{place}sub-01_{name}.nii.gz"
    (scan,), _ = of(tmp_path, "sub-01/anat/sub-01_T1w.nii.gz", file)
    assert scan.lesion == ("" if form is None else str(tmp_path / file))


def test_the_best_form_of_a_label_counts(tmp_path: Path) -> None:
    names = [f"sub-01/anat/sub-01_{name}.nii.gz" for name in ("T1w", "label-lesion_roi", "label-lesion_mask")]
    (scan,), found = of(tmp_path, *names)
    assert scan.lesion.endswith("label-lesion_mask.nii.gz")
    assert [row["why_not"] for row in found.rows if row["why_not"]] == ["a mask or label: roi"]


def test_names_that_the_standard_does_not_have_are_told(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text('{"BIDSVersion": "1.8.0"}')
    _, found = of(tmp_path, "sub-01/anat/sub-01_run-1_acq-a_T1w.nii.gz")
    assert found.notes[0] == "edition: BIDS 1.8.0"
    assert "sub-01_run-1_acq-a_T1w.nii.gz: the order of BIDS is acq-_run-" in found.notes[1]
