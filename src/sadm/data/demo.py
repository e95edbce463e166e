"""The demo cohort: synthetic heads that the workflow makes itself from the SRI24 head (sadm.demo, rule demo_head).

results/demo/healthy/sub-healthy001_T1w.nii.gz                         skull on, native pose
results/demo/tumour/sub-tumour001_T1w.nii.gz                           stripped, in SRI24 space, as BraTS comes
                    sub-tumour001_label-lesion_mask.nii.gz
results/demo/stroke/sub-stroke001_T1w.nii.gz, _label-lesion_mask.nii.gz
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sadm.data import base
from sadm.runtime.kinds import Heads
from sadm.runtime.seeds import seed

SPACE = "native"
STRIPPED = False
MADE = True  # by the workflow: listed before they are there
PAINTED = True  # not of patients: tables say so
BY_OPTION = {"kind": {"tumour": {"SPACE": "sri24", "STRIPPED": True}}}
SITES = ("alpha", "beta", "gamma")
LABEL = "_label-lesion_mask.nii.gz"
AGES = {"healthy": (20, 86), "tumour": (30, 80), "stroke": (40, 88)}


@dataclass(frozen=True)
class Options(base.Options):
    """Options of the importer."""

    kind: Literal["healthy", "tumour", "stroke"] = "healthy"  # what the heads have
    count: Heads = 26  # number of heads
    path: str = "results/demo"  # where the heads are made, a folder for each data set


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """The heads that will be made; none need exist yet.

    Age, sex and site follow from the name alone, so that more heads leave the others as they are.
    """
    kind, count = options["kind"], options["count"]
    scans = [
        _scan(dataset, kind, f"{kind}{number:03d}", Path(options["path"])) for number in range(1, count + 1)
    ]
    return base.chosen(scans, options)


def place(dataset: str, options: Mapping[str, Any]) -> str:
    """The folder of the data set's heads."""
    return str(Path(options["path"]) / dataset)


def why(path: str, options: Mapping[str, Any]) -> str:
    """What a file is that the study does not ask for."""
    if options["kind"] == "healthy" and path.endswith(LABEL):
        return "empty labels of healthy heads"
    return f"more heads than the {options['count']} of options.count"


def _scan(dataset: str, kind: str, subject: str, root: Path) -> base.Scan:
    drawn = {what: seed(0, "demo", what, subject) for what in ("age", "sex", "site")}
    youngest, oldest = AGES[kind]
    stem = str(root / dataset / f"sub-{subject}")
    return base.Scan(
        dataset,
        subject,
        "",
        f"{stem}_T1w.nii.gz",
        lesion="" if kind == "healthy" else f"{stem}{LABEL}",
        age=str(youngest + drawn["age"] % (oldest - youngest + 1)),
        sex="MF"[drawn["sex"] % 2],
        site=SITES[drawn["site"] % len(SITES)],
    )
