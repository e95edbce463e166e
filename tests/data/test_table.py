"""A table of scans: each line a scan, its files by their paths, relative to the table; its files are the account."""

from pathlib import Path

import pytest

from sadm.data import account, base, table
from sadm.runtime.errors import DataError
from sadm.study import registry
from sadm.study.guess import guess

LINES = (
    "t1,subject,session,lesion,brain_mask,site,age,sex,notes",
    "p07/T1.nii.gz,p07,1,p07/lesion.nii,,Rome,61,F,x",
    "../b/T1.mgz,p08,,,masks/p08.hdr,Oslo,,male,",
)


def write(place: Path, *lines: str, name: str = "scans.csv") -> Path:
    for file in (
        "p07/T1.nii.gz",
        "p07/lesion.nii",
        "../b/T1.mgz",
        "masks/p08.hdr",
        "masks/p08.img",
        "other/T1.nii",
    ):
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).touch()
    (place / name).write_text("\n".join(lines) + "\n")
    return place / name


def of(path: Path, **given: object) -> tuple[list[base.Scan], account.Account]:
    said = registry.declared("data", "table")[1] | {"path": str(path)} | given
    scans = base.listing("table", "set", said)
    return scans, account.account("table", "set", said, scans)


@pytest.mark.parametrize(("name", "sign"), [("scans.csv", ","), ("scans.tsv", "\t"), ("s.CSV", ";")])
def test_every_line_is_a_scan_with_what_it_says(tmp_path: Path, name: str, sign: str) -> None:
    (tmp_path / "a").mkdir()
    path = write(tmp_path / "a", *(line.replace(",", sign) for line in LINES), name=name)
    scans, found = of(path)
    place = path.parent
    assert scans == [
        base.Scan(
            "set",
            "p07",
            "1",
            str(place / "p07/T1.nii.gz"),
            "",
            str(place / "p07/lesion.nii"),
            "61",
            "F",
            "Rome",
        ),
        base.Scan(
            "set", "p08", "", str(place / "../b/T1.mgz"), str(place / "masks/p08.hdr"), "", "", "M", "Oslo"
        ),
    ]
    assert found.line == "5 of 5 images used", "other/T1.nii is none of the table's"
    assert {row["file"] for row in found.rows} == {
        "p07/T1.nii.gz",
        "p07/lesion.nii",
        "../b/T1.mgz",
        "masks/p08.hdr",
        "masks/p08.img",
    }
    assert "columns that are not read: notes" in found.notes
    assert base.tables("table", {"path": str(path)}) == [str(path)]
    assert guess(path).importer == "table"


def test_lines_without_a_t1_and_without_a_subject(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "t1,participant_id,age", "p07/T1.nii.gz,,3 months", ",sub-09,200")
    (scan,), found = of(path)
    assert (scan.subject, scan.age) == ("T1", "0.25")
    assert "1 of 2 subjects have no T1 here: 09" in found.notes
    notes = table.demographics({"path": str(path)}).notes
    assert ["200" in note and "left out" in note for note in notes] == [True]
    assert [s.subject for s in of(path, exclude=["09"])[0]] == ["T1"]


def test_what_cannot_be_is_named(tmp_path: Path) -> None:
    for lines, said in (
        (("file", "x.nii"), "none of its 1 columns is 't1'"),
        (("t1", "p07/T1.doc"), "no images(.|\n)*T1.doc"),
        (("t1,subject", "p07/T1.nii.gz,a", "p07/T1b.nii.gz,a"), "same subject and session"),
        (("t1,subject", ",a"), "no line of scans.csv that names a T1"),
    ):
        with pytest.raises(DataError, match=said):
            of(write(tmp_path / "a", *lines))
    (tmp_path / "x.xlsx").touch()
    with pytest.raises(DataError, match="save it as CSV"):
        of(tmp_path / "x.xlsx")


def test_a_file_that_is_not_there_is_left_to_the_cohort_check(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "t1,subject", "p07/T1.nii.gz,a", "absent.nii,b")
    said = registry.declared("data", "table")[1] | {"path": str(path)}
    assert [scan.subject for scan in base.planned("table", "set", said)] == ["a"]
    assert len(base.listing("table", "set", said)) == 2


def test_space_and_skull_are_options() -> None:
    assert table.BY_OPTION["space"]["sri24"] == {"SPACE": "sri24"}
    assert table.BY_OPTION["stripped"][True] == {"STRIPPED": True}
