"""A run as a person sees it: on a terminal a bar that is drawn over, without one plain lines; what fails in full, all in a file."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections import Counter
from pathlib import Path

import pytest

from sadm.commands.watch import Run, minutes
from sadm.study.copies import ADVICE

HEAD = """Provided cores: 2
Job stats:
job         count
--------  -------
register        2
train           2
total           4
"""

TOY = """
rule all:
    input: expand("results/{n}.txt", n=range(3)), "results/prep/a/sub-1_qc.png"

rule one:
    output: "results/{n}.txt"
    message: "Make number {wildcards.n}."
    shell: "sleep .3; if [ {wildcards.n} = 2 ] && [ -e wrong ]; then echo 'DataError: the cause' >&2; exit 1; fi; touch {output}"

rule grid:
    output: "results/prep/a/sub-1_qc.png"
    message: "Bring the head to its grid."
    shell: "touch {output}"
"""

COMMAND = "import sys; from sadm.commands.main import main; main(sys.argv[1:])"


def read(run: Run, text: str, now: float = 0.0) -> list[str]:
    return [run.read(line, now) for line in text.splitlines()]


def test_jobs_are_counted_and_the_last_step_is_told() -> None:
    run = Run()
    read(run, HEAD)
    assert (run.cores, run.total, run.left) == (2, 4, Counter(register=2, train=2))
    assert read(run, "Job 3: Register sub-1.\nReason: x\nJob 4: Register sub-2.", 10) == [
        "start",
        "",
        "start",
    ]
    assert run.step in ("Register sub-1.", "Register sub-2.")
    assert read(run, "Finished jobid: 4 (Rule: register)\n1 of 4 steps (25%) done", 14) == ["register", ""]
    assert run.step == "Register sub-1."
    assert (run.done, run.left["register"], run.took) == (1, 1, {"register": [4.0]})


def test_time_is_left_as_seen_jobs_took_and_the_others_at_that_speed() -> None:
    run = Run()
    read(run, HEAD)
    assert run.seconds_left(0) == (2 * 1 + 2 * 21) / 2
    read(run, "Job 3: Register sub-1.", 0)
    read(run, "Finished jobid: 3 (Rule: register)", 4)
    assert run.seconds_left(4) == pytest.approx((4 + 4 * 2 * 21) / 2), (
        "this machine takes four times the demo's"
    )
    read(run, "Job 5: Train.", 4)
    assert run.seconds_left(14) == pytest.approx((4 + 4 * 2 * 21 - 10) / 2)


def test_the_bar_grows_and_fits() -> None:
    run = Run()
    assert run.line(0, 80) == "planning"
    read(run, HEAD + "Job 1: " + "Words " * 40)
    empty = run.line(0, 80)
    assert len(empty) == 80
    assert empty.startswith("[........................] 0/4, about a minute left: Words")
    for job, rule in (("1", "register"), ("2", "register"), ("3", "train"), ("4", "train")):
        read(run, f"Job {job}: Go.", 0)
        read(run, f"Finished jobid: {job} (Rule: {rule})", 9)
    assert run.line(9, 80).startswith("[########################]")


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "about a minute"), (91, "about 2 minutes"), (3 * 3600, "about 3 hours")]
)
def test_seconds_in_words(seconds: float, said: str) -> None:
    assert minutes(seconds) == said


def test_a_fault_is_told_until_the_run_goes_on() -> None:
    run, text = Run(), "Error in rule one:\n    message: Make.\nLogfile x:\n====\nDataError: y\n====\n"
    assert read(run, text) == ["fault"] * 6
    assert run.failed
    assert read(run, "[Sun Nov 29 19:00:00 2026]\nFinished jobid: 1 (Rule: one)") == ["", "one"]
    assert read(run, ADVICE) == ["advice"]


def toy(folder: Path) -> Path:
    (folder / "Snakefile").write_text(TOY)
    return folder


def on_terminal(folder: Path, *words: str, interrupt: bool = False) -> tuple[int, str]:
    """Exit status, and all that a terminal of 90 columns got."""
    master, slave = pty.openpty()
    env = os.environ | {"COLUMNS": "90", "TERM": "xterm"}
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
    call = [sys.executable, "-c", COMMAND, "run", "--cores", "1", *words]
    child = subprocess.Popen(call, cwd=folder, stdout=slave, stderr=slave, env=env, start_new_session=True)
    os.close(slave)
    got = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # how Linux tells that the other end is closed
            break
        got += part
        if not part:
            break
        if interrupt and b"Make number" in got:
            interrupt = False
            time.sleep(0.2)
            os.killpg(child.pid, signal.SIGINT)  # what Ctrl-C does
    os.close(master)
    return child.wait(), got.decode()


def shown(got: str) -> list[str]:
    """The lines that stay on the screen."""
    return [line.rpartition("\r\x1b[2K")[2] for line in got.replace("\r\n", "\n").strip("\n").split("\n")]


def test_on_a_terminal(tmp_path: Path) -> None:
    code, got = on_terminal(toy(tmp_path))
    assert code == 0, got
    drawn = [line for line in re.split(r"\r\x1b\[2K|\r?\n", got) if line.startswith("[")]
    assert any("left: Make number" in line for line in drawn)
    assert all(len(line) < 90 for line in drawn)
    assert shown(got) == [
        "The first prepared head, to be looked at: results/prep/a/sub-1_qc.png",
        "Done: 5 of 5 jobs. Full log: logs/run.log",
    ]
    assert (tmp_path / "logs/run.log").read_text().count("Finished jobid") == 5


def test_what_fails_stays_on_the_screen(tmp_path: Path) -> None:
    (toy(tmp_path) / "wrong").touch()
    code, got = on_terminal(tmp_path, "--keep-going")
    assert code == 1
    page = "\n".join(shown(got))
    assert "Error in rule one:" in page
    assert "DataError: the cause" in (tmp_path / "logs/run.log").read_text()
    assert page.endswith("Stopped: 3 of 5 jobs. Full log: logs/run.log")


def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    code, got = on_terminal(toy(tmp_path), interrupt=True)
    assert code != 0
    assert shown(got)[-1].startswith("Stopped: ")
    assert "Traceback" not in got


def test_without_a_terminal_a_line_a_job(tmp_path: Path) -> None:
    call = [sys.executable, "-c", COMMAND, "run", "--cores", "1"]
    run = subprocess.run(call, cwd=toy(tmp_path), capture_output=True, text=True, check=False)
    assert run.returncode == 0
    assert "\x1b" not in run.stderr
    lines = run.stderr.splitlines()
    assert sum(bool(re.fullmatch(r"\d\d:\d\d:\d\d \d/5 Make number \d.", line)) for line in lines) == 3
    assert lines[-1] == "Done: 5 of 5 jobs. Full log: logs/run.log"
    again = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert again.stderr.splitlines() == ["Nothing was left to do. Full log: logs/run.log"]


def test_a_study_that_cannot_be_planned_says_why(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text("raise WorkflowError('no such study')\n")
    call = [sys.executable, "-c", COMMAND, "run", "--cores", "1"]
    run = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "no such study" in run.stderr
    assert run.stderr.splitlines()[-1] == "Stopped before any job began. Full log: logs/run.log"


def test_sigterm_is_handed_on(tmp_path: Path) -> None:
    """A child that ends in order when it is told, and says so."""
    code = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\nprint('up', flush=True)\ntime.sleep(60)"
    ours = f"import sys, pathlib; from sadm.commands.watch import watch; sys.exit(watch([sys.executable, '-c', {code!r}], where=pathlib.Path({str(tmp_path)!r})))"
    child = subprocess.Popen([sys.executable, "-c", ours], stderr=subprocess.PIPE, text=True)
    log = tmp_path / "logs/run.log"
    while not (log.exists() and "up" in log.read_text()):
        time.sleep(0.05)
    child.terminate()
    assert child.wait(30) == 7
