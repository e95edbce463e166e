"""Each job of a machine gets a GPU of its own; the GPUs are pretended."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from sadm.runtime import gpus

SRC = Path(__file__).resolve().parents[2] / "src"
JOB = """
import sys
from sadm.runtime.gpus import first_free
print(first_free(sys.argv[1:]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two GPUs that no other test has."""
    monkeypatch.setattr(gpus, "POLL", 0.01)
    monkeypatch.setattr(gpus, "_held", [])
    return [f"test-{os.getpid()}-{os.urandom(4).hex()}-{k}" for k in (0, 1)]


def job(names: list[str]) -> subprocess.Popen[str]:
    """A process that takes a GPU, prints which, and keeps it until its input ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", JOB, *names], env={"PYTHONPATH": str(SRC)}, **pipes)


def test_jobs_get_a_gpu_each_and_the_third_waits_for_the_first_to_be_killed(names: list[str]) -> None:
    first = job(names)
    assert first.stdout.readline() == "0\n"
    second = job(names)
    assert second.stdout.readline() == "1\n"
    third = job(names)
    assert "Waiting: other jobs have all 2 GPUs" in third.stderr.readline()
    first.kill()
    assert third.stdout.readline() == "0\n"
    for each in (first, second, third):
        each.communicate()


def test_a_process_keeps_its_gpu(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=names[index]))
    gpus.own_gpu.cache_clear()
    other = job(names[:1])
    assert other.stdout.readline() == "0\n"
    assert gpus.own_gpu() == gpus.own_gpu() == 1, "the first is another job's"
    other.communicate()
    gpus.own_gpu.cache_clear()
    for held in gpus._held:
        held.close()


def test_jobs_that_see_no_gpu_but_their_own_do_not_wait(names: list[str]) -> None:
    """As under Slurm with device cgroups: other UUIDs, though both are called 0."""
    first, second = job(names[:1]), job(names[1:])
    assert (first.stdout.readline(), second.stdout.readline()) == ("0\n", "0\n")
    for each in (first, second):
        each.communicate()
