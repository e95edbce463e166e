"""Covers sadm.runtime.files, sadm.runtime.nifti, sadm.runtime.terminate: files are whole or absent; images are checked when read."""

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sadm.runtime.errors import DataError
from sadm.runtime.files import atomic, load_nifti, read_json, save_nifti, write_json


def test_atomic_leaves_nothing_half_written(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.txt"
    with pytest.raises(RuntimeError, match="stop"), atomic(target) as tmp:
        tmp.write_text("half")
        raise RuntimeError("stop")
    assert list(target.parent.iterdir()) == []


def test_atomic_keeps_the_old_file_on_failure(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="stop"), atomic(target) as tmp:
        tmp.write_text("new")
        raise RuntimeError("stop")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_file_is_on_the_disk_before_it_takes_its_name(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    done: list[str | int] = []

    def fsync(place: int) -> None:
        done.append(os.fstat(place).st_ino)

    def replace(source: Path, target: Path) -> None:
        done.append("replace")
        source.rename(target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    with atomic(tmp_path / "file.txt") as tmp:
        tmp.write_text("new")
    assert done == [(tmp_path / "file.txt").stat().st_ino, "replace", tmp_path.stat().st_ino]


def test_leftovers_of_killed_processes_go_with_the_next_write(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        kept = {
            f".tmp{running.pid}_a[1].txt",
            f".tmp{ended.pid}_b_a[1].txt",
            f".tmp{ended.pid}_a1.txt",
            ".tmp_a[1].txt",
        }
        for name in [*kept, f".tmp{ended.pid}_a[1].txt"]:
            (tmp_path / name).write_text("half")
        with atomic(tmp_path / "a[1].txt") as tmp:
            tmp.write_text("new")
        running.communicate(b"\n")
    assert {p.name for p in tmp_path.iterdir()} == {*kept, "a[1].txt"}


WRITER = """
import sys, time
from pathlib import Path
from sadm.runtime.files import atomic
with atomic(Path(sys.argv[1])) as tmp:
    tmp.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("number", "code", "left"),
    [(signal.SIGTERM, 143, 1), (signal.SIGINT, -signal.SIGINT, 1), (signal.SIGKILL, -signal.SIGKILL, 2)],
)
def test_a_signal_while_a_file_is_written(tmp_path: Path, number: int, code: int, left: int) -> None:
    target = tmp_path / "file.txt"
    target.write_text("old")
    variables = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    words = [sys.executable, "-c", WRITER, str(target)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        writer.send_signal(number)
        assert writer.wait(30) == code
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == left, (
        "only SIGKILL leaves the half-written file, beside its place"
    )
    with atomic(target) as tmp:
        tmp.write_text("new")
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_json_goes_there_and_back(tmp_path: Path) -> None:
    write_json({"b": [1, 2.5], "a": None}, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == {"a": None, "b": [1, 2.5]}


def test_nifti_goes_there_and_back_with_equal_bytes(tmp_path: Path) -> None:
    array = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    affine = np.array([[-2.0, 0, 0, 7], [0, 1.5, 0, -3], [0, 0, 1, 2], [0, 0, 0, 1]])
    save_nifti(array, affine, tmp_path / "a.nii.gz")
    save_nifti(array, affine, tmp_path / "b.nii.gz")
    image = load_nifti(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(image.get_fdata(), array)
    np.testing.assert_allclose(image.affine, affine)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def broken(kind: str, path: Path) -> None:
    array = np.ones((4, 4, 4), np.float32)
    if kind == "nan":
        array[1, 2, 3] = np.nan
    if kind == "4-D":
        array = np.ones((4, 4, 4, 2), np.float32)
    if kind == "2-D":
        array = np.ones((4, 4), np.float32)
    if kind == "text":
        path.write_text("no image")
    elif kind == "truncated":
        nib.save(nib.Nifti1Image(np.random.default_rng(0).random((20, 20, 20)), np.eye(4)), path)
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:9000]))
    elif kind == "cut gzip":
        nib.save(nib.Nifti1Image(np.random.default_rng(0).random((20, 20, 20)), np.eye(4)), path)
        path.write_bytes(path.read_bytes()[:9000])
    elif kind != "absent":
        nib.save(nib.Nifti1Image(array, np.eye(4)), path)


@pytest.mark.parametrize("kind", ["absent", "nan", "4-D", "2-D", "text", "truncated", "cut gzip"])
def test_bad_images_are_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bad.nii.gz"
    broken(kind, path)
    with pytest.raises(DataError, match=r"bad\.nii\.gz"):
        load_nifti(path)
