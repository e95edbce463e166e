"""Covers sadm.methods.*: a method that is dropped into the folder is one file and one line of a study, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "Snakefile", "config.yaml", "data/versions.csv", "envs", "profiles", "pyproject.toml", "requirements.lock", "src", "studies",
    "tests", "workflow",
)  # fmt: skip
METHOD = '''"""Blur: what one convolution with a window of `window` pixels reconstructs."""

from dataclasses import dataclass

import torch
from torch.nn import Conv2d
from torch.nn.functional import mse_loss

from sadm.methods.base import Reconstructor, Training
from sadm.study.registry import Declares

DECLARES = Declares(reconstructs=True)


@dataclass(frozen=True)
class Hyper(Training):
    """Of no paper."""

    window: int = 5  # pixels


class Method(Reconstructor):
    """One convolution."""

    def __init__(self, hyper, shape, needs=None):
        super().__init__(hyper, shape, needs)
        self.net = Conv2d(1, 1, hyper.window, padding=hyper.window // 2)

    def loss(self, batch):
        """Mean squared error."""
        return mse_loss(self.net(batch.image).float(), batch.image)

    def reconstruct(self, volume, generator):
        """The blurred volume [1, D, X, Y]."""
        return self.net(volume[:, None])[:, 0][None]
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one file more, and a study with one line more than the smallest."""
    folder = tmp_path_factory.mktemp("project")
    for name in FILES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(exist_ok=True)
        copy(ROOT / name, folder / name)
    (folder / "src/sadm/methods/blur.py").write_text(METHOD)
    (folder / "one_line.yaml").write_text("rows: {Blur: blur}\n")
    return folder


def run(project: Path, *words: str) -> str:
    """What Python prints of ``words``, with the copy's sources alone; the folder is empty but for what it makes."""
    variables = os.environ | {"PYTHONPATH": str(project / "src")}
    place = project / "run"
    place.mkdir(exist_ok=True)
    done = subprocess.run([sys.executable, *words], cwd=place, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def study(project: Path) -> list[str]:
    return [str(project / name) for name in ("config.yaml", "studies/ci.yaml", "one_line.yaml")]


def test_it_is_planned_at_an_estimated_cost(project: Path, study: list[str]) -> None:
    said = run(project, "-c", "from sadm.commands.main import main; main()", "plan", *study)
    assert said.startswith("Study ci: ")
    assert said.rstrip().endswith("Estimated, as the median of the methods there: blur")


def test_its_hyper_parameters_are_in_the_schema(project: Path) -> None:
    code = "import json; from sadm.study.config import schema; print(json.dumps(schema()))"
    found = json.loads(run(project, "-c", code))["properties"]["hyper"]["patternProperties"]
    known = json.loads((ROOT / "workflow/schemas/config.schema.json").read_text())
    (new,) = set(found) - set(known["properties"]["hyper"]["patternProperties"])
    assert new.startswith("^blur")
    assert found[new]["properties"]["window"] == {"type": "integer", "default": 5, "description": "pixels"}


def test_its_jobs_are_planned_and_its_hyper_parameters_checked(project: Path, study: list[str]) -> None:
    call = ["-m", "snakemake", "--snakefile", str(project / "Snakefile"), "--dry-run", "--cores", "1"]
    said = run(project, *call, "--configfile", *study)
    for rule in (
        "Training",
        "Reconstructing all scored sets as if healthy by",
        "Mapping anomalies in all scored sets by",
    ):
        assert f"{rule} blur, fold 0" in said
    assert "results/scores/Blur/fold0/" in said
    wrong = project / "wrong.yaml"
    wrong.write_text(yaml.safe_dump({"hyper": {"blur": {"windwo": 3}}}))
    with pytest.raises(AssertionError, match="did you mean 'window'"):
        run(project, *call, "--configfile", *study, str(wrong))


def test_the_contract_takes_it_up_by_itself(project: Path) -> None:
    said = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "blur", str(project / "tests/contract/test_methods.py"))  # fmt: skip
    assert " passed" in said
