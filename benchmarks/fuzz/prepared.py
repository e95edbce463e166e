"""Results of the preparation: transforms, checks of scans, packed arrays, sheets and splits."""

import json
from pathlib import Path

import numpy as np
from breaking import Draw, break_file, edit_table, edited
from sound import image, packed

from sadm.cohort.audit import audit
from sadm.cohort.packed import load_packed, members
from sadm.commands.audit_csv import names
from sadm.preprocess.pack import MEASURED, pack
from sadm.preprocess.quality_table import checks
from sadm.preprocess.space import read_transform, write_transform
from sadm.runtime.files import read_table, write_json


def transform(folder: Path, draw: Draw) -> str:
    """A registration."""
    write_transform(np.diag([1.1, 0.9, 1, 1]), folder / "a.mat")
    break_file(folder / "a.mat", draw)
    found = read_transform(folder / "a.mat")
    assert np.isfinite(np.linalg.inv(found)).all(), "no inverse"
    return "read"


def qc(folder: Path, draw: Draw) -> str:
    """The check of a scan."""
    said = {
        "dataset": "set",
        "scan": "sub-1",
        "passed": True,
        "complete": True,
        "reasons": [],
        "unusual": ["dark"],
    }
    write_json(said | dict.fromkeys(MEASURED, 1.0), folder / "sub-1_qc.json")
    if draw.random() < 0.6:
        text = json.dumps(edited(json.loads((folder / "sub-1_qc.json").read_text()), draw))
        (folder / "sub-1_qc.json").write_text(text)
    else:
        break_file(folder / "sub-1_qc.json", draw)
    if draw.random() < 0.5:
        checks([str(folder / "sub-1_qc.json")], str(folder / "out.tsv"))
        return f"{len(read_table(folder / 'out.tsv'))} line"
    image(folder / "a.nii.gz", draw)
    files = {name: {"sub-1": str(folder / "a.nii.gz")} for name in ("t1", "brain", "lesion")}
    outputs = {name: str(folder / "packed" / f"{name}.npy") for name in files} | {
        n: str(folder / "packed" / f"{n}.tsv") for n in ("scans", "excluded")
    }
    pack(
        files,
        [str(folder / "sub-1_qc.json")],
        outputs,
        on_failure="exclude",
        on_unusual="keep",
        dataset="set",
    )
    return f"{len(load_packed(folder / 'packed').scans)} packed"


def array(folder: Path, draw: Draw) -> str:
    """A packed data set: one of its arrays or tables."""
    packed(folder / "p")
    victim = folder / "p" / draw.choice(["t1.npy", "brain.npy", "lesion.npy", "scans.tsv", "splits.tsv"])
    if victim.suffix == ".tsv":
        edit_table(victim, draw)
    elif draw.random() < 0.4:
        np.save(
            victim,
            draw.choice(
                [
                    np.array(1.0),
                    np.zeros(3),
                    np.zeros((3, 4, 6, 6), "U3"),
                    np.zeros((3, 4, 6, 6), complex),
                    np.zeros((2, 4, 6, 6)),
                    np.zeros((0, 4, 6, 6)),
                ]
            ),
        )
    else:
        break_file(victim, draw)
    found = load_packed(folder / "p")
    chosen = [members(found, folder / "p/splits.tsv", 0, part) for part in ("train", "val", "test")]
    assert sum(map(len, chosen)) <= len(found.scans), "a scan in two parts"
    return f"{len(found.scans)} scans"


def sheet(folder: Path, draw: Draw) -> str:
    """Splits and sheets of an audit, and splits that others published."""
    packed(folder / "p")
    if draw.random() < 0.4:
        (folder / "a.csv").write_text("img_name,age\nIXI001-Guys.nii.gz,30\nIXI002-HH.nii.gz,40\n")
        edit_table(folder / "a.csv", draw, ",")
        return f"{len(names(folder / 'a.csv'))} names"
    edit_table(folder / "p" / draw.choice(["sheet.tsv", "splits.tsv"]), draw)
    audit([folder / "p/splits.tsv"], [folder / "p/sheet.tsv"], folder / "audit.tsv")
    return "audited"
