"""The checks of a data set's scans as one table."""

from collections.abc import Iterable

from sadm.preprocess.quality import SENTENCES, VERDICT, read_check
from sadm.runtime.files import write_table

FIRST = ("dataset", "scan", "passed", "reasons", "unusual")


def checks(qc: Iterable[str], out: str) -> None:
    """Write every number of the checks ``qc`` (JSON, one a scan) to ``out`` (tsv): a row a scan, passed or not.

    A scan on which a step failed has no numbers (``complete`` False).
    """
    found = [read_check(path, VERDICT) for path in qc]
    columns = (*FIRST, *sorted({key for each in found for key in each} - set(FIRST)))
    write_table([each | {name: "; ".join(each[name]) for name in SENTENCES} for each in found], columns, out)
