"""What Snakemake's main process takes beside the jobs: the paper's study, run with jobs that only touch their outputs.

    python benchmarks/scheduling.py [--jobs 12000] [--cores 2] [--profile FILE] [--root CLONE] [-- OPTIONS_OF_SNAKEMAKE]

Prints JSON: jobs, wall and CPU seconds of planning and of running, and milliseconds a job of the main process while it runs (its threads
count, the jobs' processes do not). The scans are empty files in official trees, so many that the study has about ``--jobs`` jobs. Each job
is planned, started, checked and recorded as ever, but `touch` runs in place of Python. ``--profile`` writes what cProfile saw of the
main thread.
"""

import argparse
import cProfile
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from planning import ROOT, paper_trees
from snakemake.cli import main as snakemake
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake.script import PythonScript

SCANS = {"ixi": 581, "brats": 1251, "atlas": 655}  # of the official trees
OTHER = 1200  # jobs of the paper's study that do not hang on its scans, about
STEPS = 4.4  # jobs of one scan
schedule = JobScheduler.schedule


def touched(script: PythonScript, fname: str, edit: bool = False) -> None:
    """In place of a script: its outputs are touched, by a process."""
    del fname, edit
    script._execute_cmd("touch {paths}", paths=" ".join(map(str, script.output)))


def timed(scheduler: JobScheduler) -> bool:
    """Runs all jobs, and writes what that took."""
    wall, cpu, profile = time.perf_counter(), time.process_time(), cProfile.Profile()
    done = profile.runcall(schedule, scheduler) if os.environ["PROFILE"] else schedule(scheduler)
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    ran = {key: round(value, 1) for key, value in took.items()} | {"jobs": scheduler.finished_jobs}
    ran["ms_a_job"] = round(1e3 * took["cpu_s"] / scheduler.finished_jobs, 2)
    planned = {"cpu_s": round(cpu, 1)}
    Path(os.environ["FOUND"]).write_text(json.dumps({"planning": planned, "running": ran}), encoding="utf-8")
    if os.environ["PROFILE"]:
        profile.dump_stats(os.environ["PROFILE"])
    return done


def inside() -> None:
    """Snakemake with jobs that only touch their outputs."""
    PythonScript.execute_script = touched
    JobScheduler.schedule = timed
    snakemake(sys.argv[2:])


def trees(folder: Path, jobs: int) -> None:
    """Official trees of so many scans that the study has about ``jobs`` jobs, and its overlay."""
    share = min(1.0, max(0.02, (jobs - OTHER) / STEPS / sum(SCANS.values())))
    paper_trees(folder / "data", **{name: round(count * share) for name, count in SCANS.items()})
    smaller = {name: {"annotated": 0.2, "annotated_val": 1} for name in ("brats", "atlas")}
    over = {"datasets": smaller, "splits": {"test": 0.2, "val": 0.1}} if share < 1 else {}
    (folder / "overlay.json").write_text(json.dumps(over | {"name": "stub"}), encoding="utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=12_000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--profile", default="")
    parser.add_argument("--root", type=Path, default=ROOT, help="another clone, to compare with")
    parser.add_argument("options", nargs="*")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, found = Path(temporary), Path(temporary, "found.json")
        trees(folder, given.jobs)
        call = [sys.executable, __file__, "inside", "--cores", str(given.cores), "--directory", temporary]
        call += [
            "--snakefile",
            given.root / "Snakefile",
            "--workflow-profile",
            given.root / "profiles/default",
        ]
        call += ["--configfile", given.root / "studies/paper.yaml", folder / "overlay.json", *given.options]
        profile = str(Path(given.profile).absolute()) if given.profile else ""
        env = os.environ | {"FOUND": str(found), "PROFILE": profile}
        done = subprocess.run(call, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if not found.exists() or done.returncode:
            sys.exit(done.stdout[-2000:] + done.stderr[-4000:])
        about: dict[str, Any] = {"machine": platform.machine(), "cores": given.cores}
        print(json.dumps(about | json.loads(found.read_text(encoding="utf-8")), indent=1))


if __name__ == "__main__":
    inside() if sys.argv[1:2] == ["inside"] else main()
