"""The checks of a data set's scans as one table."""

from collections.abc import Iterable

from sadm.runtime.files import read_json, write_table

FIRST = ("dataset", "scan", "passed", "reasons")


def checks(qc: Iterable[str], out: str) -> None:
    """Write every number of the checks ``qc`` (JSON, one a scan) to ``out`` (tsv): a row a scan, passed or not."""
    found = [read_json(path) for path in qc]
    columns = (*FIRST, *sorted({key for each in found for key in each} - set(FIRST)))
    write_table([each | {"reasons": "; ".join(each["reasons"])} for each in found], columns, out)
