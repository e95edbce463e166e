"""Covers all rules under kills: a killed run goes on to the bytes of an undisturbed one; no file is ever half-written.

Short, at three chosen steps; campaign.py kills at random moments, often.
"""

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import kills
import pytest

SCAN = "results/prep/tumour/sub-tumour001"
TARGETS = [f"{SCAN}/anat/sub-tumour001_qc.json", "results/scores/AE/fold0/tumour.tsv"]
LONG = {"hyper": {"ae": {"epochs": 150}}, "training": {"checkpoint_every": 20}}


@pytest.fixture
def again(ran, tmp_path: Path):  # type: ignore[no-untyped-def]
    """The study that ran, in a copy where one scan and one row are still to be done."""
    place = tmp_path / "study"
    shutil.copytree(ran.folder, place, symlinks=True)
    for name in (SCAN, "results/models/ae", "results/maps/ae", "results/scores/AE"):
        shutil.rmtree(place / name)
    return replace(ran, folder=place)


class Run:
    """A running Snakemake with its process group."""

    def __init__(self, study: Any, *arguments: str, **options: Any) -> None:
        self.study, self.log, self.began = study, study.folder / "run.log", time.time()
        self.process = kills.start(study.words(*arguments, **options), self.log, study.variables)

    def sent(self, number: signal.Signals, rule: str, seconds: float = 0) -> int:
        """Its exit code after the signal ``number``, sent ``seconds`` after a job of ``rule`` has started."""
        known = kills.rules(self.study.folder)
        kills.await_(
            lambda: (
                rule in {known.get(name) for name in kills.being_made(self.study.folder, self.began)}
                or self.process.poll() is not None
            ),
            1500,
        )
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        with pytest.raises(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return kills.end(self.process, number)


@pytest.fixture
def run(again) -> Iterator[Any]:  # type: ignore[no-untyped-def]
    """Start a run; whatever happens, it is over after the test."""
    started: list[Run] = []

    def starts(*arguments: str, **options: Any) -> Run:
        started.append(Run(again, *arguments, **options))
        return started[-1]

    yield starts
    for each in started:
        kills.end(each.process)


def test_a_run_killed_at_three_steps_ends_as_if_undisturbed(ran, again, run) -> None:  # type: ignore[no-untyped-def]
    expected, draw = kills.checksums(ran.folder), random.Random(7)
    for rule in ("register", "train", "evaluate"):
        run(*TARGETS).sent(signal.SIGKILL, rule, draw.uniform(0, 1))
        assert kills.wrong(again.folder, expected) == []
        assert "cannot be locked" in again(*TARGETS).stderr
        assert again("--unlock", *TARGETS).returncode == 0
    done = again(*TARGETS)
    assert done.returncode == 0, done.stderr[-3000:]
    found = kills.checksums(again.folder)
    remade = [name for name in found if name.startswith((SCAN, "results/models/ae", "results/scores/AE"))]
    assert len(remade) > 10
    assert [name for name in remade if found[name] != expected[name]] == []
    assert kills.wrong(again.folder, expected) == kills.leftovers(again.folder) == []


def test_ctrl_c_leaves_no_lock_and_nothing_half_written(ran, again, run) -> None:  # type: ignore[no-untyped-def]
    assert run(*TARGETS).sent(signal.SIGINT, "brain", 0.5) != 0
    assert kills.wrong(again.folder, kills.checksums(ran.folder)) == kills.leftovers(again.folder) == []
    done = again("--dry-run", *TARGETS)
    assert done.returncode == 0
    assert "brain" in done.stdout


def test_sigterm_saves_a_training_that_then_goes_on(again, run) -> None:  # type: ignore[no-untyped-def]
    weights, log = "results/models/ae/fold0/weights.safetensors", again.folder / "logs/train/ae_fold0.log"
    stopped = run(weights, overlay=LONG)
    kills.await_((again.folder / weights).with_name("state0.safetensors").exists, 1500)
    assert stopped.sent(signal.SIGTERM, "train") != 0
    assert "SIGTERM: saved after epoch" in log.read_text()
    assert "non-zero exit status 143" in stopped.log.read_text()
    states = {path.name for path in (again.folder / weights).parent.iterdir()}
    assert states <= {"state0.safetensors", "state1.safetensors"}
    done = again(weights, overlay=LONG)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Resumed after epoch" in log.read_text()
    went_on = (again.folder / weights).read_bytes()
    assert again(weights, "--forcerun", "train", overlay=LONG).returncode == 0
    assert "Resumed" not in log.read_text()
    assert (again.folder / weights).read_bytes() == went_on
