"""What a study will take, before anything runs: jobs, cluster submissions, core hours, GPU hours, disk.

    sadm plan [STUDY.yaml ...]        (make plan STUDY=studies/paper.yaml)

Snakemake's dry run says which jobs are left; ``workflow/costs.yaml`` says what each takes, and where that was measured. Both are
true to a factor of two: jobs of a rule count alike, whichever of them are left.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from statistics import mean, median
from typing import Any

from sadm.cohort.splits import size
from sadm.commands.dry_run import Jobs, jobs_left, submissions
from sadm.study.loader import ROOT, raw_config, read
from sadm.study.study import Study

HOUR = 3600
Costs = Mapping[str, Any]  # of workflow/costs.yaml


def trained(study: Study, name: str) -> int:
    """Scans of a set that a model trains on in a fold; a subject counts as one scan."""
    source, splits = study.source(name), study.section("splits")
    total, given = len(study.scans(source)), study.datasets[source]
    if source != study.healthy:
        return size(given["annotated"], total, "annotated") - size(given["annotated_val"], total, "val")
    if splits["train"] is not None:
        return size(splits["train"], total, "train")
    return total - size(splits["test"], total, "test") - size(splits["val"], total, "val")


def volumes(study: Study) -> int:
    """Volumes that a model maps in a fold: of each scored set those that no model trains on, of `Study.subsets` all."""
    sets = [*study.testsets, study.healthy] if study.rows else []
    apart = {name: trained(study, name) for name in sets if name not in study.subsets}
    return sum(len(study.scans(study.source(name))) - apart.get(name, 0) for name in sets)


def pixels(study: Study, costs: Costs) -> float:
    """Pixels of a slice, by those of the slice that work and disk were counted on."""
    grid = study.section("grid")
    return math.prod(edge / grid["downsample"] for edge in grid["shape"][:2]) / math.prod(costs["slice"])


def reconstructing(study: Study) -> list[str]:
    """Models that reconstruct, and so do their mapping's work in the rule reconstruct."""
    return [model for model in study.models if study.declares(model).reconstructs]


def networks(study: Study, jobs: Jobs, costs: Costs) -> dict[str, float]:
    """TFLOP of the models that are left to train, and to map with; of a method not in ``costs`` the median of the others."""
    counted, left, makers = costs["work"], {"training": 0.0, "mapping": 0.0}, reconstructing(study)
    typical = [median(column) for column in zip(*counted.values())]
    for model in study.models:
        (step, volume), hyper = counted.get(study.method(model), typical), study.hyper(model)
        slices = hyper["epochs"] * hyper["slices"] * trained(study, study.trained_on(model))
        rule, among = ("reconstruct", makers) if model in makers else ("predict", study.models)
        left["training"] += step / 1e3 * slices * jobs["train"] / len(study.models)
        left["mapping"] += volume * volumes(study) * jobs[rule] / len(among)
    return {name: work * pixels(study, costs) for name, work in left.items()}


def cores(study: Study, jobs: Jobs, costs: Costs) -> dict[str, float]:
    """CPU seconds by stage, without networks."""
    per = {
        "job": 1.0,
        "scan": mean(len(study.scans(name)) for name in study.datasets),
        "volume": volumes(study),
        "head": chunk_size(study, "deepbet"),
    }
    found = dict.fromkeys(costs["cpu"], 0.0)
    for stage, units in costs["cpu"].items():
        for unit, rules in units.items():
            found[stage] += sum(per[unit] * each * jobs[rule] for rule, each in rules.items())
    return found


def disk(study: Study, jobs: Jobs, costs: Costs) -> dict[str, float]:
    """GB by what is kept of the jobs that are left."""
    grid, mb = study.section("grid"), costs["disk"]
    depth = grid["shape"][2] // grid["downsample"] - 2 * grid["crop"]
    volume = pixels(study, costs) * depth / 50  # by that of the figures
    passes = [study.declares(model).count(study.hyper(model)) for model in reconstructing(study)]
    count = {
        "prepared": jobs["grid"],
        "packed": jobs["pack"] * mean(len(study.scans(name)) for name in study.datasets) * volume,
        "reconstructions": jobs["reconstruct"] * volumes(study) * mean(passes or [0]) * volume,
        "maps": jobs["predict"] * volumes(study) * volume,
        "weights": jobs["train"],
    }
    return {name: n * mb[name] / 1e3 for name, n in count.items()}


def passes(study: Study, jobs: Jobs) -> int:
    """Times that HD-BET's networks are left to see a head."""
    return round(jobs["hdbet"] * chunk_size(study, "hd-bet")) * study.passes


def chunk_size(study: Study, method: str) -> float:
    """Mean number of scans that a job strips by ``method``."""
    return mean([len(chunk.t1s) for chunk in study.strip_chunks if chunk.method == method] or [0])


def text(study: Study, jobs: Jobs, costs: Costs, profile: Mapping[str, Any]) -> str:
    """The plan in words."""
    machine, work = costs["machine"], networks(study, jobs, costs)
    hdbet = costs["hdbet"][study.section("brain")["hdbet"]]
    sent, strip = submissions(jobs, profile), passes(study, jobs)
    cpu = cores(study, jobs, costs) | {"around a cluster's jobs": sent * machine["submission_s"]}
    gpu = {"brain masks by HD-BET": strip * hdbet["gpu_s"]}
    gpu |= {name: tflop / machine["gpu_tflops"] for name, tflop in work.items()}
    alone = strip * hdbet["core_s"] + sum(work.values()) * 1e3 / machine["cpu_gflops"]
    lines = [
        f"Study {study.name}: {jobs.total():,} jobs, {sent:,} cluster submissions",
        f"Protocol: {study.protocol}",
        *_table("core hours", {k: v / HOUR for k, v in cpu.items()}),
        *_table(f"GPU hours at {machine['gpu_tflops']} TFLOP/s", {k: v / HOUR for k, v in gpu.items()}),
        f"or without a GPU {alone / HOUR:,.1f} more core hours at {machine['cpu_gflops']} GFLOP/s a core",
        *_table("GB on disk, raw scans apart", disk(study, jobs, costs)),
        "Networks count as the paper's, smaller ones take less. Where figures come from: workflow/costs.yaml",
    ]
    if guessed := sorted({study.method(model) for model in study.models} - set(costs["work"])):
        lines.append(f"Estimated, as the median of the methods there: {', '.join(guessed)}")
    return "\n".join(lines)


def _table(title: str, values: Mapping[str, float]) -> list[str]:
    return [f"{sum(values.values()):,.1f} {title}", *(f"  {v:10,.1f}  {name}" for name, v in values.items())]


def main(arguments: Sequence[str]) -> None:
    """Print the plan of the study in the files named on the command line."""
    parser = argparse.ArgumentParser("sadm plan", description="What a study will take, before anything runs.")
    parser.add_argument("study", nargs="*", help="files of the study, as after --configfile; none: the demo")
    files = parser.parse_args(arguments).study
    study = Study.from_config(raw_config(files))
    print(
        text(
            study,
            jobs_left(files),
            *(read(ROOT / name) for name in ("workflow/costs.yaml", "profiles/slurm/config.yaml")),
        )
    )
