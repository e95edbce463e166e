"""Ages, sexes and sites of any table that people keep: right, or left out and told."""

import json
from pathlib import Path

import pytest

from sadm.data.subjects import People, matched, people
from sadm.runtime.errors import DataError


def read(folder: Path, content: str, sidecar: object = None, name: str = "participants.tsv") -> People:
    (folder / name).write_text(content, encoding="utf-8")
    if sidecar is not None:
        (folder / name).with_suffix(".json").write_text(json.dumps(sidecar))
    return people(
        [str(folder / name)], ("participant_id", "ixi_id"), lambda cell: cell.removeprefix("sub-"), ("site",)
    )


def ages(folder: Path, *cells: str, sidecar: object = None, column: str = "age") -> tuple[list[str], str]:
    """The ages that are read of ``cells``, and the notes."""
    rows = "".join(f"sub-{n:02}\t{cell}\n" for n, cell in enumerate(cells))
    found = read(folder, f"participant_id\t{column}\n{rows}", sidecar)
    return [row["age"] for row in found.values()], "\n".join(found.notes)


@pytest.mark.parametrize(
    ("cell", "years"),
    [("89+", "89"), (">89", "89"), ("89 +", "89"), ("35,5", "35.5"), ("35.50", "35.5"), ("035Y", "35"), ("018M", "1.5"),
     ("30 years", "30"), ("6 mo", "0.5"), ("0", ""), ("-3", ""), ("1e1", ""), ("4_5", ""), ("20-25", ""), ("540", ""), ("nan", ""),
     ("inf", ""), ("٣٥", ""), ("n/a", "")],
)  # fmt: skip
def test_an_age_is_read_or_left_out(tmp_path: Path, cell: str, years: str) -> None:
    found, notes = ages(tmp_path, cell)
    assert found == [years]
    told = "1 ages are no age in years" in notes
    assert told == (not years and cell not in ("n/a", "nan")), (
        "what is lost is told, what is not known is not"
    )


@pytest.mark.parametrize(
    ("unit", "found"),
    [("months", ["8.5", "8", "45"]), ("Month", ["8.5", "8", "45"]), ("years", ["102", "96", ""]), ("weeks", ["1.95483", "1.83984", "10.3491"]),
     ("decades", ["", "", ""])],
)  # fmt: skip
def test_the_unit_is_the_sidecars(tmp_path: Path, unit: str, found: list[str]) -> None:
    read_, notes = ages(tmp_path, "102", "96", "540", sidecar={"age": {"Units": unit}})
    assert read_ == found
    assert ("left out" in notes) == ("" in found)


@pytest.mark.parametrize("column", ["age_months", "Age (months)", "age_in_months"])
def test_the_unit_is_the_columns(tmp_path: Path, column: str) -> None:
    assert ages(tmp_path, "102", column=column) == (["8.5"], "")


@pytest.mark.parametrize(
    ("column", "sidecar", "found"),
    [("sex", None, ["M", "F", "", ""]), ("Gender", None, ["M", "F", "", ""]), ("sex (m=1; f=2)", None, ["M", "F", "", ""])],
)  # fmt: skip
def test_a_sex_is_read_or_left_out(tmp_path: Path, column: str, sidecar: object, found: list[str]) -> None:
    rows = "".join(f"{n}\t{cell}\n" for n, cell in enumerate(("male", "W", "missing", "7")))
    assert [
        row["sex"] for row in read(tmp_path, f"participant_id\t{column}\n{rows}", sidecar).values()
    ] == found


@pytest.mark.parametrize(
    "levels", [{"1": "Male", "2": "female"}, {"1": {"Description": "male"}, "2": {"Description": "Female"}}]
)
def test_codes_are_the_sidecars_levels(tmp_path: Path, levels: object) -> None:
    found = read(tmp_path, "participant_id\tsex\na\t1\nb\t2\nc\t1.0\nd\t9\n", {"sex": {"Levels": levels}})
    assert [row["sex"] for row in found.values()] == ["M", "F", "M", ""]


def test_codes_without_levels_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, "participant_id\tsex\na\t1\nb\t2\n")
    assert found["a"]["sex"] == ""
    assert "values of sex that are not known and left out: 1, 2" in found.notes[0]


def test_columns_that_differ_in_case_alone_must_agree(tmp_path: Path) -> None:
    found = read(tmp_path, "participant_id\tage\tAge\na\t30\t30\nb\t30\t40\nc\t\t50\n")
    assert [row["age"] for row in found.values()] == ["30", "", "50"]
    assert found.notes == ["age: left out of 1 subjects whose rows or columns differ: b"]


def test_a_damaged_sidecar_is_named(tmp_path: Path) -> None:
    (tmp_path / "participants.json").write_text("{")
    with pytest.raises(DataError, match=r"sidecar(.|\n)*participants\.json"):
        ages(tmp_path, "3")


@pytest.mark.parametrize(
    ("ids", "subjects", "found", "lacking"),
    [
        (["1", "2", "3"], ["01", "02", "03"], {"01": "1", "02": "2", "03": "3"}, ""),
        (["P001", "p2"], ["p1", "P02"], {"p1": "P001", "P02": "p2"}, ""),
        (
            ["1", "2"],
            ["01", "1", "02"],
            {"1": "1", "02": "2"},
            "1 of 3 subjects have no row in the table of subjects: 01",
        ),
        (["1", "01"], ["001"], {}, "1 of 1"),
        (["9"], ["1", "2"], {}, "2 of 2 subjects have no row in the table of subjects: 1, 2"),
        ([], ["1"], {}, ""),
    ],
)
def test_ids_are_matched_where_that_is_unique(
    ids: list[str], subjects: list[str], found: dict[str, str], lacking: str
) -> None:
    rows, strangers, text = matched({who: {"age": who} for who in ids}, subjects)
    assert {who: row["age"] for who, row in rows.items()} == found
    assert text.startswith(lacking)
    assert bool(text) == bool(lacking)
    assert strangers == set(ids) - set(found.values())
