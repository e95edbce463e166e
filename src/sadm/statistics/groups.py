"""The same means in groups: by size of the lesion, and by site, sex and age of the subject."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sadm.statistics.summary import SPREAD, summarise

GROUPED = ("dice", "auprc", "dice_validation", "lesion_f1")
BANDS = (40.0, 60.0)  # years: the edges of the age groups
QUARTERS = 4
COLUMNS = ("by", "group", "metric", "mean", "ci_low", "ci_high", "volumes", "subjects")


def sizes(scores: pd.DataFrame) -> dict[str, pd.Series]:
    """Group of each scan of a test set by its lesion: quarters of the volumes that have one; NaN: none."""
    volumes = scores.drop_duplicates("scan").set_index("scan")
    ml = volumes["lesion_ml"].where(volumes["empty"] == 0)
    edges = ml.quantile(np.linspace(0, 1, QUARTERS + 1)).to_numpy()
    names = [f"q{k + 1}: {a:.3g} to {b:.3g} ml" for k, (a, b) in enumerate(pairwise(edges))]
    place = np.searchsorted(edges[1:-1], ml.to_numpy())
    found = pd.Series(np.array(names, dtype=object)[place], index=ml.index).where(ml.notna())
    return {"lesion_size": found} if found.nunique() > 1 else {}


def people(scans: Sequence[str], sheet: pd.DataFrame) -> dict[str, pd.Series]:
    """Group of each scan by site, sex and age of its subject; NaN: none.

    ``sheet``: the sheet of the data set by scan. What the sheet does not have, or has but one value of, is left out.
    """
    known = sheet.reindex(pd.Index(list(dict.fromkeys(scans))))
    age = pd.to_numeric(known["age"], errors="coerce")
    bands = (f"below {BANDS[0]:g}", f"{BANDS[0]:g} to {BANDS[1]:g}", f"{BANDS[1]:g} and above")
    found = {
        "site": known["site"].replace("", np.nan),
        "sex": known["sex"].replace("", np.nan),
        "age": pd.cut(age, [-np.inf, *BANDS, np.inf], right=False, labels=list(bands)).astype(object),
    }
    return {by: groups for by, groups in found.items() if groups.nunique() > 1}


def _within(
    lines: pd.DataFrame, strata: Mapping[str, pd.Series], rows: Sequence[str], names: Sequence[str],
    settings: Mapping[str, Any], seed: str,
) -> pd.DataFrame:  # fmt: skip
    frames = []
    for by, groups in strata.items():
        place = lines["scan"].map(groups)
        for group in sorted(place.dropna().unique()):
            part = summarise(lines[place == group], rows, names, settings, seed, by, group)
            frames.append(part.drop(columns=list(SPREAD[1:])).assign(by=by, group=group))
    columns = ["row", *COLUMNS]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def grouped(
    scores: pd.DataFrame, sheet: pd.DataFrame, rows: Sequence[str], settings: Mapping[str, Any], testset: str
) -> pd.DataFrame:
    """Means of GROUPED in the groups of one test set."""
    return _within(scores, sizes(scores) | people(scores["scan"], sheet), rows, GROUPED, settings, testset)


def alarms(
    lines: pd.DataFrame, sheet: pd.DataFrame, rows: Sequence[str], settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Mean volume in ml that is found in the healthy test scans of a group, by test set and kind of the threshold.

    ``lines``: what `sadm.evaluation.evaluate` says of healthy scans, with row, fold, seed, subject; ``sheet`` of the healthy data set.
    """
    keys = ["row", "fold", "seed", "scan", "subject"]
    wide = lines.set_index([*keys, "testset", "threshold"])["false_ml"].unstack(["testset", "threshold"])
    wide.columns = pd.Index(["\t".join(column) for column in wide.columns])
    found = _within(wide.reset_index(), people(lines["scan"], sheet), rows, wide.columns, settings, "healthy")
    names = found["metric"].astype(str).str.split("\t", expand=True).reindex(columns=[0, 1])
    found.insert(1, "testset", names[0])
    found.insert(2, "threshold", names[1])
    return found.assign(metric="false_ml").sort_values(["testset", "threshold"], kind="stable")
