"""One run of the smallest study, under --use-conda, that the tests of the workflow look at."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, SMALLEST, snakemake

from sadm.runtime.files import write_json

STANDIN = Path(__file__).parent / "conda_standin" / "bin"
KEPT = ROOT / ".conda"  # environments are made once a checkout


@dataclass(frozen=True)
class Workflow:
    """Snakemake in an environment of its own, run in ``folder``."""

    python: Path
    folder: Path

    def words(self, *arguments: str, conda: bool = True, overlay: dict[str, Any] | None = None) -> list[str]:
        """The command line with ``arguments``, and with ``overlay`` over the config."""
        studies = list(SMALLEST)
        if overlay:
            write_json(overlay, self.folder / "overlay.json")
            studies.append(self.folder / "overlay.json")
        given = [
            "--cores",
            2,
            *(["--use-conda", "--conda-prefix", KEPT / "envs"] if conda else []),
            *arguments,
        ]
        return snakemake(self.folder, *given, studies=studies, start=(self.python, "-m", "snakemake"))

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables of a run."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        path = f"{STANDIN}:{self.python.parent}:/usr/local/bin:/usr/bin:/bin"
        return kept | {"PATH": path, "XDG_CACHE_HOME": str(KEPT / "cache")}

    def __call__(
        self,
        *arguments: str,
        conda: bool = True,
        overlay: dict[str, Any] | None = None,
        variables: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run with ``arguments``, with ``overlay`` over the config, and with ``variables`` over those of a run."""
        words = self.words(*arguments, conda=conda, overlay=overlay)
        env = self.variables | (variables or {})
        return subprocess.run(words, capture_output=True, text=True, env=env, timeout=1500)


def _snakemake_alone() -> Path:
    """A virtual environment with Snakemake, at the lock's pins, and nothing heavy."""
    python = KEPT / "parser" / "bin" / "python"
    if not (KEPT / "parser" / "ready").exists():
        sys.path.insert(0, str(ROOT / "envs"))
        from make import closure, locked

        pins = [locked()[name] for name in sorted(closure(["snakemake"])) if name in locked()]
        subprocess.run([sys.executable, "-m", "venv", "--clear", KEPT / "parser"], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins], check=True
        )
        (KEPT / "parser" / "ready").touch()
    return python


@pytest.fixture(scope="session")
def workflow(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """Snakemake, ready to run the smallest study in a fresh folder."""
    return Workflow(_snakemake_alone(), tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="session")
def ran(workflow: Workflow) -> Workflow:
    """The workflow after a complete run of the smallest study under --use-conda, from raw heads to table."""
    done = workflow()
    assert done.returncode == 0, done.stderr[-6000:]
    return workflow
