"""A copy of the project beside a study that looks finished, and what a dry run plans there after a change."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from command import MODULE, ROOT, snakemake

from sadm.runtime.files import write_json

PARTS = (
    "Snakefile",
    "config.yaml",
    "requirements.lock",
    "data",
    "envs",
    "profiles",
    "src",
    "studies",
    "workflow",
)


def planned(text: str) -> dict[str, int]:
    """Jobs by rule in the output of a dry run."""
    stats = re.search(r"job +count\n[- ]+\n(.*?)\ntotal", text, re.DOTALL)
    return (
        {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", stats[1], re.MULTILINE)}
        if stats
        else {}
    )


class Finished:
    """The smallest study in ``folder``, finished (benchmarks/finished.py), and a copy of the project that may be changed."""

    def __init__(self, folder: Path) -> None:
        self.project, self.study = folder / "project", folder / "study"
        self.project.mkdir(parents=True)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, self.project / part)
        done = self._snakemake(start=(sys.executable, ROOT / "benchmarks/finished.py"))
        assert done.returncode == 0, done.stderr[-3000:]

    def _snakemake(
        self, *arguments: str, start: Iterable[object] = MODULE, overlay: dict[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        studies = [self.project / "config.yaml", self.project / "studies/ci.yaml"]
        if overlay:
            write_json(overlay, self.project / "overlay.json")
            studies.append(self.project / "overlay.json")
        words = snakemake(self.study, *arguments, studies=studies, project=self.project, start=start)
        return subprocess.run(words, capture_output=True, text=True, timeout=300)

    def plan(self, overlay: dict[str, Any] | None = None, *arguments: str) -> dict[str, int]:
        """Jobs by rule that a dry run plans, with ``overlay`` over the config; the target itself is no job."""
        done = self._snakemake("--dry-run", *arguments, overlay=overlay)
        assert done.returncode == 0, done.stderr[-3000:]
        return {rule: count for rule, count in planned(done.stdout + done.stderr).items() if rule != "all"}

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """The project's file ``name`` with ``new`` in place of the first ``old``."""
        path = self.project / name
        before, times = path.read_text(), path.stat()
        assert old in before, f"{name} has no {old!r}"
        path.write_text(before.replace(old, new, 1))
        try:
            yield
        finally:
            path.write_text(before)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    @contextmanager
    def added(self, name: str, text: str) -> Iterator[None]:
        """A new file ``name`` of the project."""
        path = self.project / name
        path.write_text(text)
        try:
            yield
        finally:
            path.unlink()

    @contextmanager
    def changed(self, name: str, content: bytes) -> Iterator[None]:
        """The study's file ``name`` written anew with ``content``."""
        path = self.study / name
        before, times = path.read_bytes(), path.stat()
        path.write_bytes(content)
        try:
            yield
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
