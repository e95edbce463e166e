"""How jobs are chosen on one machine, in a toy workflow, and that Snakemake's inside is what it was when this was written."""

import hashlib
import inspect
import json
import re
import subprocess
import sys
import threading
from base64 import urlsafe_b64decode
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.api import Workflow  # first: its parts import each other
from snakemake.exceptions import WorkflowError
from snakemake.io import IOCache
from snakemake.persistence import PersistenceBase
from snakemake.scheduling.job_scheduler import JobScheduler

from sadm.study import scheduling

# Of Snakemake 9.27.1: what chooses jobs and what records them. Another digest: read there what has changed, mend
# src/sadm/study/scheduling.py where it has to follow, and write the new digest here.
INSIDE = {
    JobScheduler.schedule: "9f32db93a39bd96f",
    JobScheduler.job_selector: "11a654075403acf2",
    JobScheduler.validate_job: "44a54a09579a9468",
    JobScheduler.update_available_resources: "065d86b81bfe3256",
    PersistenceBase.finished: "3f347851a55e2243",
    IOCache.deactivate: "f5166b887cb38e0e",
}

TOY = """
import sys
sys.path.insert(0, {src!r})
from sadm.study.scheduling import spare

onstart:
    if {spared}:
        spare(workflow)

rule all:
    input: expand("{{n}}.c", n=range(4)), "first"

rule begin:
    output: "{{n,[0-9]}}.a", "{{n,[0-9]}}.a2"
    shell: "echo {{wildcards.n}} | tee {{output}}"

rule middle:
    input: "{{n}}.a", "{{n}}.a2", "given"
    output: "{{n}}.b", "{{n}}.b2"
    resources: gpu=1
    shell: "test ! -e busy && touch busy && sleep .2 && rm busy && echo {{wildcards.n}} | tee {{output}}"

rule end:
    input: "{{n}}.b"
    output: "{{n}}.c"
    shell: "cp {{input}} {{output}}"

rule pressing:
    output: "first"
    priority: 9
    shell: "touch {{output}}"
"""


@pytest.mark.parametrize("part", INSIDE, ids=lambda part: part.__qualname__)
def test_the_inside_of_snakemake_is_as_it_was(part: Any) -> None:
    found = hashlib.sha256(inspect.getsource(part).encode()).hexdigest()[:16]
    assert found == INSIDE[part], f"Snakemake's {part.__qualname__} has changed: see this file"


def test_a_workflow_has_what_is_used() -> None:
    source = inspect.getsource(Workflow)
    assert "self.scheduler = JobScheduler(" in source
    assert "self.iocache = snakemake.io.IOCache(" in source


def toy(folder: Path, *words: str, spared: bool = True) -> subprocess.CompletedProcess[str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "given").write_text("one")
    src = str(Path(scheduling.__file__).parents[2])
    (folder / "Snakefile").write_text(TOY.format(src=src, spared=spared))
    call = [sys.executable, "-m", "snakemake", "--scheduler", "greedy", *words]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)


def started(run: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^(?:local)?rule (\w+):", run.stderr, re.MULTILINE)


def records(folder: Path) -> dict[str, dict[str, Any]]:
    """What Snakemake remembers of each output, but for its times."""
    found = {}
    for path in (folder / ".snakemake/metadata").iterdir():
        kept = json.loads(path.read_text())
        same = {key: value for key, value in kept.items() if key not in ("starttime", "endtime", "job_hash")}
        found[urlsafe_b64decode(path.name).decode()] = same
    return found


def test_a_chain_that_was_begun_is_finished_first_and_what_presses_goes_before(tmp_path: Path) -> None:
    run = toy(tmp_path, "--cores", "1")
    assert run.returncode == 0, run.stderr
    assert started(run) == ["pressing", *["begin", "middle", "end"] * 4, "all"]


def test_resources_are_kept_and_all_is_made(tmp_path: Path) -> None:
    """Rule middle fails where two of it run at a time."""
    run = toy(tmp_path, "--cores", "4", "--resources", "gpu=1")
    assert run.returncode == 0, run.stderr
    assert "14 of 14 steps (100%) done" in run.stderr
    again = toy(tmp_path, "--cores", "4")
    assert "Nothing to be done" in again.stderr


def test_what_is_remembered_is_the_same(tmp_path: Path) -> None:
    for name in ("spared", "plain"):
        run = toy(tmp_path / name, "--cores", "1", spared=name == "spared")
        assert run.returncode == 0, run.stderr
    found = records(tmp_path / "spared")
    assert found == records(tmp_path / "plain")
    assert set(found["0.b2"]["input_checksums"]) == {"0.a", "0.a2", "given"}


def test_a_failure_ends_the_run_and_the_rest_is_made_where_asked(tmp_path: Path) -> None:
    (tmp_path / "busy").touch()
    stopped = toy(tmp_path, "--cores", "1")
    assert stopped.returncode == 1
    assert "Error in rule middle" in stopped.stderr
    assert not (tmp_path / "1.a").exists()
    toy(tmp_path, "--cores", "1", "--keep-going")
    assert all((tmp_path / f"{n}.a").exists() for n in range(4))


def scheduler(**resources: int) -> SimpleNamespace:
    free = {"_cores": 4, "_job_count": sys.maxsize, **resources}

    def take(chosen: list[Any]) -> None:
        for name in free:
            if name != "_job_count":
                free[name] -= sum(job.scheduler_resources.get(name, 0) for job in chosen)

    def validate(job: Any) -> None:
        if job.scheduler_resources["_cores"] > 4:
            raise WorkflowError("needs more than there is")

    return SimpleNamespace(
        resources=free, _lock=threading.Lock(), validate_job=validate, update_available_resources=take
    )


class Job(SimpleNamespace):
    __hash__ = object.__hash__


def job(jobid: int, rule: str = "a", cores: int = 1, priority: int = 0, **resources: int) -> Job:
    asked = {"_cores": cores, "_job_count": 1, **resources}
    return Job(jobid=jobid, rule=SimpleNamespace(name=rule), priority=priority, scheduler_resources=asked)


def test_the_first_that_fit() -> None:
    machine = scheduler(gpu=1)
    queue = scheduling.Queue(machine, ["a", "b"])
    jobs = [job(1), job(2, "b", gpu=1), job(3, "b", gpu=1), job(4, cores=3), job(5, priority=1), job(6)]
    chosen = queue.choose(set(jobs))
    assert [each.jobid for each in chosen] == [5, 2, 1, 6], "one GPU; three cores are not left for 4"
    assert machine.resources["_cores"] == machine.resources["gpu"] == 0
    left = {jobs[2], jobs[3]}
    assert queue.choose(left) == []
    machine.resources |= {"_cores": 3, "gpu": 1}
    assert queue.choose(left | {jobs[4]}) == [jobs[4], jobs[2]], "5 failed, and is ready again"
    machine.resources |= {"_cores": 3}
    assert queue.choose(set()) == [], "nothing is ready"
    with pytest.raises(WorkflowError):
        scheduling.Queue(scheduler(), ["a"]).choose({job(1, cores=5)})
