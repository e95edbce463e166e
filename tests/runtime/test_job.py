"""Logs: what a process used stands at the end, also after an error."""

import re
from pathlib import Path

import pytest

from sadm.runtime.errors import SadmError
from sadm.runtime.job import to_log

USED = re.compile(r"used (\d+\.\d) CPU s, (\d+) MB, (\d+\.\d) s")


def test_last_line_tells_cpu_seconds_peak_memory_and_seconds(tmp_path: Path) -> None:
    with to_log(str(tmp_path / "a.log")):
        print("work")
    last = USED.fullmatch((tmp_path / "a.log").read_text().splitlines()[-1])
    assert last
    assert float(last[1]) > 0
    assert 10 < float(last[2]) < 100_000
    assert float(last[3]) > 0


def test_last_line_is_written_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), to_log(str(tmp_path / "a.log")):
        raise SadmError("no such thing")
    assert USED.fullmatch((tmp_path / "a.log").read_text().splitlines()[-1])
