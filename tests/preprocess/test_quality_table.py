"""The table of a data set's checks."""

from sadm.preprocess.quality_table import checks
from sadm.runtime.files import read_table, write_json


def test_the_table_of_checks_has_every_scan_and_number(tmp_path):
    files = []
    for scan, reasons in (("sub-a", []), ("sub-b", ["too small", "in parts"])):
        files.append(str(tmp_path / f"{scan}.json"))
        about = {
            "dataset": "set",
            "scan": scan,
            "passed": not reasons,
            "reasons": reasons,
            "unusual": ["dark"],
        }
        write_json(about | {"overlap": 0.9, "brain_ml": 1.0}, files[-1])
    checks(files, str(tmp_path / "qc.tsv"))
    rows = read_table(tmp_path / "qc.tsv")
    assert list(rows[0]) == ["dataset", "scan", "passed", "reasons", "unusual", "brain_ml", "overlap"]
    assert [row["scan"] for row in rows] == ["sub-a", "sub-b"]
    assert [row["reasons"] for row in rows] == ["", "too small; in parts"]
