"""What a folder holds, at the command line."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.commands.main import main


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_a_bids_folder_is_guessed_and_accounted_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(
        tmp_path,
        *(f"sub-0{n}/anat/sub-0{n}_{kind}.nii.gz" for n in range(1, 6) for kind in ("T1w", "FLAIR")),
        "x.mgz",
    )
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nsub-01\t30\nsub-99\t31\n")
    main(["check", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "BIDS (importer: bids): 5 scans of 5 subjects"
    assert lines[1] == "5 of 11 images used; 6 not: 5 another contrast (FLAIR), 1 another format (.mgz)"
    assert any(line.endswith("sub-03/anat/sub-03_FLAIR.nii.gz and 2 more") for line in lines)
    assert lines[-1] == "note: 1 of 6 subjects have no T1 here: 99"
    main(["check", str(tmp_path), "--all"])
    assert "sub-05_FLAIR" in capsys.readouterr().out


def test_importer_and_options_can_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touch(tmp_path, "p1_T1.nii", "p1_label.nii", "p2_T1.nii")
    main(
        ["check", str(tmp_path), "--importer", "folder", "--option", "t1=*_T1", "--option", "lesion=*_label"]
    )
    assert "3 of 3 images used" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--importer", "fold"], "unknown 'fold'"),
        (["--importer", "folder", "--option", "t2=*"], "unknown key 't2'"),
        (["--option", "t1"], "no ="),
        (["--importer", "ixi"], "has no scans"),
    ],
)
def test_what_cannot_be_is_named(tmp_path: Path, words: list[str], says: str) -> None:
    with pytest.raises(SystemExit, match=f"Error: .*{says}"):
        main(["check", str(touch(tmp_path, "p1.nii")), *words])


def test_files_are_read_if_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = np.random.default_rng(0).integers(0, 999, (16, 16, 16)).astype(np.int16)
    nib.save(nib.Nifti1Image(data, np.diag([2.0, 2, 2, 1])), tmp_path / "p1.nii")
    main(["check", str(tmp_path), "--read"])
    assert "1 scans were read" in capsys.readouterr().out
    touch(tmp_path, "p2.nii")
    with pytest.raises(SystemExit, match=r"p2\.nii.*file is empty"):
        main(["check", str(tmp_path), "--read"])
