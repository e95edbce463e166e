"""BraTS 2021 training data: glioma patients, skull-stripped, in SRI24 space at 1 mm.

BraTS2021_Training_Data/BraTS2021_00000/BraTS2021_00000_t1.nii.gz
                                        BraTS2021_00000_seg.nii.gz     labels 1, 2, 4: any above 0 is tumour
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadm.data import base

SPACE = "sri24"
STRIPPED = True
TREE = "BraTS"


@dataclass(frozen=True)
class Options:
    """Options of the importer."""

    path: str = ""  # the folder that holds a folder for each patient (BraTS2021_00000 ...), or its parent


def listed(dataset: str, options: Mapping[str, Any]) -> list[base.Scan]:
    """Every patient folder, also one that lacks its T1. Raises DataError: no tree, no patient."""
    root = base.folder(options["path"], "BraTS2021_Training_Data")
    found = []
    for patient in _patients(root):
        t1, label = (base.image(patient / f"{patient.name}_{kind}") for kind in ("t1", "seg"))
        found.append(
            base.Scan(dataset, patient.name, "", str(t1), lesion=str(label) if os.path.exists(label) else "")
        )
    return base.checked(found, root, "BraTS2021_*/BraTS2021_*_t1.nii.gz")


def recognises(path: Path) -> list[dict[str, Any]]:
    """The options that list ``path``, if it is the tree of BraTS."""
    root = base.folder(path, "BraTS2021_Training_Data")
    return [{"path": str(path)}] if any(map(Path.is_dir, _patients(root))) else []


def _patients(root: Path) -> list[Path]:
    return base.children(root, r"BraTS\w*_\d+")
