"""Covers profiles/slurm: a small study through a real Slurm of one node, with what goes wrong on clusters.

`make test-slurm`, as root.
"""

import csv
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from command import ROOT, SMALLEST, snakemake

from sadm.runtime.files import write_json
from sadm.study.loader import raw_config

START = Path(__file__).with_name("slurm_single_node.sh")
PARTITIONS = {"partitions": {"cpu": {"max_runtime": 10000}, "gpu": {"max_runtime": 10000, "max_gpu": 2}}}
TABLE = "results/table1.csv"
AE = "results/models/ae/fold0/weights.safetensors"
AE_LOG = "logs/train/ae_fold0.log"

pytestmark = pytest.mark.skipif(
    "SADM_SLURM" not in os.environ, reason="starts a Slurm on this machine, as root: make test-slurm"
)


def study(overlay: dict[str, Any]) -> dict[str, Any]:
    """studies/ci.yaml with one row a stage and two data sets."""
    config = raw_config(SMALLEST, overlay)
    rows = {"AE": "ae", "Unet-TUMOUR": "unet@tumour"}
    del config["datasets"]["stroke"]
    config["hyper"] = {name: config["hyper"][name] for name in ("ae", "unet")}
    return config | {"rows": rows, "figures": list(rows), "testsets": ["tumour", "draem"]}


def slurm(*words: str) -> str:
    """What a command of Slurm prints."""
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def interruptible() -> None:
    """Let Ctrl-C reach a process that a script started in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Cluster:
    """Snakemake with the project's Slurm profile, run in ``folder``."""

    folder: Path
    runs: int = field(default=0)

    def start(self, *arguments: str, **overlay: Any) -> subprocess.Popen[str]:
        """Start a run with ``arguments`` and ``overlay``; its output goes to the file that `output` reads."""
        self.runs += 1
        write_json(study(overlay), self.folder / "study.json")
        write_json(PARTITIONS, self.folder / "partitions.json")
        site = ["--profile", ROOT / "profiles/slurm", "--slurm-init-seconds-before-status-checks", 2]
        site += ["--slurm-partition-config", self.folder / "partitions.json"]
        words = snakemake(self.folder, *arguments, *site, studies=[self.folder / "study.json"])
        with open(self.folder / f"run{self.runs}.txt", "w") as stream:
            return subprocess.Popen(
                words, stdout=stream, stderr=stream, text=True, cwd=ROOT, preexec_fn=interruptible
            )

    def output(self) -> str:
        """What the latest run has printed."""
        return (self.folder / f"run{self.runs}.txt").read_text()

    def log(self) -> str:
        """The log of AE's training."""
        path = self.folder / AE_LOG
        return path.read_text() if path.exists() else ""

    def jobs(self) -> list[str]:
        """Slurm's ids of the jobs of the latest run, in order of submission."""
        return re.findall(r"submitted with SLURM jobid (\d+)", self.output())

    def asked(self, job: str) -> dict[str, str]:
        """What Slurm knows of a job that has not ended five minutes ago."""
        return dict(
            word.split("=", 1) for word in slurm("scontrol", "show", "job", job).split() if "=" in word
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Slurm of one node."""
    place = tmp_path_factory.mktemp("slurm")
    done = subprocess.run([START, place], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    yield Cluster(tmp_path_factory.mktemp("study"))
    slurm("scontrol", "shutdown")
    os.kill(int((place / "munged.pid").read_text()), 15)
    for name in ("slurm.conf", "gres.conf"):
        Path("/etc/slurm", name).unlink()


@pytest.fixture(scope="module")
def ran(cluster: Cluster) -> Cluster:
    """The cluster after the small study."""
    assert cluster.start(TABLE).wait(3000) == 0, cluster.output()[-6000:]
    return cluster


def until(true: Callable[[], Any], run: subprocess.Popen[str], cluster: Cluster, seconds: int = 240) -> None:
    """Wait for ``true`` while ``run`` goes on."""
    for _ in range(seconds * 5):
        if true():
            return
        assert run.poll() is None, cluster.output()[-6000:]
        time.sleep(0.2)
    raise AssertionError(f"waited in vain for {seconds} s:\n{cluster.output()[-3000:]}\n{cluster.log()}")


def saved(cluster: Cluster) -> bool:
    """Whether AE's training has saved a state."""
    return bool(list((cluster.folder / AE).parent.glob("*state*")))


def test_raw_scans_become_a_table(ran: Cluster) -> None:
    with open(ran.folder / TABLE, newline="") as stream:
        rows = [row["row"] for row in csv.DictReader(stream)]
    assert {"AE", "Unet-TUMOUR"} <= set(rows)
    prepared = len(list(ran.folder.glob("results/prep/*/*/anat/*_qc.json")))
    assert prepared == 7
    assert 10 < len(ran.jobs()) < 6 * prepared, "the steps of all scans go together"


def test_a_cancelled_training_goes_on_where_it_was(ran: Cluster) -> None:
    run = ran.start(AE, hyper={"ae": {"epochs": 80}}, training={"checkpoint_every": 3})
    until(lambda: saved(ran), run, ran)
    slurm("scancel", ran.jobs()[-1])
    assert run.wait(300) == 0, ran.output()[-6000:]
    resumed = re.search(r"Resumed after epoch (\d+) of 80", ran.log())
    assert resumed, ran.log()
    assert int(resumed[1]) >= 3
    assert len(ran.jobs()) == 2


def test_a_training_asks_for_a_gpu_and_again_with_more_memory(ran: Cluster) -> None:
    first, second = (ran.asked(job) for job in ran.jobs())
    assert first["Partition"] == second["Partition"] == "gpu"
    assert first["TresPerJob"] == second["TresPerJob"] == "gres:gpu:1"
    assert (first["JobState"], second["JobState"]) == ("CANCELLED", "COMPLETED")
    assert (first["MinMemoryNode"], second["MinMemoryNode"]) == ("8000M", "16000M")


def test_a_training_that_reaches_its_time_limit_goes_on(ran: Cluster) -> None:
    soon = ["train:runtime=2", "train:slurm_extra='--signal=TERM@10'"]
    run = ran.start(AE, "--set-resources", *soon, hyper={"ae": {"epochs": 5000}})
    until(lambda: "SIGTERM: saved after epoch" in ran.log(), run, ran)
    until(lambda: "Resumed after epoch" in ran.log(), run, ran)
    run.send_signal(signal.SIGINT)
    run.wait(120)
    assert not slurm("squeue", "--noheader", "--states=pending,running"), "Ctrl-C cancels the jobs"


def test_a_job_that_fails_for_good_is_named_with_its_log(ran: Cluster) -> None:
    assert ran.start(AE, splits={"val": 4}).wait(300) == 1
    assert len(ran.jobs()) == 3, "tried, and twice more"
    assert "Error in rule splits" in ran.output()
    assert "logs/splits/healthy.log" in ran.output()
    assert "The split of 'healthy' cannot be made" in ran.output(), "the log is shown"
