"""Whether this machine has what a study needs, and how to get the rest: one line each.

    sadm doctor [STUDY.yaml ...] [--slurm] [--json]

Exit status 0 where the study can start in the current folder, 1 where something is missing. Nothing is fetched and nothing is run but a dry run.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from sadm.commands.dry_run import Jobs, jobs_left, largest_mb
from sadm.commands.plan import disk
from sadm.data import base
from sadm.preprocess.hdbet1_weights import WHEEL, cache
from sadm.runtime.errors import SadmError
from sadm.study.loader import ROOT, raw_config, read
from sadm.study.study import Study
from sadm.study.weights import HDBET, asked

OK, NOTE, MISSING = "ok", "note", "missing"
PYTHON = (3, 11)
TEMPLATE = ("t1_brats_space.nii", "t1_skullstripped_brats_space.nii")
SLURM = ("sbatch", "squeue", "scancel")


@dataclass(frozen=True)
class Finding:
    """One line: ``state`` "ok", "note" (it can start all the same) or "missing"; ``fix`` tells what to do."""

    about: str
    state: str
    said: str
    fix: str = ""


def interpreter() -> Iterator[Finding]:
    """The Python that runs this."""
    said = f"{platform.python_version()} at {sys.executable}"
    fine = sys.version_info >= PYTHON
    yield Finding("python", OK if fine else MISSING, said, "" if fine else "use Python 3.11 or newer")


def devices(study: Study) -> Iterator[Finding]:
    """torch, and where networks would run."""
    import torch

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    seen = f"{len(gpus)} GPU: {', '.join(gpus)}" if gpus else "no GPU"
    yield Finding("torch", OK, f"{torch.__version__}; {seen}; {cores} CPU cores")
    for key in ("training", "brain"):
        if study.section(key)["device"] == "cuda" and not gpus:
            yield Finding(
                "torch", MISSING, f"{key}.device is cuda, and torch sees none", f"set {key}.device: auto"
            )
    if study.rows and study.config["size"] == "paper" and not gpus:
        yield Finding(
            "torch",
            NOTE,
            "networks of the paper's size take months without a GPU",
            "see sadm plan; or set size: small",
        )


def data(study: Study) -> Iterator[Finding]:
    """Each data set: how many scans there are, and how many lack a file."""
    for name, said in study.datasets.items():
        asked_of = said["importer"], name, said["options"], said["brain"] == "given"
        try:
            listed, there = base.listing(*asked_of), base.planned(*asked_of)
        except SadmError as error:
            where = f"{error.file}: {error.cause}" if error.file else error.cause
            fix = error.fix.replace("options.path in the config", f"datasets.{name}.options.path")
            yield Finding("data", MISSING, f"{name} ({said['importer']}): {error.what} {where}", fix)
            continue
        subjects = len({scan.subject for scan in there})
        counted = f"{name} ({said['importer']}): {len(there)} scans of {subjects} subjects"
        if short := len(listed) - len(there):
            yield Finding(
                "data",
                MISSING,
                f"{counted}; {short} more lack a file",
                "the check names them: snakemake prep",
            )
        elif not there:
            yield Finding("data", MISSING, counted, f"set datasets.{name}.options.path")
        else:
            made = " (made by the study itself)" if base.makes(said["importer"]) else ""
            yield Finding("data", OK, counted + made)


def weights(study: Study) -> Iterator[Finding]:
    """The weights that the study asks for."""
    for each in asked(study):
        what = f"{each.what} for {', '.join(each.users)}"
        if each.absent:
            said = f"{what}: {', '.join(each.absent)} not in {Path(each.place).expanduser()}"
            yield Finding("weights", MISSING, said, each.fix)
        elif each.place:
            yield Finding("weights", OK, f"{what}: in {Path(each.place).expanduser()}")
        elif each.what == HDBET and (kept := cache() / WHEEL).is_file():
            yield Finding("weights", OK, f"{what}: cached, {kept}")
        else:
            yield Finding("weights", OK, f"{what}: will be fetched ({each.source})")


def template(study: Study) -> Iterator[Finding]:
    """The SRI24 template."""
    place = study.section("atlas")["path"]
    if not place:
        made = Path("results/template/sri24_head.nii.gz").exists()
        yield Finding("template", OK, "SRI24: " + ("is there" if made else "will be fetched by pip"))
        return
    root = Path(place).expanduser()
    absent = [
        name for name in TEMPLATE if not (root / name).is_file() and not (root / f"{name}.gz").is_file()
    ]
    fix = "put them there, or set atlas: {path: null} to have them fetched"
    said = f"{', '.join(absent)} not in {root}" if absent else f"in {root}"
    yield Finding("template", MISSING if absent else OK, f"SRI24: {said}", fix if absent else "")


def room(need_gb: float, free_gb: float) -> Finding:
    """The disk, against what the plan says to be left."""
    said = f"{need_gb:,.1f} GB to be written (sadm plan), {free_gb:,.0f} GB free here"
    if need_gb > free_gb:
        return Finding("disk", MISSING, said, "start in a folder on a larger disk, or free some")
    tight = 2 * need_gb > free_gb
    return Finding(
        "disk", NOTE if tight else OK, said, "the plan is right to a factor of two" if tight else ""
    )


def memory(asks_mb: int, has_mb: int) -> Finding:
    """The memory, against what the largest job asks for."""
    said = f"the largest job asks for {asks_mb / 1000:,.1f} GB, this machine has {has_mb / 1000:,.1f}"
    fits = asks_mb <= has_mb
    return Finding("memory", OK if fits else NOTE, said, "" if fits else "use fewer --cores, or a cluster")


def planned(
    study: Study, files: Sequence[str], jobs: Callable[[Sequence[str]], Jobs] = jobs_left
) -> Iterator[Finding]:
    """What is left to be done, and whether it fits this machine."""
    try:
        left = jobs(files)
    except SystemExit as error:
        lines = str(error).strip().splitlines()
        yield Finding("plan", MISSING, "the study cannot be planned: " + " ".join(lines[-4:]), "see above")
        return
    yield Finding("plan", OK, f"{left.total():,} jobs are left" if left else "nothing is left to be done")
    if left:
        costs = read(ROOT / "workflow/costs.yaml")
        yield room(sum(disk(study, left, costs).values()), shutil.disk_usage(".").free / 1e9)
        yield memory(largest_mb(left), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 10**6)


def writing() -> Iterator[Finding]:
    """Whether results can be written in the current folder."""
    here = Path.cwd()
    for place in [here / name for name in ("results", "logs") if (here / name).is_dir()] or [here]:
        try:
            with tempfile.TemporaryFile(dir=place):
                yield Finding("write", OK, f"{place} can be written")
        except OSError as error:
            yield Finding("write", MISSING, f"{place}: {error.strerror}", "start in a folder of your own")


def slurm() -> Iterator[Finding]:
    """What the profile for Slurm needs."""
    absent = [name for name in SLURM if not shutil.which(name)]
    fix = "start on a login node of the cluster"
    said = f"{', '.join(absent)} not found" if absent else f"{shutil.which(SLURM[0])}"
    yield Finding("slurm", MISSING if absent else OK, said, fix if absent else "")
    there = find_spec("snakemake_executor_plugin_slurm")
    fix = "" if there else "make slurm"
    said = "Snakemake's plugin is " + ("installed" if there else "not installed")
    yield Finding("slurm", OK if there else MISSING, said, fix)


def findings(files: Sequence[str], cluster: bool = False) -> Iterator[Finding]:
    """Everything that is looked at, in the order of the page. Raises ConfigError where there is no such study."""
    study = Study.from_config(raw_config(files))
    yield Finding("study", OK, f"{study.name} ({', '.join(map(str, files)) or 'the demo'})")
    yield from interpreter()
    yield from devices(study)
    found = [*data(study), *weights(study), *template(study)]
    yield from found
    if any(each.state == MISSING for each in found):
        yield Finding("plan", NOTE, "not made: something is missing that it needs")
    else:
        yield from planned(study, files)
    yield from writing()
    if cluster:
        yield from slurm()


def text(found: Sequence[Finding]) -> str:
    """The page."""
    lines = []
    for each in found:
        lines.append(f"{each.state:8} {each.about:9} {each.said}")
        lines += [f"{'':18} -> {each.fix}"] if each.fix else []
    short = sum(each.state == MISSING for each in found)
    lines.append(f"\n{verdict(short)}")
    return "\n".join(lines)


def verdict(short: int) -> str:
    """The last line: ``short`` things are missing."""
    return f"Not yet: {short} missing, see above." if short else "The study can start."


def as_json(found: Sequence[Finding]) -> Mapping[str, object]:
    """The page as data: {"starts": bool, "findings": [{"about", "state", "said", "fix"}]}."""
    return {
        "starts": all(each.state != MISSING for each in found),
        "findings": [asdict(each) for each in found],
    }


def main(arguments: Sequence[str]) -> None:
    """Print the page; exit status 1 where something is missing."""
    parser = argparse.ArgumentParser(
        "sadm doctor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", nargs="*", help="files of the study, as after --configfile; none: the demo")
    parser.add_argument("--slurm", action="store_true", help="also what profiles/slurm needs")
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    said = parser.parse_args(arguments)
    found = list(findings(said.study, said.slurm))
    print(json.dumps(as_json(found), indent=1) if said.json else text(found))
    sys.exit(int(any(each.state == MISSING for each in found)))
