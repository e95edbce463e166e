"""Sections about where the numbers come from: machine, versions, config, seeds, checksums."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from safetensors import SafetensorError, safe_open

from sadm import __version__
from sadm.report.blocks import Body, Cell, Code, Column, Facts, Table, from_rows
from sadm.report.lines import by, read_all
from sadm.runtime.errors import DataError
from sadm.runtime.files import digest, read_table
from sadm.runtime.tensors import KEY
from sadm.study.runs import tags, training_seed

PACKAGES = (
    "snakemake", "numpy", "scipy", "torch", "torchvision", "torchio", "antspyx", "simpleitk", "nibabel", "deepbet", "hd-bet",
    "pandas", "scikit-learn", "matplotlib", "Jinja2",
)  # fmt: skip


def commit(root: str | Path) -> str:
    """The commit of the code at ``root``, with a mark if files differ from it; "unknown" where git says nothing."""
    try:
        words = ["git", "-C", str(root), "describe", "--always", "--dirty= (with changes)"]
        words += ["--abbrev=12", "--exclude=*"]
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


def input_sums(sheets: Iterable[str | Path], titles: Mapping[str, str]) -> Table:
    """A checksum a data set: SHA-256 over the sorted SHA-256 of its scans' voxels (``sheets``: cohort tables)."""
    rows = []
    for name, lines in by("dataset", read_all(sheets)).items():
        sums = sorted(line["sha256"] for line in lines)
        whole = hashlib.sha256("\n".join(sums).encode()).hexdigest()
        count = Cell(str(len(sums)), len(sums))
        rows.append([Cell(titles.get(name, name), css="name"), count, Cell(whole, css="sum")])
    columns = [
        Column("Data set"),
        Column("scans", numeric=True),
        Column("SHA-256 of the sorted sums of all scans"),
    ]
    return Table("Checksums of the inputs", columns, [Body(rows)])


def told(weights: str | Path) -> tuple[str, int, int]:
    """Model, fold and seed that the file of ``weights`` is of. Raises DataError if it does not tell."""
    try:
        with safe_open(weights, framework="np") as stored:
            said = json.loads((stored.metadata() or {})[KEY])
        return str(said["model"]), int(said["fold"]), int(said["seed"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RecursionError) as error:
        cause, fix = f"{type(error).__name__}: {error}", "delete the file and train again"
        raise DataError(
            "Weights do not tell what they are of.", file=weights, cause=cause, fix=fix
        ) from error


def weight_sums(weights: Iterable[str | Path]) -> Table:
    """SHA-256 and size of the weights of every model, fold and seed."""
    rows = []
    for file in map(Path, weights):
        (model, fold, number), size = told(file), file.stat().st_size
        cells = [Cell(model, css="name"), Cell(str(fold), fold), Cell(str(number), number)]
        rows.append([*cells, Cell(f"{size / 1e6:.2f}", size), Cell(digest(file), css="sum")])
    counts = [Column(name, numeric=True) for name in ("fold", "seed")]
    columns = [Column("Model"), *counts, Column("size", "MB", True), Column("SHA-256")]
    return Table(f"Checksums of the weights: {len(rows)} files", columns, [Body(rows)], folded=True)


def sources(versions: str | Path) -> Table:
    """Atlas, brain networks and data sets: version, source, licence (``versions``: data/versions.csv)."""
    lines = read_table(versions, delimiter=",")
    return from_rows("Atlas, weights and data sets of others", lines, folded=True, file="")


def settings(config: Mapping[str, Any]) -> Code:
    """The whole config of the study, defaults filled in."""
    text = yaml.safe_dump(json.loads(json.dumps(config)), sort_keys=False, allow_unicode=True, width=100)
    return Code("The whole config, every default filled in", text)
