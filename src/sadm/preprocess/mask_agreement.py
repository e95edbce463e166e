"""Agreement of two brain masks of each scan: HD-BET's, which the study uses, and deepbet's."""

from collections.abc import Sequence

import numpy as np

from sadm.preprocess.quality import dice
from sadm.preprocess.quality_table import table
from sadm.preprocess.strip import volume
from sadm.runtime.files import load_nifti, write_text

COLUMNS = ("scan", "dice", "hdbet_ml", "deepbet_ml")


def agreement(scans: Sequence[str], hdbet: Sequence[str], deepbet: Sequence[str], out: str) -> None:
    """Write Dice of the two masks of each scan and their volumes (ml, on the SRI24 grid) to ``out`` (tsv), the worst first."""
    rows = []
    for scan, one, other in zip(scans, hdbet, deepbet, strict=True):
        first, second = load_nifti(one), load_nifti(other)
        shared = dice(np.asarray(first.dataobj), np.asarray(second.dataobj))
        values = (scan, round(shared, 4), round(volume(first), 1), round(volume(second), 1))
        rows.append(dict(zip(COLUMNS, values)))
    write_text(table(sorted(rows, key=lambda row: (row["dice"], row["scan"])), COLUMNS), out)
