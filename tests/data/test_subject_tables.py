"""Lines, cells and workbooks: each value stands in its own row, or the table is refused."""

import os
import struct
from pathlib import Path

import pytest
from workbook import FAR, workbook

from sadm.data import subject_tables
from sadm.data.subject_tables import read_sheet
from sadm.runtime.errors import DataError

IDS = ("participant_id", "ixi_id")


def rows(folder: Path, content: str | bytes, name: str = "t.tsv") -> list[list[str]]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sheet = read_sheet(str(path), IDS)
    assert sheet.names[sheet.subject] in IDS
    return sheet.rows


@pytest.mark.parametrize("name", ["t.tsv", "t.csv", "t.txt"])
@pytest.mark.parametrize("separator", ["\t", ";", ",", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_and_line_end(tmp_path: Path, name: str, separator: str, end: str) -> None:
    lines = [["participant_id", "age", "sex"], ["sub-01", "40", "M"], ["sub-02", "", ""]]
    assert rows(tmp_path, end.join(map(separator.join, lines)), name) == lines[1:]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ('IXI_ID;"SEX_ID (1=m, 2=f)";AGE\n2;2;35,8\n', [["2", "2", "35,8"]]),
        ('IXI_ID,"SEX_ID (1=m, 2=f)",AGE\n2,2,"35,8"\n', [["2", "2", "35,8"]]),
        ("participant_id\tage\tsex\nsub-01\t40\tM\t\nsub-02\t41\tF\t\n", [["sub-01", "40", "M"], ["sub-02", "41", "F"]]),
        ("participant_id\tage\t\nsub-01\t40\t\n", [["sub-01", "40"]]),
        ("IXI_ID,AGE,SEX\n17,2,77,\n18,1,66,\n", [["17", "2", "77"], ["18", "1", "66"]]),
        ('participant_id\tage\tsite\na\t30\t"A\nb\t40\tB\nc\t50\t"C\n', [["a", "30", "A"], ["b", "40", "B"], ["c", "50", "C"]]),
        ("participant_id\theight\na\t5'10\"\n\n  \nb\t6'\n", [["a", "5'10"], ["b", "6'"]]),
        ("\ufeffparticipant_id\tage\na\t1\n", [["a", "1"]]),
        ("participant_id\tage\na\t1\n".encode("utf-16"), [["a", "1"]]),
        ("participant_id\n1\n2\n", [["1"], ["2"]]),
    ],
)  # fmt: skip
def test_a_row_is_a_line(tmp_path: Path, content: str | bytes, found: list[list[str]]) -> None:
    assert rows(tmp_path, content) == found


@pytest.mark.parametrize(
    "content",
    [
        "participant_id\tage\n1\tsub-01\t40\n2\tsub-02\t41\n",
        "participant_id\tage\tsite\n1\tsub-01\t40\t\n2\tsub-02\t41\t\n",
        "participant_id,age\nsub-01,35,8\n",
        "participant_id\tage\tsex\nsub-01\tM\n",
        "participant_id\tage\nsub-01\t3\nsub-02\t3\t4\t5\n",
    ],
)
def test_a_line_of_other_cells_than_the_head_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match=r"line [23] has \d cells, the first line \d") as error:
        rows(tmp_path, content)
    assert "row.names=FALSE" in error.value.fix


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "it is empty"), ("\n\n", "it is empty"), (b"participant_id\tsite\na\tK\xf6ln\n", "utf-8"), (bytes(range(9)) * 9, "no text"),
     ("who\tage\na\t3\n", "none of its 2 columns is 'participant_id'")],
)  # fmt: skip
def test_what_is_no_table_is_named(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        rows(tmp_path, content)


def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "participants.tsv")
    with pytest.raises(DataError, match="neither a file nor a folder"):
        read_sheet(str(tmp_path / "participants.tsv"), IDS)


LINES = [["IXI_ID", "AGE", "SITE"], [1, 30.5, None], [2, None, None]]


@pytest.mark.parametrize("name", ["IXI.xlsx", "IXI.xls"])
def test_a_workbook(tmp_path: Path, name: str) -> None:
    assert read_sheet(workbook(tmp_path / name, LINES), IDS).rows == [["1", "30.5", ""], ["2", "", ""]]


@pytest.mark.parametrize("extra", FAR)
def test_a_cell_far_away_is_refused_in_little_memory(tmp_path: Path, extra: bytes) -> None:
    with pytest.raises(DataError, match="cells beyond row 100000 or column 1000"):
        read_sheet(workbook(tmp_path / "IXI.xlsx", LINES, extra), IDS)


def test_an_old_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BIFF2, which xlrd reads without the container that later versions have."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def text(row: int, column: int, said: str) -> bytes:
        return record(4, struct.pack("<HH3xB", row, column, len(said)) + said.encode())

    def number(row: int, column: int, value: float) -> bytes:
        return record(3, struct.pack("<HH3xd", row, column, value))

    cells = [
        text(0, 0, "IXI_ID"),
        text(0, 1, "AGE"),
        number(1, 0, 17.0),
        number(1, 1, 35.8),
        number(2, 0, 18.0),
    ]
    content = record(9, struct.pack("<HH", 2, 0x10)) + b"".join(cells) + record(10, b"")
    (tmp_path / "IXI.xls").write_bytes(content)
    monkeypatch.setattr(subject_tables, "OLD_EXCEL", content[:4])
    assert read_sheet(str(tmp_path / "IXI.xls"), IDS).rows == [["17", "35.8"], ["18", ""]]
