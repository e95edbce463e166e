"""What the kill campaign and the kill test share: a study's process group, what it makes, and whether files are whole."""

import hashlib
import json
import os
import signal
import subprocess
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
from safetensors import safe_open

from sadm.study.copies import MARK

# The only results that carry run times, so that two undisturbed runs differ in them.
RUN_TIMES = ("results/report.html",)


def start(words: list[str], log: Path, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``words`` as a process group of its own, as from a terminal; its output goes to the end of ``log``."""
    with open(log, "ab") as stream:
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=variables,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's & leaves it ignored
        )


def end(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGKILL) -> int:
    """Send ``number`` to the whole group of ``process`` and wait until none of it is left; its exit code."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    code = process.wait(120)
    await_(lambda: not _alive(process.pid), 120)
    return code


def _alive(group: int) -> bool:
    """Whether a process of ``group`` is left that is no zombie."""
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def await_(happened: Callable[[], object], seconds: float) -> None:
    """Wait until ``happened()`` is true; AssertionError after ``seconds``."""
    last = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < last, "waited in vain"
        time.sleep(0.05)


def being_made(folder: Path, since: float = 0) -> set[str]:
    """Outputs of the jobs that run, or ran at a kill, started after the time ``since``: Snakemake's marks below ``folder``."""
    marks = folder / ".snakemake/incomplete"
    found = set()
    for mark in [path for path in marks.rglob("*") if path.is_file()]:
        with suppress(FileNotFoundError):
            if mark.stat().st_mtime >= since:
                name = "".join(mark.relative_to(marks).parts).replace("@", "")
                found.add(urlsafe_b64decode(name).decode())
    return found


def rules(folder: Path) -> dict[str, str]:
    """The rule of each output that a whole run in ``folder`` made, by Snakemake's records."""
    marks = folder / ".snakemake/metadata"
    records = {path: json.loads(path.read_text()) for path in marks.rglob("*") if path.is_file()}
    names = {path: "".join(path.relative_to(marks).parts).replace("@", "") for path in records}
    return {urlsafe_b64decode(names[path]).decode(): record["rule"] for path, record in records.items()}


def results(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below ``folder``/results but the mark of its file times, with its name from ``folder``."""
    for path in sorted((folder / "results").rglob("*")):
        if path.is_file() and path.name != MARK:
            yield path.relative_to(folder).as_posix(), path


def leftovers(folder: Path) -> list[str]:
    """Half-written files that a kill left."""
    return [name for name, path in results(folder) if path.name.startswith(".tmp")]


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every result that is the same in each run."""
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in results(folder)
        if name not in RUN_TIMES
    }


def wrong(folder: Path, expected: Mapping[str, str]) -> list[str]:
    """Files that lie under a result's name but are not, byte by byte, what an undisturbed run makes; states that do not load.

    This holds at any moment: a file is whole or absent, also where Snakemake would make it anew.
    """
    found = []
    for name, path in results(folder):
        if path.name.startswith(".tmp"):
            continue
        if path.name.startswith("state"):
            good = _loads(path)
        elif name in RUN_TIMES:
            good = path.read_bytes().rstrip().endswith(b"</html>")
        else:
            good = hashlib.sha256(path.read_bytes()).hexdigest() == expected.get(name)
        found += [] if good else [name]
    return found


def _loads(path: Path) -> bool:
    try:
        with safe_open(path, framework="np") as stored:
            return all(stored.get_tensor(name) is not None for name in stored.keys())  # noqa: SIM118
    except Exception:
        return False
