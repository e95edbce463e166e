"""Agreement of two brain masks of each scan: HD-BET's, which the study uses, and deepbet's."""

from collections.abc import Mapping

import numpy as np

from sadm.preprocess.failed_step import reason
from sadm.preprocess.quality import dice
from sadm.preprocess.space import volume
from sadm.runtime.files import load_nifti, write_table

COLUMNS = ("scan", "dice", "hdbet_ml", "deepbet_ml")


def agreement(hdbet: Mapping[str, str], deepbet: Mapping[str, str], out: str) -> None:
    """Write Dice of the two masks of each scan and their volumes (ml, on the SRI24 grid) to ``out`` (tsv), the worst first.

    ``hdbet``, ``deepbet``: {scan: mask}. A scan on which a step failed is named in the log.
    """
    rows = []
    for scan, mask in hdbet.items():
        if why := reason((mask, deepbet[scan])):
            print(f"{scan} is left out: {why}")
            continue
        first, second = load_nifti(mask), load_nifti(deepbet[scan])
        shared = dice(np.asarray(first.dataobj), np.asarray(second.dataobj))
        volumes = {"hdbet_ml": round(volume(first), 1), "deepbet_ml": round(volume(second), 1)}
        rows.append({"scan": scan, "dice": round(shared, 4)} | volumes)
    write_table(sorted(rows, key=lambda row: (row["dice"], row["scan"])), COLUMNS, out)
