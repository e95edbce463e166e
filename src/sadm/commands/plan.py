"""What a study will take, before anything runs: jobs, cluster submissions, core hours, GPU hours, disk.

    python -m sadm.commands.plan [STUDY.yaml ...]        (make plan STUDY=studies/paper.yaml)

Snakemake's dry run says which jobs are left; ``workflow/costs.yaml`` says what each takes, and where that was measured.
"""

import math
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from sadm.cohort.splits import size
from sadm.study import registry
from sadm.study.chunks import chunks
from sadm.study.loader import raw_config
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[3]
HOUR = 3600


def jobs_left(files: Sequence[str | Path]) -> dict[str, int]:
    """Jobs by rule that a dry run in the current folder plans; HD-BET's chunks count as "strip"."""
    call = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules"]
    call += ["--snakefile", str(ROOT / "Snakefile"), "--workflow-profile", str(ROOT / "profiles/default")]
    call += ["--configfile", *map(str, files)] if files else []
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    stats = re.search(r"job +count\n[- ]+\n(.*?)\ntotal", done.stdout + done.stderr, re.DOTALL)
    found: dict[str, int] = {}
    for rule, count in re.findall(r"^(\w+) +(\d+)$", stats[1] if stats else "", re.MULTILINE):
        name = "strip" if rule.startswith("strip_") else rule
        found[name] = found.get(name, 0) + int(count)
    found.pop("all", None)
    return found


def submissions(jobs: Mapping[str, int], profile: Mapping[str, Any]) -> int:
    """Jobs of a cluster: those in no group of ``profile``, and for each group its scans by its number of components."""
    groups: dict[str, int] = {}
    for rule, group in profile["groups"].items():
        groups[group] = max(groups.get(group, 0), jobs.get(rule, 0))
    alone = sum(count for rule, count in jobs.items() if rule not in profile["groups"])
    return alone + sum(math.ceil(n / profile["group-components"][group]) for group, n in groups.items())


@dataclass(frozen=True)
class Plan:
    """The ``jobs`` of ``study``, and ``costs`` of workflow/costs.yaml."""

    study: Study
    jobs: Mapping[str, int]
    costs: Mapping[str, Any]

    @cached_property
    def scans(self) -> dict[str, int]:
        """Scans by data set."""
        return {name: len(self.study.scans(name)) for name in self.study.datasets}

    def members(self, name: str, part: str) -> int:
        """Scans of a set in ``part`` ("train", "val", "test") of a fold; a subject counts as one scan."""
        source = self.study.source(name)
        total = self.scans[source]
        if source == self.study.healthy:
            said = self.study.section("splits")
            test, val = (size(said[key], total, key) for key in ("test", "val"))
            train = total - test - val if said["train"] is None else size(said["train"], total, "train")
            return {"train": train, "val": val, "test": test}[part]
        given = self.study.datasets[source]
        annotated, val = (size(given[key], total, key) for key in ("annotated", "annotated_val"))
        return {"train": annotated - val, "val": val, "test": total - annotated}[part]

    @cached_property
    def volumes(self) -> int:
        """Volumes that a model maps in a fold."""
        return sum(self.members(name, part) for name, part in self.study.scored.values())

    @cached_property
    def scale(self) -> float:
        """Pixels of a slice, by those that the work was counted on."""
        grid = self.study.section("grid")
        x, y = (edge / grid["downsample"] for edge in grid["shape"][:2])
        return x * y / math.prod(self.costs["slice"])

    def share(self, rule: str, whole: int) -> float:
        """Share of the study's ``whole`` jobs of a rule that is left."""
        return min(1.0, self.jobs.get(rule, 0) / whole) if whole else 0.0

    def training(self) -> float:
        """TFLOP of the trainings that are left."""
        work = 0.0
        for model in self.study.models:
            hyper = self.study.hyper(model)
            slices = hyper["epochs"] * hyper["slices"] * self.members(self.study.trained_on(model), "train")
            work += self.costs["work"][self.study.method(model)][0] * slices * self.scale / 1e3
        return work * self.jobs.get("train", 0) / max(len(self.study.models), 1)

    def mapping(self) -> float:
        """TFLOP of the reconstructions and maps that are left."""
        groups: dict[str, list[float]] = {"reconstruct": [], "predict": []}
        for model in self.study.models:
            said = registry.constants(f"methods/{self.study.method(model)}")
            work = self.costs["work"][self.study.method(model)][1] * self.volumes * self.scale
            groups["reconstruct" if said["RECONSTRUCTS"] else "predict"].append(work)
            if said["RECONSTRUCTS"]:
                groups["predict"].append(0.0)
        return sum(sum(each) * self.jobs.get(rule, 0) / len(each) for rule, each in groups.items() if each)

    def stripping(self) -> float:
        """Scans that HD-BET is left to strip."""
        names = [name for name, said in self.study.datasets.items() if said["brain"] == "hd-bet"]
        found = [chunks(self.study.scans(name), self.study.section("brain")["chunk"]) for name in names]
        return sum(self.scans[name] for name in names) * self.share("strip", sum(map(len, found)))

    def cpu(self) -> dict[str, float]:
        """CPU seconds by stage, without networks."""
        job, scan, volume = (self.costs[key] for key in ("job", "scan", "volume"))
        own = {rule: job[rule] * self.jobs.get(rule, 0) for rule in job}
        per_set = sum(self.scans.values()) / max(len(self.scans), 1)
        own |= {rule: scan[rule] * per_set * self.jobs.get(rule, 0) for rule in scan}
        own |= {rule: each * self.volumes * self.jobs.get(rule, 0) for rule, each in volume.items()}
        brain = sum(
            self.costs["brain"][said["brain"]] * self.scans[name]
            for name, said in self.study.datasets.items()
        )
        whole = sum(n for name, n in self.scans.items() if self.study.datasets[name]["brain"] != "hd-bet")
        own["brain"] = brain * self.share("brain", whole)
        scored = {"predict", "trivial", "evaluate", "statistics", "charts", "pictures", "report", "table"}
        stages = {"preparing the scans": 0.0, "mapping, measuring, drawing": 0.0}
        for rule, seconds in own.items():
            stages[list(stages)[rule in scored]] += seconds
        return stages

    def disk(self) -> dict[str, float]:
        """GB by what is kept of the jobs that are left."""
        disk, jobs = self.costs["disk"], self.jobs
        cell = self.scale * self.depth / 50
        packed = sum(self.scans.values()) * self.share("pack", len(self.scans))
        passes = [len(self.study.hyper(m).get("t_test", [0])) for m in self.study.models
                  if self.study.reconstructor(m) == m]  # fmt: skip
        made = sum(passes) / max(len(passes), 1) * jobs.get("reconstruct", 0)
        found = {
            "prepared": disk["prepared"] * jobs.get("grid", 0),
            "packed": disk["packed"] * packed * cell,
            "reconstructions": disk["reconstruction"] * made * self.volumes * cell,
            "maps": disk["map"] * jobs.get("predict", 0) * self.volumes * cell,
            "weights": disk["weights"] * jobs.get("train", 0),
        }
        return {name: mb / 1e3 for name, mb in found.items()}

    @property
    def depth(self) -> float:
        """Slices of a volume."""
        grid = self.study.section("grid")
        return float(grid["shape"][2] // grid["downsample"] - 2 * grid["crop"])

    def text(self, profile: Mapping[str, Any]) -> str:
        """The plan in words."""
        machine, hdbet = self.costs["machine"], self.costs["hdbet"]
        sent = submissions(self.jobs, profile)
        cores = self.cpu() | {"around a cluster's jobs": sent * machine["submission_s"]}
        less = 1 if self.study.section("brain")["tta"] else 8
        strip, work = self.stripping() / less, {"training": self.training(), "mapping": self.mapping()}
        gpu = {"brain masks by HD-BET": strip * hdbet["gpu_s"]}
        gpu |= {name: tflop / machine["gpu_tflops"] for name, tflop in work.items()}
        alone = strip * hdbet["core_s"] + sum(work.values()) * 1e3 / machine["cpu_gflops"]
        lines = [
            f"Study {self.study.name}: {sum(self.jobs.values()):,} jobs, {sent:,} cluster submissions",
            *_table("core hours", {k: v / HOUR for k, v in cores.items()}),
            *_table(f"GPU hours at {machine['gpu_tflops']} TFLOP/s", {k: v / HOUR for k, v in gpu.items()}),
            f"or without a GPU {alone / HOUR:,.1f} more core hours at {machine['cpu_gflops']} GFLOP/s a core",
            *_table("GB on disk, raw scans apart", self.disk()),
            "Networks count as the paper's, smaller ones take less. Where figures come from: workflow/costs.yaml",
        ]
        return "\n".join(lines)


def _table(title: str, values: Mapping[str, float]) -> list[str]:
    return [f"{sum(values.values()):,.1f} {title}", *(f"  {v:10,.1f}  {name}" for name, v in values.items())]


def main() -> None:
    """Print the plan of the study in the files named on the command line."""
    files = sys.argv[1:]
    study = Study.from_config(raw_config(files))
    read = [
        yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
        for name in ("workflow/costs.yaml", "profiles/slurm/config.yaml")
    ]
    print(Plan(study, jobs_left(files), read[0]).text(read[1]))


if __name__ == "__main__":
    main()
