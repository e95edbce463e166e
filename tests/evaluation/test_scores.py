"""Scores read back: in the layout's order whatever the order of the files; what is missing, twice or of other scans is named."""

from itertools import product
from pathlib import Path

import pytest

from sadm.evaluation.scores import read_runs, read_scores
from sadm.runtime.errors import DataError
from sadm.study.layout import Layout

LAYOUT = Layout(
    {"b": ["ixi"], "NA": ["ixi"]}, ["random"], ["les", "draem"], 2, "ixi", {"ixi": "IXI", "les": "LES", "draem": "DRAEM"}, seeds=2
)  # fmt: skip
HEAD = "row\tfold\tseed\ttestset\tscan\tdice\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[tuple[str, int, int, str], Path]:
    """A file of two scans for each run and test set; the Dice of a run is its place in the layout."""
    found = {}
    for (place, run), testset in product(enumerate(LAYOUT.runs), LAYOUT.testsets):
        path = found[(*run, testset)] = tmp_path / f"{len(found)}.tsv"
        key = "\t".join(map(str, (*run, testset)))
        path.write_text(HEAD + "".join(f"{key}\t{scan}\t{place}.5\n" for scan in ("007", "s2")))
    return found


def test_order_of_the_files_does_not_matter(files: dict[tuple[str, int, int, str], Path]) -> None:
    table = read_scores(reversed(list(files.values())), LAYOUT)
    assert table.equals(read_scores(files.values(), LAYOUT))
    assert list(dict.fromkeys(table["row"])) == ["b", "NA", "random"]
    assert list(table["scan"].unique()) == ["007", "s2"], "names stay text"
    assert table.query("row == 'random' and fold == 1 and testset == 'draem'")["dice"].tolist() == [9.5, 9.5]
    assert len(table) == 2 * 2 * len(LAYOUT.runs)


def test_a_file_that_holds_several_runs_is_their_concatenation(
    files: dict[tuple[str, int, int, str], Path], tmp_path: Path
) -> None:
    whole = tmp_path / "whole.tsv"
    whole.write_text(HEAD + "".join(path.read_text().removeprefix(HEAD) for path in files.values()))
    assert read_scores([whole], LAYOUT).equals(read_scores(files.values(), LAYOUT))
    assert read_runs([whole], LAYOUT).shape == read_scores([whole], LAYOUT).shape


def test_a_missing_run_is_named(files: dict[tuple[str, int, int, str], Path]) -> None:
    del files["NA", 1, 2, "les"]
    with pytest.raises(DataError, match="nothing tells NA, fold 1, seed 2, test set les"):
        read_scores(files.values(), LAYOUT)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("b\t1", "b\t0", "A run is there twice"),
        ("b\t1", "b\t2", "A run is of another study"),
        ("s2", "s3", "Two rows were measured on different scans"),
        ("s2", "007", "A scan was measured twice"),
        ("testset", "set", "no column testset"),
        (HEAD, "", "no column"),
        (".5", "?", "A table has text for a number"),
    ],
)
def test_what_does_not_fit_is_told_with_its_file(
    files: dict[tuple[str, int, int, str], Path], old: str, new: str, message: str
) -> None:
    path = files["b", 1, 1, "draem"]
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=message) as error:
        read_scores(files.values(), LAYOUT)
    assert error.value.file == path


@pytest.mark.parametrize("content", ["", HEAD, "row\x00"])
def test_no_table_is_told_with_its_file(files: dict[tuple[str, int, int, str], Path], content: str) -> None:
    path = files["b", 1, 1, "draem"]
    path.write_text(content)
    with pytest.raises(DataError, match=r"A table (cannot be read|is not what it should be)") as error:
        read_scores(files.values(), LAYOUT)
    assert error.value.file == path
