"""A full disk and a read-only folder: a named error, what was there before stays, nothing half-written is left."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from full_disk import WAYS

SCRIPT = Path(__file__).with_name("full_disk.py")
FULL = 'mount -t tmpfs -o size=1m tmpfs "$1" && cp "$2"/* "$1" && (dd if=/dev/zero of="$1/ballast" bs=4096 2>/dev/null || true)'
READ_ONLY = 'mount --bind "$2" "$1" && mount -o remount,ro,bind "$1"'
LIMITED = 'cp "$2"/* "$1" && ulimit -f 0'


def ended(place: str, tmp_path: Path, own: list[str]) -> dict[str, dict[str, object]]:
    """How each way of writing ends in a folder that the shell commands ``place`` prepare, in a mount space of its ``own``."""
    folder, old = tmp_path / "full", tmp_path / "old"
    folder.mkdir()
    old.mkdir()
    for name in WAYS:
        (old / name).write_text("old")
    words = [*own, "sh", "-ec", f'{place}; exec "$3" "$4" "$1"', "sh", folder, old, sys.executable, SCRIPT]
    variables = os.environ | {"PYTHONPATH": str(SCRIPT.parents[2] / "src")}
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, env=variables, timeout=100)
    if own and "mount" in done.stderr + done.stdout and not done.stdout.startswith("{"):
        pytest.skip(f"no mounts here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return {line["way"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize(
    ("place", "own", "cause"),
    [
        (FULL, ["unshare", "-rm"], "No space left on device|requested and|does not read back"),
        (READ_ONLY, ["unshare", "-rm"], "Read-only file system|does not read back"),
        (LIMITED, [], "File too large|requested and|does not read back"),
    ],
    ids=["full", "read-only", "file size limit"],
)
def test_it_says_so_and_loses_nothing(tmp_path: Path, place: str, own: list[str], cause: str) -> None:
    found = ended(place, tmp_path, own)
    assert found.keys() == WAYS.keys()
    for way, line in found.items():
        said = str(line["ended"])
        assert said.startswith("OutputError: A result cannot be written."), (way, said)
        assert any(words in said for words in cause.split("|")), (way, said)
        assert line["kept"], f"{way}: what was there is gone"
        assert not [name for name in line["files"] if name.startswith(".tmp")], way  # type: ignore[attr-defined]
