"""A run of Snakemake as a person wants to see it: a bar, the step in words, the time left; all it says goes to a file.

Without a terminal a line for each job that starts. What fails is shown in full, at once; and so is the first prepared head, as a
picture to be looked at.
"""

import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any

from sadm.study.copies import ADVICE

LOG = Path("logs/run.log")
TICK = 0.5  # seconds after which the bar is drawn again though nothing has come
FLICKER = 0.05  # seconds between two pictures of the bar at least
BAR = 24  # characters
# Seconds of a job in the demo, on one core: they tell the time left until jobs of the same rule have been seen. All others: 1.
SECONDS = {
    "train": 21.0, "reconstruct": 9.0, "predict": 3.0, "evaluate": 1.5, "statistics": 15.0, "charts": 10.0, "pictures": 10.0, "report": 8.0
}  # fmt: skip
STARTS = re.compile(r"Job (\d+): (.*)")
ENDS = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)")
STEPS = re.compile(r"(\d+) of (\d+) steps \(\d+%\) done")
COUNTS = re.compile(r"(\w+) +(\d+)")
CORES = re.compile(r"Provided cores: (\d+)")
FAILS = re.compile(r"Error in |\w*(Error|Exception)\b")
GOES_ON = re.compile(
    r"\[\w{3} \w{3} +\d+ |Finished jobid|Select jobs|Execute \d+ jobs|Trying to restart|Shutting down"
)


@dataclass
class Run:
    """What is known of a run, from the lines that Snakemake has printed so far.

    ``left``: jobs by rule; ``running``: start and message by job; ``took``: seconds of the jobs that ended, by rule; ``failed``: whether
    something has failed.
    """

    cores: int = 1
    total: int = 0
    done: int = 0
    left: Counter[str] = field(default_factory=Counter)
    running: dict[str, tuple[float, str]] = field(default_factory=dict)
    took: dict[str, list[float]] = field(default_factory=dict)
    failed: bool = False
    _counting: bool = False
    _failing: bool = False

    def read(self, line: str, now: float) -> str:
        """Take in a ``line`` that came at ``now`` (seconds). Returns what it is: "start", "fault", "advice", the rule of a job that ended, or ""."""
        if line == ADVICE:
            return "advice"
        if self._failing and not GOES_ON.match(line):
            return "fault"
        self._failing = False
        if FAILS.match(line):
            self.failed = self._failing = True
            return "fault"
        if found := STARTS.fullmatch(line):
            self.running[found[1]] = (now, found[2])
            return "start"
        if found := ENDS.match(line):
            start, _ = self.running.pop(found[1], (now, ""))
            self.took.setdefault(found[2], []).append(now - start)
            self.left[found[2]] -= 1
            return found[2]
        self._note(line)
        return ""

    def _note(self, line: str) -> None:
        if found := STEPS.match(line):
            self.done, self.total = int(found[1]), int(found[2])
        elif found := CORES.match(line):
            self.cores = int(found[1])
        elif re.match(r"job +count$", line):
            self._counting = True
        elif self._counting and (found := COUNTS.fullmatch(line)):
            if found[1] == "total":
                self.total, self._counting = int(found[2]), False
            else:
                self.left[found[1]] = int(found[2])

    @property
    def step(self) -> str:
        """The job that started last and still runs, in words."""
        return max(self.running.values(), default=(0.0, ""))[1]

    def spent(self) -> float:
        """Seconds of all jobs that have ended."""
        return sum(map(sum, self.took.values()))

    def seconds_left(self, now: float) -> float:
        """Seconds of work that are left, over all cores: rules that were seen count as seen, others as in the demo at this speed."""
        known = sum(SECONDS.get(rule, 1.0) * len(seen) for rule, seen in self.took.items())
        speed = self.spent() / known if known else 1.0
        work = 0.0
        for rule, count in self.left.items():
            seen = self.took.get(rule)
            work += count * (sum(seen) / len(seen) if seen else SECONDS.get(rule, 1.0) * speed)
        under_way = sum(now - start for start, _ in self.running.values())
        return max(work - under_way, 0.05 * work) / self.cores

    def line(self, now: float, width: int) -> str:
        """The bar, jobs, time left and step, in ``width`` characters."""
        if not self.total:
            return "planning"[:width]
        left = self.seconds_left(now) * self.cores
        full = round(BAR * self.spent() / max(self.spent() + left, 1e-9))
        said = f"[{'#' * full}{'.' * (BAR - full)}] {self.done}/{self.total}, {minutes(left / self.cores)} left: {self.step}"
        return said if len(said) <= width else said[: width - 1] + "…"


def minutes(seconds: float) -> str:
    """``seconds`` as a person says it."""
    if seconds < 90:
        return "about a minute"
    if seconds < 90 * 60:
        return f"about {math.ceil(seconds / 60)} minutes"
    return f"about {seconds / 3600:.0f} hours"


class Screen:
    """Lines that stay, and below them on a terminal one that is drawn again and again."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream, self.live, self.drawn = stream, stream.isatty(), 0.0

    def say(self, text: str) -> None:
        """A line that stays."""
        self.stream.write(("\r\x1b[2K" if self.live else "") + text + "\n")
        self.stream.flush()

    def draw(self, line: Callable[[int], str]) -> None:
        """The last line, made for a width; nothing where there is no terminal."""
        if self.live and time.monotonic() - self.drawn > FLICKER:
            self.drawn = time.monotonic()
            width = os.get_terminal_size(self.stream.fileno()).columns or shutil.get_terminal_size().columns
            self.stream.write("\r\x1b[2K" + line(max(width - 1, 1)))
            self.stream.flush()


def first_picture(root: Path = Path("results/prep")) -> Path | None:
    """The picture of the first prepared scan."""
    found = sorted(root.rglob("*_qc.png"), key=lambda path: path.stat().st_mtime)
    return found[0] if found else None


@contextmanager
def heeded(child: subprocess.Popen[str]) -> Iterator[None]:
    """Meanwhile Ctrl-C, which the ``child`` gets as well, does not end this process, and SIGTERM is handed on."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGTERM)),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def watch(call: Sequence[str], stream: IO[str] | None = None, where: Path = Path()) -> int:
    """Run ``call``, a Snakemake whose results go below the folder ``where``, and show it on ``stream`` (stderr); its exit status."""
    screen, run, log = Screen(stream or sys.stderr), Run(), where / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    lines: Queue[str | None] = Queue()
    Thread(target=_feed, args=(child.stdout, lines), daemon=True).start()
    with heeded(child), open(log, "w", encoding="utf-8") as file:
        early = list[str]()
        while (line := _next(lines)) is not None:
            if line:
                file.write(line)
                file.flush()
                early += [] if run.total else [line.rstrip()]
                _show(screen, run, line.rstrip("\n"), where)
            screen.draw(lambda width: run.line(time.monotonic(), width))
        code = child.wait()
    if code and not run.failed:
        screen.say("\n".join(early))  # it did not get as far as its jobs
    screen.say(_last(run, code, log))
    return code


def _feed(stream: Any, lines: "Queue[str | None]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _next(lines: "Queue[str | None]") -> str | None:
    """The next line, "" if none came within a tick, None at the end."""
    try:
        return lines.get(timeout=TICK)
    except Empty:
        return ""


def _show(screen: Screen, run: Run, line: str, where: Path) -> None:
    what = run.read(line, time.monotonic())
    if what in ("fault", "advice"):
        screen.say(line)
    elif what == "start" and not screen.live:
        screen.say(f"{time.strftime('%H:%M:%S')} {run.done}/{run.total} {run.step}")
    elif what == "grid" and len(run.took["grid"]) == 1 and (picture := first_picture(where / "results/prep")):
        screen.say(f"The first prepared head, to be looked at: {picture}")


def _last(run: Run, code: int, log: Path) -> str:
    if not run.total:
        return f"{'Stopped before any job began' if code else 'Nothing was left to do'}. Full log: {log}"
    said = "Done" if not code else "Stopped"
    return f"{said}: {run.done} of {run.total} jobs. Full log: {log}"
