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


def forked(words: list[str], out: Path) -> tuple[int, str]:
    """Exit code and output of Snakemake with ``words``, in a fork of this process: its imports take a third of a dry run."""
    from snakemake.cli import main

    child = os.fork()
    if not child:
        code = 1
        for name in [name for name in sys.modules if name.partition(".")[0] == "sadm"]:
            del sys.modules[name]  # the project that is planned has its own
        try:
            stream = os.open(out, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
            os.dup2(stream, 1)
            os.dup2(stream, 2)
            sys.stdout, sys.stderr = (open(n, "w", buffering=1, closefd=False) for n in (1, 2))  # noqa: SIM115
            main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), out.read_text()


class Finished:
    """The smallest study in ``folder``, finished (benchmarks/finished.py), and a copy of the project that may be changed."""

    def __init__(self, folder: Path) -> None:
        self.project, self.study = folder / "project", folder / "study"
        self.project.mkdir(parents=True)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            copy(ROOT / part, self.project / part)
        words = self.words(start=(sys.executable, ROOT / "benchmarks/finished.py"))
        done = subprocess.run(words, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]

    def words(
        self, *arguments: str, start: Iterable[object] = (), overlay: dict[str, Any] | None = None
    ) -> list[str]:
        """The command line with ``arguments``, and with ``overlay`` over the config."""
        studies = [self.project / "config.yaml", self.project / "studies/ci.yaml"]
        if overlay:
            write_json(overlay, self.project / "overlay.json")
            studies.append(self.project / "overlay.json")
        return snakemake(self.study, *arguments, studies=studies, project=self.project, start=start)

    def plan(self, overlay: dict[str, Any] | None = None, *arguments: str) -> dict[str, int]:
        """Jobs by rule that a dry run plans, with ``overlay`` over the config; the target itself is no job."""
        code, said = forked(
            self.words("--dry-run", *arguments, overlay=overlay), self.project.parent / "said"
        )
        assert code == 0, said[-3000:]
        return {rule: count for rule, count in planned(said).items() if rule != "all"}

    def plan_with(self, **variables: str) -> dict[str, int]:
        """The same with environment ``variables``, in a process of its own, which is what they reach."""
        words = self.words("--dry-run", start=MODULE)
        done = subprocess.run(words, capture_output=True, text=True, env=os.environ | variables, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        return {rule: count for rule, count in planned(done.stdout + done.stderr).items() if rule != "all"}

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """The study and the project, each moved to another folder."""
        old = self.project, self.study
        self.project, self.study = (path.with_name(f"moved_{path.name}") for path in old)
        for before, after in zip(old, (self.project, self.study), strict=True):
            before.rename(after)
        try:
            yield
        finally:
            for before, after in zip(old, (self.project, self.study), strict=True):
                after.rename(before)
            self.project, self.study = old

    @contextmanager
    def copy(self, keeps_times: bool) -> Iterator[None]:
        """A copy of the study, with its file times (cp -a) or with new ones (cp -r)."""
        old, self.study = self.study, self.study.with_name("copy")
        subprocess.run(["cp", "-a" if keeps_times else "-r", old, self.study], check=True)
        try:
            yield
        finally:
            shutil.rmtree(self.study)
            self.study = old

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
