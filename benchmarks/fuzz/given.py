"""Data sets as they are given: scans, tables of subjects, names. The check of all files meets them first."""

import gzip
import os
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import openpyxl
from breaking import Draw, break_file, broken, edit_table
from sound import image

from sadm.cohort.sheet import cohort
from sadm.preprocess.brain import brain
from sadm.preprocess.space import write_transform
from sadm.runtime.files import read_table, save_nifti
from sadm.study import registry


def listed(importer: str, folder: Path, **options: Any) -> list[Any]:
    """The sheet of the data set in ``folder``."""
    whole = registry.declared("data", importer)[1] | {"path": str(folder)} | options
    out = folder.parent / "out" / "sheet.tsv"
    cohort("set", importer, whole, False, out)
    rows = read_table(out, ("dataset", "subject", "scan", "t1"))
    assert len({row["scan"] for row in rows}) == len(rows), "scans of one name"
    for row in rows:
        assert row["age"] == "" or 0 <= float(row["age"]) <= 130, f"age {row['age']}"
        assert row["sex"] in ("", "M", "F"), f"sex {row['sex']}"
    return rows


def scan(folder: Path, draw: Draw) -> str:
    """A T1, or its label, with broken bytes; a taken scan goes on to its brain mask."""
    (folder / "in").mkdir()
    suffix = draw.choice([".nii", ".nii", ".nii.gz"])
    files = [folder / "in" / f"p1_{name}{suffix}" for name in ("t1", "lesion")]
    for file, label in zip(files, (False, True), strict=True):
        image(file, draw, label)
    victim = draw.choice(files)
    if suffix == ".nii.gz" and draw.random() < 0.5:
        victim.write_bytes(gzip.compress(broken(gzip.decompress(victim.read_bytes()), draw), 1))
    else:
        break_file(victim, draw)
    rows = listed("folder", folder / "in", t1="*_t1", lesion="*_lesion")
    write_transform(np.eye(4), folder / "a.mat")
    save_nifti(np.ones((20, 20, 20), np.float32), np.diag([8.0, 8, 8, 1]), folder / "grid.nii.gz")
    out = folder / "mask.nii.gz"
    brain(
        str(files[0]),
        str(folder / "a.mat"),
        str(folder / "grid.nii.gz"),
        "",
        str(out),
        method="none",
        raw={"t1": "bids:x:a"},
    )
    values = np.asarray(nib.load(out).dataobj)
    assert set(np.unique(values)) <= {0, 1}, "a mask of other values"
    return f"{len(rows)} scan"


def table(folder: Path, draw: Draw) -> str:
    """A table of subjects beside BIDS or IXI."""
    (folder / "in").mkdir()
    if draw.random() < 0.5:
        for who in ("01", "02", "03"):
            (folder / f"in/sub-{who}/anat").mkdir(parents=True)
            image(folder / f"in/sub-{who}/anat/sub-{who}_T1w.nii", draw)
        file = folder / "in/participants.tsv"
        file.write_text(
            "participant_id\tage\tsex\tsite\nsub-01\t30\tM\tA\nsub-02\t45\tF\tB\nsub-03\t61.5\tM\tA\n"
        )
        edit_table(file, draw)
        return f"{len(listed('bids', folder / 'in'))} scans"
    for number in (1, 2, 3):
        image(folder / f"in/IXI{number:03}-Guys-000{number}-T1.nii", draw)
    file = folder / f"in/IXI.{draw.choice(['csv', 'xlsx'])}"
    lines = ["IXI_ID,SEX_ID (1=m/2=f),AGE", "1,1,30.5", "2,2,45", "3,1,61"]
    if file.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line.split(","))
        book.save(file)
        break_file(file, draw)
    else:
        file.write_text("\n".join(lines) + "\n")
        edit_table(file, draw, ",")
    return f"{len(listed('ixi', folder / 'in'))} scans"


def name(folder: Path, draw: Draw) -> str:
    """Names of files and folders, and patterns."""
    signs = [
        "a",
        "sub-",
        "1",
        "_",
        " ",
        "\n",
        "\r",
        "\t",
        "'",
        '"',
        "{",
        "é",
        "e\u0301",
        "‮",
        "名",
        "\udcff",
        "-",
        "#",
        "$(x)",
        "x" * 60,
        "\\",
    ]

    def word() -> str:
        made = "".join(draw.choice(signs) for _ in range(draw.randint(1, 5)))
        return made.encode("utf-8", "surrogateescape")[:240].decode("utf-8", "surrogateescape")

    place = folder / "in"
    for _ in range(draw.randint(1, 3)):
        at = place / draw.choice([word(), "."])
        at.mkdir(parents=True, exist_ok=True)
        image(folder / "made.nii", draw)
        shutil.move(folder / "made.nii", os.fsencode(at) + b"/" + os.fsencode(word()) + b".nii")
    pattern = draw.choice(
        ["**", "**", "*", "*/*", "".join(draw.choice(["*", "**", "a", "/", "_"]) for _ in range(40))]
    )
    return f"{len(listed(draw.choice(['folder', 'folder', 'bids', 'ixi', 'brats', 'atlas']), place, **({'t1': pattern} if draw.random() < 0.5 else {})))} scans"
