"""A trial: an input of a kind, in a process of its own, and how it ended."""

import os
import resource
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import given
import measured
import prepared
import settings
import trained
from breaking import Draw

from sadm.runtime.errors import SadmError

SECONDS, BYTES = 60, 4 << 30
# Each makes and breaks an input in a folder, runs the step, and says what was right about the result. A seed's trials hang on their order.
KINDS: dict[str, Callable[[Path, Draw], str]] = {
    kind.__name__: kind
    for kind in (
        given.scan, given.table, given.name, settings.setting, trained.weights, trained.checkpoint, measured.score, measured.curve,
        prepared.qc, prepared.transform, prepared.array, measured.maps, prepared.sheet,
    )
}  # fmt: skip


def trial(seed: int, number: int, only: list[str], loud: bool = False) -> tuple[str, str]:
    """The kind of trial ``number`` and how it ended: "right ...", "named ...", "UNNAMED ...", "WRONG ...", "ENDED BY SIGNAL n"."""
    draw = Draw(f"{seed} {number}")
    chosen = draw.choice(only)
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    read, write = os.pipe()
    if not (child := os.fork()):
        _child(chosen, folder, draw, write, loud)
    os.close(write)
    with os.fdopen(read, errors="replace") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return chosen, said or f"ENDED BY SIGNAL {os.WTERMSIG(status) if os.WIFSIGNALED(status) else status}"


def _child(chosen: str, folder: Path, draw: Draw, write: int, loud: bool) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        signal.alarm(10 * SECONDS)  # for what waits without working, such as a pipe that nobody writes
        if not loud:
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
        try:
            said = f"right: {KINDS[chosen](folder, draw)}"
        except SadmError as error:
            helps = "named" if error.what and error.fix else "WRONG: no way to mend it:"
            said = f"{helps} {type(error).__name__}: {error.what}"
        except BaseException as error:
            ours = [f for f in traceback.extract_tb(error.__traceback__) if "/sadm/" in f.filename]
            where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "the trial itself"
            word = "WRONG" if isinstance(error, AssertionError) and not ours else "UNNAMED"
            said = f"{word} {type(error).__name__} at {where}: {error}"
            if loud:
                traceback.print_exc()
        os.write(write, " ".join(said.split())[:2000].encode("utf-8", "replace"))
    finally:
        os._exit(0)


def ended(said: str) -> str:
    """The sort of an ending."""
    return "right" if said.startswith("right") else "named" if said.startswith("named") else "bad"
