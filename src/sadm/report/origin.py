"""Sections about where the numbers come from: machine, versions, config, seeds, checksums, run times."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sadm import __version__
from sadm.report.blocks import Block, Body, Cell, Code, Column, Facts, Table, from_rows
from sadm.report.measures import read
from sadm.study.runs import tags, training_seed

PACKAGES = (
    "snakemake", "numpy", "scipy", "torch", "torchvision", "torchio", "antspyx", "simpleitk", "nibabel", "deepbet", "hd-bet",
    "pandas", "scikit-learn", "matplotlib", "Jinja2",
)  # fmt: skip


def commit(root: str | Path) -> str:
    """The commit of the code at ``root``, with a mark if files differ from it; "unknown" where git says nothing."""
    try:
        words = [
            "git",
            "-C",
            str(root),
            "describe",
            "--always",
            "--dirty= (with changes)",
            "--abbrev=12",
            "--exclude=*",
        ]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def machine(config: Mapping[str, Any], root: str | Path) -> Facts:
    """The code, the machine that wrote the report, and the study's seeds."""
    trained = [training_seed(config["seed"], tagged) for tagged in tags(config["training"]["seeds"])]
    return Facts(
        [
            ("sadm", f"{__version__}, commit {commit(root)}"),
            ("Python", platform.python_version()),
            ("System", f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores"),
            ("Device of the networks", config["training"]["device"]),
            ("Seed of the study", str(config["seed"])),
            ("Seeds of the trainings", ", ".join(map(str, trained))),
        ]
    )


def packages(lock: str | Path) -> Table:
    """The pins of the main packages, and what this process has where it differs."""
    pins = dict(line.split("==") for line in Path(lock).read_text(encoding="utf-8").split())
    rows = []
    for name in PACKAGES:
        pin = next((pinned for key, pinned in pins.items() if key.lower() == name.lower()), "–")
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "in another environment"
        state = Cell("as pinned" if found.partition("+")[0] == pin else found)
        rows.append([Cell(name, name.lower(), css="name"), Cell(pin), state])
    columns = [Column("Package"), Column("pinned"), Column("in the environment of the report")]
    return Table("Versions", columns, [Body(rows)], folded=True)


def file_digest(file: str | Path) -> str:
    """SHA-256 of a file."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def input_sums(sheets: Mapping[str, str | Path], titles: Mapping[str, str]) -> Table:
    """A checksum a data set: SHA-256 over the sorted SHA-256 of its scans' voxels (``sheets``: {data set: cohort tsv})."""
    rows = []
    for name, sheet in sheets.items():
        sums = sorted(line["sha256"] for line in read(sheet))
        whole = hashlib.sha256("\n".join(sums).encode()).hexdigest()
        rows.append(
            [
                Cell(titles.get(name, name), css="name"),
                Cell(str(len(sums)), len(sums)),
                Cell(whole, css="sum"),
            ]
        )
    columns = [
        Column("Data set"),
        Column("scans", numeric=True),
        Column("SHA-256 of the sorted sums of all scans"),
    ]
    return Table("Checksums of the inputs", columns, [Body(rows)])


def weight_sums(weights: Mapping[tuple[str, int, int], str | Path]) -> Table:
    """SHA-256 and size of the weights of every model, fold and seed."""
    rows = [
        [
            Cell(model, css="name"),
            Cell(str(fold), fold),
            Cell(str(number), number),
            Cell(f"{Path(file).stat().st_size / 1e6:.2f}", Path(file).stat().st_size),
            Cell(file_digest(file), css="sum"),
        ]
        for (model, fold, number), file in weights.items()
    ]
    counts = [Column(name, numeric=True) for name in ("fold", "seed")]
    columns = [Column("Model"), *counts, Column("size", "MB", True), Column("SHA-256")]
    return Table(f"Checksums of the weights: {len(rows)} files", columns, [Body(rows)], folded=True)


def sources(versions: str | Path) -> Table:
    """Atlas, brain networks and data sets: version, source, licence (``versions``: data/versions.csv)."""
    lines = read(versions, ",")
    return from_rows("Atlas, weights and data sets of others", lines, folded=True, file="")


def settings(config: Mapping[str, Any]) -> Code:
    """The whole config of the study, defaults filled in."""
    text = yaml.safe_dump(json.loads(json.dumps(config)), sort_keys=False, allow_unicode=True, width=100)
    return Code("The whole config, every default filled in", text)


def jobs(records: Iterable[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Seconds of each job by rule. ``records``: Snakemake's metadata, one a file made, several a job (told by its log)."""
    found: dict[tuple[str, str], float] = {}
    for record in records:
        start, end = record.get("starttime"), record.get("endtime")
        if record.get("rule") and start and end:
            found[record["rule"], str(record.get("log"))] = end - start
    rules: dict[str, list[float]] = {}
    for (rule, _), seconds in found.items():
        rules.setdefault(rule, []).append(seconds)
    return rules


def records(folder: str | Path) -> Iterable[dict[str, Any]]:
    """Snakemake's records of the files it made, below its metadata ``folder``; unreadable ones are left out."""
    for file in sorted(Path(folder).rglob("*")):
        if file.is_file():
            try:
                yield json.loads(file.read_bytes())
            except ValueError:
                continue


def run_times(folder: str | Path) -> list[Block]:
    """Jobs and wall time of each rule, the longest first; nothing where Snakemake kept no records."""
    rules = jobs(records(folder))
    total = sum(map(sum, rules.values()))
    rows = [
        [
            Cell(rule, css="name"),
            Cell(f"{len(times):,}", len(times)),
            Cell(f"{sum(times):,.1f}", sum(times), share=sum(times) / total if total else 0),
            Cell(f"{np.median(times):.1f}", float(np.median(times))),
            Cell(f"{max(times):.1f}", max(times)),
        ]
        for rule, times in sorted(rules.items(), key=lambda each: -sum(each[1]))
    ]
    columns = [Column("Rule"), Column("jobs", numeric=True)]
    columns += [Column(title, "s", True) for title in ("all jobs", "median job", "longest job")]
    facts = Facts(
        [("All jobs together", f"{total / 3600:.2f} h"), ("Jobs", f"{sum(map(len, rules.values())):,}")]
    )
    return [facts, Table("Wall time by rule, last run of each job", columns, [Body(rows)])] if rows else []
