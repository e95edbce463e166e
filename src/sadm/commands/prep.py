"""Prepare scans: a BIDS data set, an official tree, any folder of T1 scans, or one scan.

    sadm prep PATH [OUT] [participant] [--out FOLDER] [--cores N] [-n] [-- OPTIONS OF SNAKEMAKE]

Says what PATH is, writes a study of it to OUT/study.yaml, and runs that: what `snakemake prep` runs with studies/prep.yaml. A study
that is there is used as it is, so that you may change it. Without OUT: a folder named after PATH in the current one, NAME-prepared.
The order of a BIDS app works as well: sadm prep BIDS_DIR OUT participant.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from sadm.commands.study_files import refuse_code
from sadm.commands.watch import watch
from sadm.data.base import stem
from sadm.runtime.errors import ConfigError, OutputError
from sadm.runtime.files import atomic
from sadm.study.guess import Guess, guess
from sadm.study.loader import ROOT, read
from sadm.study.registry import constants

STUDY, NAME = "study.yaml", "scans"  # the study's file, and what it calls its one data set
SCHEMA = ROOT / "workflow/schemas/config.schema.json"


def study(found: Guess) -> dict[str, Any]:
    """The study that prepares what was ``found``: stripped by deepbet, unless it comes stripped or with masks."""
    said = constants(f"data/{found.importer}")
    stripped = said["STRIPPED"] or found.options.get("stripped", False)
    brain = "given" if said["SPACE"] == "study" else "none" if stripped else "deepbet"
    return {
        "name": "prep",
        "datasets": {NAME: {"importer": found.importer, "brain": brain, "options": found.options}},
    }


def text(said: dict[str, Any], path: Path) -> str:
    """The study as a file."""
    head = (
        f"# yaml-language-server: $schema={SCHEMA}\n# Preprocessing alone of {path}, written by sadm prep.\n"
    )
    return head + yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


def written(said: dict[str, Any], path: Path, out: Path) -> Path:
    """The study's file in ``out``, written unless it is there. Raises ConfigError if it is there and of other scans."""
    file = out / STUDY
    if not file.exists():
        with atomic(file) as tmp:
            tmp.write_text(text(said, path), encoding="utf-8")
        return file
    there, wanted = read(file).get("datasets", {}).get(NAME, {}), said["datasets"][NAME]
    if (there.get("options") or {}).get("path") != wanted["options"]["path"]:
        cause = f"it is not of {wanted['options']['path']}"
        fix = "name another folder with --out, or remove this one"
        raise ConfigError("A folder holds another study.", file=file, cause=cause, fix=fix)
    return file


def counted(found: Guess) -> str:
    """What was found, in words: "IXI (importer ixi); scans: 100, subjects: 98". Raises DataError."""
    scans = found.scans()
    subjects = len({scan.subject for scan in scans})
    return f"{found.tree} (importer {found.importer}); scans: {len(scans)}, subjects: {subjects}"


def call(file: Path, out: Path, cores: int, options: Sequence[str]) -> list[str]:
    """The command that runs the study in ``file``, with results below ``out``."""
    refuse_code(options)
    words = [sys.executable, "-m", "snakemake", "prep", "--snakefile", str(ROOT / "Snakefile")]
    words += ["--workflow-profile", str(ROOT / "profiles/default"), "--directory", str(out)]
    return [*words, "--configfile", str(file), "--cores", str(cores), *options]


def parsed(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command line, and what stands behind "--" for Snakemake."""
    words = list(arguments)
    cut = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(
        "sadm prep", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path, help="a folder, or one scan")
    parser.add_argument("into", nargs="?", type=Path, metavar="OUT", help="the same as --out")
    parser.add_argument("level", nargs="?", choices=["participant"], help="of a BIDS app; it is the only one")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the study and its results go")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), metavar="N", help="default: all")
    parser.add_argument("-n", "--dry-run", action="store_true", help="say what would run; nothing is written")
    said = parser.parse_args(words[:cut])
    if said.into and said.out:
        parser.error("name the folder once: OUT or --out")
    return said, words[cut + 1 :]


def folder(path: Path, given: Path | None) -> Path:
    """The folder of the study. Raises OutputError if it is a file, or would lie among the scans."""
    out = (given or Path(f"{stem(path.absolute())}-prepared")).absolute()
    if out.exists() and not out.is_dir():
        raise OutputError("A folder cannot be made.", file=out, cause="it is a file", fix="name another one")
    if out == path.absolute():
        raise OutputError(
            "Results would lie among the scans.", file=out, cause="PATH and OUT are one", fix="name another"
        )
    return out


def main(arguments: Sequence[str]) -> None:
    """Prepare what the command line names; the exit status is Snakemake's."""
    said, options = parsed(arguments)
    out, found = folder(said.path, said.out or said.into), guess(said.path)
    print(f"{said.path} is {counted(found)}", flush=True)
    if said.dry_run:
        with tempfile.TemporaryDirectory() as empty:
            place = out if (out / STUDY).exists() else Path(empty)
            file = written(study(found), said.path.absolute(), place)
            print(file.read_text(encoding="utf-8"), flush=True)
            sys.exit(
                subprocess.run(call(file, place, said.cores, ["--dry-run", *options]), check=False).returncode
            )
    file = written(study(found), said.path.absolute(), out)
    print(f"Study: {file}", flush=True)
    code = watch(call(file, out, said.cores, options), where=out)
    if not code:
        print(
            f"Every scan with its checks: {out}/results/qc/{NAME}.html; prepared: {out}/results/prep/{NAME}"
        )
    sys.exit(code)
