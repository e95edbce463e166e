"""Covers Containerfile and apptainer.def: the lock file's packages, the same files in both, a user without rights.

No engine builds them here.
"""

import re
import shutil
import subprocess
from pathlib import Path

from command import ROOT, snakemake

CONTAINERFILE = (ROOT / "Containerfile").read_text()
DEFINITION = (ROOT / "apptainer.def").read_text()


def copied() -> set[str]:
    """What the Containerfile copies from the project."""
    lines = re.findall(r"^COPY (.+) \S+$", CONTAINERFILE, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_both_recipes_start_from_the_same_image_and_hold_the_same_files() -> None:
    image = re.search(r"^FROM (\S+)$", CONTAINERFILE, re.MULTILINE)
    other = re.search(r"^From: (\S+)$", DEFINITION, re.MULTILINE)
    assert image
    assert other
    assert image[1] == other[1]
    files = DEFINITION.partition("%files\n")[2].partition("\n\n")[0]
    assert copied() == set(re.findall(r"^ +(\S+) /opt/sadm/\S*$", files, re.MULTILINE))
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert copied() == {line[1:] for line in allowed if line.startswith("!")}, "else no engine finds them"


def test_the_packages_are_the_lock_files() -> None:
    assert re.findall(r"^RUN (.+)$", CONTAINERFILE, re.MULTILINE) == ["sh envs/install.sh"]
    assert "sh /opt/sadm/envs/install.sh" in DEFINITION
    lines = (ROOT / "envs/install.sh").read_text().splitlines()
    assert all("requirements.lock" in line for line in lines if line.startswith("$install"))
    assert lines[-1].endswith("--no-deps --no-build-isolation --editable ."), (
        "the project itself brings no package"
    )
    assert not subprocess.run(["sh", "-n", ROOT / "envs/install.sh"]).returncode


def test_jobs_run_without_rights() -> None:
    last = CONTAINERFILE.rindex("\nUSER 1000:1000\n")
    assert last > CONTAINERFILE.rindex("\nRUN "), "all after the installation"
    assert "USER root" not in CONTAINERFILE
    assert "%setup" not in DEFINITION, "which would run on the host, as root"


def test_the_files_in_the_image_are_enough_to_plan_a_study(tmp_path: Path) -> None:
    image = tmp_path / "opt"
    for name in copied():
        (image / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, image / name)
    studies = [image / "config.yaml", image / "studies/ci.yaml"]
    words = snakemake(tmp_path / "study", "--dry-run", "--cores", 1, studies=studies, project=image)
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "register" in done.stdout
