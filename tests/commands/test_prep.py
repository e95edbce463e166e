"""The command prep: its study, its command line, and a dry run of trees, a folder and a scan."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sadm.commands import prep
from sadm.commands.main import main
from sadm.runtime.errors import ConfigError, OutputError
from sadm.study.guess import Guess, guess
from sadm.study.loader import raw_config
from sadm.study.study import Study


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def heads(tmp_path: Path) -> Path:
    return tree(tmp_path / "my heads", *(f"sub-{n}/anat/sub-{n}_T1w.nii.gz" for n in ("01", "02")))


@pytest.mark.parametrize(
    ("importer", "options", "brain"),
    [
        ("bids", {}, "deepbet"),
        ("ixi", {}, "deepbet"),
        ("brats", {}, "none"),
        ("released", {"part": "ixi"}, "given"),
        ("folder", {"stripped": True, "space": "sri24"}, "none"),
    ],
)
def test_what_comes_stripped_is_not_stripped(
    tmp_path: Path, importer: str, options: dict[str, object], brain: str
) -> None:
    said = prep.study(Guess(importer, {"path": str(tmp_path), **options}))
    (tmp_path / "study.yaml").write_text(prep.text(said, tmp_path))
    one = Study.from_config(raw_config([tmp_path / "study.yaml"]))
    assert (one.datasets["scans"]["importer"], one.datasets["scans"]["brain"]) == (importer, brain)
    assert one.rows == {}


def test_a_study_that_was_changed_is_used_and_another_one_is_kept(tmp_path: Path, heads: Path) -> None:
    said, out = prep.study(guess(heads)), tmp_path / "out"
    file = prep.written(said, heads, out)
    assert yaml.safe_load(file.read_text()) == said
    changed = file.read_text().replace("deepbet", "hd-bet")
    file.write_text(changed)
    assert prep.written(said, heads, out).read_text() == changed
    other = prep.study(guess(heads / "sub-01"))
    with pytest.raises(ConfigError, match="holds another study"):
        prep.written(other, heads / "sub-01", out)
    assert file.read_text() == changed


def test_the_command_line_is_that_of_a_bids_app_too(capsys: pytest.CaptureFixture[str]) -> None:
    said, options = prep.parsed(
        ["in", "out", "participant", "--cores", "3", "--", "--config", "seed=1", "-k"]
    )
    assert (said.path, said.into, said.level, said.cores) == (Path("in"), Path("out"), "participant", 3)
    assert options == ["--config", "seed=1", "-k"]
    assert prep.parsed(["in", "--out", "there", "-n"])[0].out == Path("there")
    for wrong in (["in", "out", "--out", "other"], ["in", "out", "group"], []):
        with pytest.raises(SystemExit):
            prep.parsed(wrong)
    assert "invalid choice: 'group'" in capsys.readouterr().err


def test_results_have_a_folder_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert prep.folder(Path("/x/p07.nii.gz"), None) == tmp_path / "p07-prepared"
    assert prep.folder(Path("/x/scans/"), Path("out")) == tmp_path / "out"
    tree(tmp_path, "file")
    for given in ("file", "."):
        with pytest.raises(OutputError):
            prep.folder(tmp_path, Path(given))


def planned(folder: Path, *words: str) -> str:
    call = [sys.executable, "-c", "from sadm.commands.main import main; main()", "prep", *words]
    run = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def test_a_dry_run_says_what_it_found_and_writes_nothing(tmp_path: Path, heads: Path) -> None:
    page = planned(tmp_path, str(heads), "-n", "--", "--quiet", "rules")
    assert f"{heads} is BIDS (importer bids); scans: 2, subjects: 2" in page
    assert re.search(r"^grid +2$", page, re.MULTILINE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my heads"]
    one = planned(tmp_path, str(heads / "sub-02"), "out", "-n", "--", "--quiet", "rules")
    assert "is one scan (importer folder); scans: 1, subjects: 1" in one
    assert re.search(r"^grid +1$", one, re.MULTILINE)


def test_a_run_that_fails_says_so_and_leaves_its_study(tmp_path: Path, heads: Path) -> None:
    """Empty files are no scans."""
    with pytest.raises(SystemExit) as left:
        main(
            ["prep", str(heads), str(tmp_path / "out"), "--cores", "1", "--", "--until", "cohort", "--quiet"]
        )
    assert left.value.code == 1
    assert (tmp_path / "out/study.yaml").exists()
    assert (tmp_path / "out/logs/cohort/scans.log").exists()
    shutil.rmtree(tmp_path / "out")
