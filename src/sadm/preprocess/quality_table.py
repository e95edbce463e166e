"""The checks of a data set's scans as one table."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from sadm.runtime.files import read_json, write_text


def table(rows: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """``rows`` as tab-separated text under ``columns``."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def checks(scans: list[str], qc: list[str], out: str) -> None:
    """Write every number of the checks ``qc`` (JSON, in the order of ``scans``) to ``out`` (tsv): a row a scan, passed or not."""
    found = [read_json(path) for path in qc]
    first = ("scan", "passed", "reasons")
    columns = (*first, *sorted({key for each in found for key in each} - set(first)))
    rows = [
        {"scan": scan} | each | {"reasons": "; ".join(each["reasons"])} for scan, each in zip(scans, found)
    ]
    write_text(table(rows, columns), out)
