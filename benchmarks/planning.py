"""What it takes to plan a study: a dry run, a second run with nothing to do, and one batch of a population cohort.

    python benchmarks/planning.py [paper] [cluster] [noop] [batch] [--scans 50000] [--batches 100] [--keep FOLDER]

Prints JSON: wall and CPU seconds and peak memory of each Snakemake, the jobs that it planned, and its submissions: with ``cluster``, the groups
of profiles/slurm and the jobs in none. The scans are empty files in
official trees: those of the paper's study (581 IXI, 1,251 BraTS, 655 ATLAS), and a BIDS tree. ``noop`` makes the paper's study
look finished first (benchmarks/finished.py).
"""

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SITES = ("Guys", "HH", "IOP")
PACKED = "results/packed/people/scans.tsv"
PREP = {
    "name": "population",
    "brain": {"deepbet_chunk": 40},
    "datasets": {"people": {"importer": "bids", "brain": "deepbet", "options": {"path": "data/bids"}}},
}


def empty(path: Path) -> None:
    """An empty file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def paper_trees(root: Path, ixi: int = 581, brats: int = 1251, atlas: int = 655) -> None:
    """The official trees of the paper's data sets, of empty files."""
    for n in range(ixi):
        empty(root / f"IXI-T1/IXI{n:03d}-{SITES[n % 3]}-{n:04d}-T1.nii.gz")
    for n in range(brats):
        for kind in ("t1", "seg"):
            empty(root / f"BraTS2021_Training_Data/BraTS2021_{n:05d}/BraTS2021_{n:05d}_{kind}.nii.gz")
    for n in range(atlas):
        subject = f"sub-r{n // 20 + 1:03d}s{n % 20 + 1:03d}"
        place = root / f"ATLAS_2/Training/R{n // 20 + 1:03d}/{subject}/ses-1/anat"
        empty(place / f"{subject}_ses-1_space-MNI152NLin2009aSym_T1w.nii.gz")
        empty(place / f"{subject}_ses-1_space-MNI152NLin2009aSym_label-L_desc-T1lesion_mask.nii.gz")


def bids_tree(root: Path, scans: int) -> None:
    """A BIDS data set of empty heads."""
    for n in range(scans):
        empty(root / f"sub-{n:06d}/anat/sub-{n:06d}_T1w.nii.gz")


def measured(*words: str | Path, folder: Path) -> dict[str, Any]:
    """A Snakemake in ``folder``: seconds, MB, and the number of jobs in its output. Raises RuntimeError if it fails."""
    call = [
        sys.executable,
        *map(str, words),
        "--snakefile",
        str(ROOT / "Snakefile"),
        "--directory",
        str(folder),
    ]
    call += ["--workflow-profile", str(ROOT / "profiles/default")]
    log = folder / "snakemake.log"
    start = time.perf_counter()
    with open(log, "w", encoding="utf-8") as stream:
        actions = [(os.POSIX_SPAWN_DUP2, stream.fileno(), target) for target in (1, 2)]
        child = os.posix_spawn(sys.executable, call, os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    wall, text = time.perf_counter() - start, log.read_text(encoding="utf-8")
    if status:
        raise RuntimeError(f"{' '.join(call)}: {text[-2000:]}")
    jobs = re.search(r"^total +(\d+)$", text, re.MULTILINE)
    return {
        "wall_s": round(wall, 1),
        "cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "peak_mb": round(used.ru_maxrss / 2**10),
        "jobs": int(jobs[1]) if jobs else 0,
        "submissions": text.count("Group job ") + len(re.findall(r"^Job \d+: ", text, re.MULTILINE)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", default=["paper", "cluster", "noop", "batch"])
    parser.add_argument("--scans", type=int, default=50_000)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    paper = ["--configfile", str(ROOT / "studies/paper.yaml")]
    found: dict[str, Any] = {
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if {"paper", "cluster", "noop"} & set(given.what):
            paper_trees(folder / "data")
        if "paper" in given.what:
            found["paper"] = measured("-m", "snakemake", "--dry-run", *paper, folder=folder)
        if "cluster" in given.what:
            cluster = ["--profile", str(ROOT / "profiles/slurm"), "--executor", "local"]
            found["cluster"] = measured("-m", "snakemake", "--dry-run", *cluster, *paper, folder=folder)
        if "noop" in given.what:
            found["finishing"] = measured(ROOT / "benchmarks/finished.py", *paper, folder=folder)
            found["noop"] = measured("-m", "snakemake", "--dry-run", *paper, folder=folder)
        if "batch" in given.what:
            bids_tree(folder / "data/bids", given.scans)
            (folder / "population.json").write_text(json.dumps(PREP), encoding="utf-8")
            batch = ["--batch", f"pack=1/{given.batches}", "--configfile", str(folder / "population.json")]
            found["batch"] = {"scans": given.scans, "batches": given.batches}
            found["batch"] |= measured("-m", "snakemake", "--dry-run", PACKED, *batch, folder=folder)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
