"""The one place in the tests that spells out a Snakemake command."""

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SMALLEST = (ROOT / "config.yaml", ROOT / "studies/ci.yaml")
MODULE = (sys.executable, "-m", "snakemake")


def snakemake(
    folder: Path,
    *arguments: object,
    studies: Iterable[Path] = SMALLEST,
    project: Path = ROOT,
    start: Iterable[object] = MODULE,
) -> list[str]:
    """The words that run the workflow of ``project`` in ``folder``: ``start``, then ``arguments``, then the study's files."""
    words = [*start, "--snakefile", project / "Snakefile", "--directory", folder]
    words += ["--workflow-profile", project / "profiles/default", *arguments]
    return list(map(str, [*words, "--configfile", *studies]))
