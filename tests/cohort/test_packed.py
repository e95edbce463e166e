"""Packed data sets and splits are told apart by what they say, whatever the order of the files."""

from pathlib import Path

import numpy as np
import pytest

from sadm.cohort.packed import Part, parts
from sadm.runtime.errors import DataError


@pytest.fixture
def files(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    """Folders of ixi (a, b, c), of draem, painted on two of these, and of les (a); and the splits of ixi and les."""
    scans = {"ixi": "abc", "draem": "ca", "les": "a"}
    for name, own in scans.items():
        (tmp_path / name).mkdir()
        for kind in ("t1", "brain", "lesion"):
            np.save(tmp_path / name / f"{kind}.npy", np.zeros((len(own), 1, 2, 2)))
        lines = "".join(f"{name}\t{scan}\n" for scan in own)
        (tmp_path / name / "scans.tsv").write_text("dataset\tscan\n" + lines)
    for name, dealt in {"ixi": {"a": "test", "b": "train", "c": "test"}, "les": {"a": "val"}}.items():
        lines = "".join(f"{name}\t{scan}\tp\t1\t{part}\n" for scan, part in dealt.items())
        (tmp_path / f"{name}.tsv").write_text("dataset\tscan\tsubject\tfold\tset\n" + lines)
    return [tmp_path / name for name in scans], [tmp_path / "ixi.tsv", tmp_path / "les.tsv"]


SPLITS_OF = {"ixi": "ixi", "draem": "ixi", "les": "les"}
WANTED = {"val/les": ("les", "val"), "draem": ("draem", "test"), "train": ("ixi", "train")}


def found(folders: list[Path], splits: list[Path], fold: int = 1) -> dict[str, Part]:
    return parts(WANTED, SPLITS_OF, folders, splits, fold)


def test_parts_are_those_wanted_in_packed_order(files: tuple[list[Path], list[Path]]) -> None:
    one, other = found(*files), found(files[0][::-1], files[1][::-1])
    assert {key: part.names for key, part in one.items()} == {
        "val/les": ["a"],
        "draem": ["c", "a"],
        "train": ["b"],
    }
    assert {key: part.names for key, part in other.items()} == {key: part.names for key, part in one.items()}
    assert (one["draem"].set, one["draem"].part, one["draem"].data.t1.shape) == (
        "draem",
        "test",
        (2, 1, 2, 2),
    )
    assert not any(part.names for part in found(*files, fold=0).values())


def test_a_set_without_volumes_or_splits_is_an_error(files: tuple[list[Path], list[Path]]) -> None:
    with pytest.raises(DataError, match="'draem'") as error:
        found([files[0][0], files[0][2]], files[1])
    assert "ixi, les" in str(error.value)
    with pytest.raises(DataError, match="'les'"):
        found(files[0], files[1][:1])


def test_a_list_of_scans_that_does_not_tell_its_data_set_is_an_error(
    files: tuple[list[Path], list[Path]],
) -> None:
    (files[0][0] / "scans.tsv").write_text("scan\na\nb\nc\n")
    with pytest.raises(DataError, match="no column dataset"):
        found(*files)
