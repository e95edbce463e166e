"""Inputs that are broken by chance, through the real entry points: how each trial ends, counted by kind.

    python benchmarks/fuzz.py [--minutes M] [--seed S] [--only KIND ...] [--trial N] [--last N]

A trial makes a sound input of its kind, breaks it at one to three places, and gives it to the step that meets it first, in a process
of its own that is ended after 60 CPU seconds or 4 GB. It must end in a right result (each kind looks at it) or in a named error.
Everything is drawn from the seed and the trial's number: --trial N repeats one, and shows its traceback.
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import torch
import yaml

from sadm.cohort.audit import audit
from sadm.cohort.packed import load_packed, members
from sadm.cohort.sheet import cohort
from sadm.commands.audit_csv import names
from sadm.commands.import_checkpoint import convert
from sadm.evaluation.scores import read_scores
from sadm.figures.charts import losses
from sadm.methods.base import build
from sadm.prediction.maps import (
    Origin,
    by_origin,
    read_maps,
    read_reconstructions,
    write_maps,
    write_reconstructions,
)
from sadm.preprocess.brain import brain
from sadm.preprocess.pack import MEASURED, pack
from sadm.preprocess.quality_table import checks
from sadm.preprocess.space import read_transform, write_transform
from sadm.runtime.errors import SadmError
from sadm.runtime.files import read_table, save_nifti, write_json, write_table
from sadm.runtime.tensors import write_tensors
from sadm.study import registry
from sadm.study.layout import Layout
from sadm.study.loader import DEMO, raw_config
from sadm.study.study import Study
from sadm.training.checkpoint import load_method
from sadm.training.checkpoint import save as save_weights

SECONDS, BYTES = 60, 4 << 30
Draw = random.Random
KINDS: dict[str, Callable[[Path, Draw], str]] = {}
ODD = [
    None, True, False, 0, -1, 1, 2, 10**9, 10**30, -0.5, 1e-320, 1e308, float("inf"), float("nan"), "", "a", "é\u2028", "1_0", "0x1",
    "‮x", "{x}", "*", "**" * 30 + "x", "/", "..", "~", [], [[]], [0], ["a", 1], {}, {"a": 1}, [1] * 99, "x" * 300,
]  # fmt: skip
CELLS = [
    "", "nan", "NaN", "inf", "-1", "1e999", "4_5", "45 y", '"', '"a', "a,b", "\t", "\r", "\n", "\x00", "\ufeff", "é", "=1+1", "0", "999", "1,5",
    "٣", "M", "F", "x" * 5000, "True", "null",
]  # fmt: skip


def kind(make: Callable[[Path, Draw], str]) -> Callable[[Path, Draw], str]:
    """Register a kind: it makes and breaks an input in a folder, runs the step, and says what was right about the result."""
    KINDS[make.__name__] = make
    return make


def broken(content: bytes, draw: Draw) -> bytes:
    """``content`` with one to three of its bytes, blocks or ends changed."""
    data = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(min(len(data), draw.choice([8, 128, 352, 10**9])) or 1) if data else 0
        way = draw.randrange(7)
        if way == 0:
            data[at : at + 1] = bytes([draw.randrange(256)])
        elif way == 1:
            data[at : at + 4] = draw.choice(
                [b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0\0\xc0\x7f", draw.randbytes(4)]
            )
        elif way == 2:
            del data[at:]
        elif way == 3:
            del data[at : at + draw.randint(1, 64)]
        elif way == 4:
            data[at:at] = draw.randbytes(draw.randint(1, 64))
        elif way == 5 and data:
            data[at] ^= 1 << draw.randrange(8)
        else:
            data += draw.choice([b"\0", b"\n", draw.randbytes(9), bytes(data[:64])])
    return bytes(data)


def break_file(path: Path, draw: Draw) -> None:
    """Break the bytes of ``path`` in place; now and then it is gone, a folder, a link to nothing, or may not be read."""
    if draw.random() < 0.06:
        path.unlink()
        way = draw.randrange(3)
        if way == 0:
            path.mkdir()
        elif way == 1:
            path.symlink_to("nowhere")
    else:
        path.write_bytes(broken(path.read_bytes(), draw))


def edited(value: Any, draw: Draw) -> Any:
    """A tree of lists and mappings with one of its values, or keys, replaced or taken away."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice(list(value))
        way = draw.random()
        if way < 0.12:
            return {k: v for k, v in value.items() if k != key}
        if way < 0.2:
            return {(str(draw.choice(ODD)) if k == key else k): v for k, v in value.items()}
        return value | {key: edited(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.7:
        at = draw.randrange(len(value))
        return [*value[:at], edited(value[at], draw), *value[at + 1 :]]
    return draw.choice(ODD)


def edit_table(path: Path, draw: Draw, sign: str = "\t") -> None:
    """Change cells, lines or heads of a table, or its bytes."""
    if draw.random() < 0.25:
        return break_file(path, draw)
    lines = [line.split(sign) for line in path.read_text(encoding="utf-8").splitlines()]
    for _ in range(draw.randint(1, 3)):
        line = draw.choice(lines)
        way = draw.random()
        if way < 0.6:
            line[draw.randrange(len(line))] = draw.choice(CELLS)
        elif way < 0.7:
            line.append(draw.choice(CELLS))
        elif way < 0.8 and len(line) > 1:
            line.pop()
        elif way < 0.9:
            lines.insert(draw.randrange(len(lines) + 1), list(line))
        elif len(lines) > 1:
            lines.remove(line)
    coding = draw.choice(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "latin-1"])
    path.write_bytes("\n".join(sign.join(line) for line in lines).encode(coding, "replace") + b"\n")
    return None


def image(path: Path, draw: Draw, label: bool = False, place: np.ndarray | None = None) -> None:
    """A small head, or a label, as a file."""
    shape, rng = (24, 26, 22), np.random.default_rng(draw.randrange(2**31))
    grid = np.abs(np.indices(shape) / np.reshape(np.array(shape) - 1, (3, 1, 1, 1)) - 0.5)
    inside = np.sqrt((grid**2).sum(0)) < (0.15 if label else 0.4)
    data = inside.astype(np.uint8) if label else (inside * rng.integers(200, 900, shape)).astype(np.int16)
    affine = np.diag([-8.0, 8, 8, 1]) if place is None else place
    nib.save(nib.Nifti1Image(data, affine), path)


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


@kind
def scan(folder: Path, draw: Draw) -> str:
    """A T1, or its label, with broken bytes; a taken scan goes on to its brain mask."""
    (folder / "in").mkdir()
    suffix = draw.choice([".nii", ".nii", ".nii.gz"])
    files = [folder / "in" / f"p1_{name}{suffix}" for name in ("t1", "lesion")]
    for file, label in zip(files, (False, True), strict=True):
        image(file, draw, label)
    victim = draw.choice(files)
    if suffix == ".nii.gz" and draw.random() < 0.5:
        import gzip

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


@kind
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
        import openpyxl

        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line.split(","))
        book.save(file)
        break_file(file, draw)
    else:
        file.write_text("\n".join(lines) + "\n")
        edit_table(file, draw, ",")
    return f"{len(listed('ixi', folder / 'in'))} scans"


@kind
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


@kind
def setting(folder: Path, draw: Draw) -> str:
    """A study file: one to three values replaced, or its bytes."""
    config = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    for _ in range(draw.randint(1, 3)):
        hyper = config.setdefault("hyper", {})
        method = draw.choice(registry.names("methods"))
        whole = isinstance(hyper, dict) and isinstance(hyper.setdefault(method, {}), dict)  # not yet edited
        if draw.random() < 0.4 and whole:
            hyper[method][draw.choice(list(registry.settings("methods", method)))] = draw.choice(ODD)
        else:
            config = edited(config, draw)
        if not isinstance(config, dict):
            break
    file = folder / draw.choice(["study.yaml", "study.json"])
    text = (
        yaml.safe_dump(config, allow_unicode=draw.random() < 0.5)
        if file.suffix == ".yaml"
        else json.dumps(config)
    )
    content = text.encode(draw.choice(["utf-8"] * 6 + ["utf-16", "latin-1"]), "replace")
    file.write_bytes(broken(content, draw) if draw.random() < 0.2 else content)
    study = Study.from_config(raw_config([file]))
    assert study.name, "no study"
    return f"{len(study.rows)} rows"


SMALL: dict[str, dict[str, Any]] = {
    "ae": {"channels": [4, 8], "latent": 4, "maps": 2}, "unet": {"channels": [4, 8]}, "ddpm": {"channels": [8, 8], "res_blocks": 1, "groups": 4, "head_channels": 8},
    "vae": {"channels": [4, 8], "latent": 4},
}  # fmt: skip


@kind
def weights(folder: Path, draw: Draw) -> str:
    """A weights file: its description, its tensors, or its bytes."""
    method = draw.choice(list(SMALL))
    state = dict(build(method, SMALL[method], (16, 16)).state_dict())
    meta: Any = {
        "method": method,
        "hyper": dict(SMALL[method]),
        "shape": [16, 16],
        "frame": "RAS",
        "model": method,
        "fold": 0,
        "seed": 1,
    }
    file, way = folder / "weights.safetensors", draw.random()
    if way < 0.4:
        meta = edited(meta, draw)
        if draw.random() < 0.4 and isinstance(meta, dict) and isinstance(meta.get("hyper"), dict):
            meta["hyper"][draw.choice(list(registry.settings("methods", method)))] = draw.choice(ODD)
    elif way < 0.75:
        key = draw.choice(list(state))
        value = state[key]
        state[key] = draw.choice([
            value.double() * 1e300, value.bool(), value.half(), value * float("nan"), value.flatten(), value.new_zeros(0), value.int(), -value.abs() - 1,
            value[None],
        ])  # fmt: skip
        if draw.random() < 0.2:
            del state[key]
    if not isinstance(meta, dict):
        meta = {"x": meta}
    save_weights(state, meta, file)
    if way >= 0.75:
        break_file(file, draw)
    net = load_method(file, torch.device("cpu"), scored_with={})
    assert all(value.isfinite().all() for value in net.state_dict().values()), "weights that are not finite"
    return "loaded"


@kind
def checkpoint(folder: Path, draw: Draw) -> str:
    """A released checkpoint: its tensors, their names, or its bytes."""
    from sadm.commands.import_checkpoint import SHAPE
    from sadm.commands.released_names import theirs

    small = {
        "channels": [8, 8],
        "res_blocks": 1,
        "groups": 4,
        "head_channels": 8,
        "condition": 8,
        "encoder_layers": [1, 1, 1, 1],
        "encoder_width": 4,
    }
    net = build("cddpm", small | {"pretrained": False}, SHAPE)
    state: dict[Any, Any] = {theirs("cddpm", key): value for key, value in net.state_dict().items()}
    way, key = draw.random(), draw.choice(list(state))
    if way < 0.5:
        value = state.pop(key)
        state[draw.choice([key, key, key, 1, None, "", key + "x", ("a",)])] = draw.choice(
            [
                value.double() * 1e300,
                value.half(),
                value.flatten(),
                value * float("nan"),
                value.bool(),
                1,
                None,
                "x",
                [value],
                value.new_zeros(0),
            ]
        )
    whole = {"state_dict": state, "epoch": 1}
    torch.save(edited(whole, draw) if 0.5 <= way < 0.6 else whole, folder / "a.ckpt")
    if way >= 0.6:
        break_file(folder / "a.ckpt", draw)
    hyper = {"cddpm": small | ({draw.choice(list(small)): draw.choice(ODD)} if draw.random() < 0.1 else {})}
    out = folder / "models"
    try:
        (file,) = convert(folder / "a.ckpt", out, hyper)
    except SadmError:
        assert not [path for path in out.rglob("*") if path.is_file()], "half a conversion"
        raise
    assert load_method(file, torch.device("cpu"), scored_with={}), "no weights"
    return "converted"


LAYOUT = Layout({"AE": ["set"]}, [], ["les"], 1, "set", {"set": "Set", "les": "Les"})


@kind
def score(folder: Path, draw: Draw) -> str:
    """A table of scores."""
    rows = [
        {"row": "AE", "fold": 0, "seed": 1, "testset": "les", "scan": f"sub-{n}", "dice": n / 9, "auprc": 0.5}
        for n in range(4)
    ]
    write_table(rows, list(rows[0]), folder / "les.tsv")
    edit_table(folder / "les.tsv", draw)
    found = read_scores([folder / "les.tsv"], LAYOUT)
    assert found["scan"].is_unique, "a scan twice"
    return f"{len(found)} lines"


@kind
def curve(folder: Path, draw: Draw) -> str:
    """A training curve."""
    (folder / "curve.csv").write_text(
        "model,fold,seed,epoch,step,train_loss,val_loss,lr\nae,0,1,1,10,0.5,0.4,0.001\nae,0,1,2,20,0.4,0.3,0.001\n"
    )
    edit_table(folder / "curve.csv", draw, ",")
    found = losses([folder / "curve.csv"], ["ae"])
    assert all(len(one["epoch"]) for one in found["ae"]), "an empty curve"
    return "drawn"


@kind
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


@kind
def transform(folder: Path, draw: Draw) -> str:
    """A registration."""
    write_transform(np.diag([1.1, 0.9, 1, 1]), folder / "a.mat")
    break_file(folder / "a.mat", draw)
    found = read_transform(folder / "a.mat")
    assert np.isfinite(np.linalg.inv(found)).all(), "no inverse"
    return "read"


def packed(folder: Path) -> None:
    """A packed data set of three scans, and its splits."""
    folder.mkdir()
    brains = np.ones((3, 4, 6, 6), np.uint8)
    np.save(folder / "t1.npy", brains.astype(np.float16) / 2)
    np.save(folder / "brain.npy", brains)
    np.save(folder / "lesion.npy", brains * 0)
    rows = [{"dataset": "set", "scan": f"sub-{n}", "index": n, "subject": str(n), "fold": 0, "set": part, "t1": "a", "sha256": str(n)}
            for n, part in enumerate(("train", "val", "test"))]  # fmt: skip
    write_table(
        [{k: r[k] for k in ("dataset", "scan", "index")} for r in rows],
        ("dataset", "scan", "index"),
        folder / "scans.tsv",
    )
    write_table(
        [{k: r[k] for k in ("dataset", "scan", "subject", "fold", "set")} for r in rows],
        ("dataset", "scan", "subject", "fold", "set"),
        folder / "splits.tsv",
    )
    write_table(
        [{k: r[k] for k in ("dataset", "subject", "scan", "t1", "sha256")} for r in rows],
        ("dataset", "subject", "scan", "t1", "sha256"),
        folder / "sheet.tsv",
    )


@kind
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


@kind
def maps(folder: Path, draw: Draw) -> str:
    """Stored anomaly maps, or reconstructions."""
    packed(folder / "p")
    data = load_packed(folder / "p")
    scans, of = np.array([1, 2]), Origin("ae", 0, 1, "set", "test")
    flat = [(data.scans[i], data.t1[i]) for i in scans]
    whole = draw.random() < 0.5
    if whole:
        write_reconstructions([(n, v[None]) for n, v in flat], data, scans, 1, of, folder / "m")
    else:
        write_maps(flat, data, scans, of, folder / "m")
    if draw.random() < 0.5:
        break_file(folder / "m", draw)
    else:
        meta: Any = edited(dict(vars(of)), draw) if draw.random() < 0.5 else dict(vars(of))
        shape = draw.choice([(1, 4, 6, 6), (144,), (4, 6, 6), (1,), (0, 4, 6, 6), (1, 4, 6, 5)])
        values = np.full(shape, draw.choice([0.5, 0.5, np.nan, np.inf, -1]))
        kept = draw.choice([["sub-1", "sub-2"], ["sub-1"], ["sub-1", "x"], []])
        write_tensors([(n, values) for n in kept], dict.fromkeys(kept, shape), meta, folder / "m")
    by_origin([folder / "m"])
    found = [read_reconstructions(folder / "m", "sub-1")] if whole else read_maps(folder / "m", data, scans)
    assert all(np.isfinite(each).all() for each in found), "no numbers"
    return "read"


@kind
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


# ---------------------------------------------------------------- run
def trial(seed: int, number: int, only: list[str], loud: bool = False) -> tuple[str, str]:
    """The kind of trial ``number`` and how it ended: "right ...", "named ...", "UNNAMED ...", "WRONG ...", "ENDED BY SIGNAL n"."""
    draw = Draw(f"{seed} {number}")
    chosen = draw.choice(only)
    folder = Path(tempfile.mkdtemp(prefix="fuzz"))
    read, write = os.pipe()
    if not (child := os.fork()):
        _child(chosen, folder, draw, write, loud)
    os.close(write)
    with os.fdopen(read, errors="replace") as stream:
        said = stream.read()
    _, status = os.waitpid(child, 0)
    shutil.rmtree(folder, ignore_errors=True)
    return chosen, said or f"ENDED BY SIGNAL {os.WTERMSIG(status) if os.WIFSIGNALED(status) else status}"


def _child(chosen: str, folder: Path, draw: Draw, write: int, loud: bool) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        signal.alarm(10 * SECONDS)  # for what waits without working, such as a pipe that nobody writes
        if not loud:
            sink = os.open(os.devnull, os.O_WRONLY)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
        try:
            said = f"right: {KINDS[chosen](folder, draw)}"
        except SadmError as error:
            helps = "named" if error.what and error.fix else "WRONG: no way to mend it:"
            said = f"{helps} {type(error).__name__}: {error.what}"
        except BaseException as error:
            ours = [f for f in traceback.extract_tb(error.__traceback__) if "/sadm/" in f.filename]
            where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "the trial itself"
            word = "WRONG" if isinstance(error, AssertionError) and not ours else "UNNAMED"
            said = f"{word} {type(error).__name__} at {where}: {error}"
            if loud:
                traceback.print_exc()
        os.write(write, " ".join(said.split())[:2000].encode("utf-8", "replace"))
    finally:
        os._exit(0)


def ended(said: str) -> str:
    """The sort of an ending."""
    return "right" if said.startswith("right") else "named" if said.startswith("named") else "bad"


def counts(found: list[tuple[str, str]]) -> str:
    """Endings by kind as a table."""
    by = Counter((made, ended(said)) for made, said in found)
    lines = ["| kind | trials | right | named | neither |", "|---|---|---|---|---|"]
    for made in sorted({made for made, _ in found}):
        each = [by[made, word] for word in ("right", "named", "bad")]
        lines.append(f"| {made} | {sum(each)} | {each[0]} | {each[1]} | {each[2]} |")
    whole = [sum(by[made, word] for made in KINDS) for word in ("right", "named", "bad")]
    return "\n".join([*lines, f"| all | {len(found)} | {whole[0]} | {whole[1]} | {whole[2]} |"])


def main() -> None:
    """Run trials until the time is over, and print what ended badly, and the counts of the first and of the last."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--trials", type=int, default=10**9, help="at most")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--trial", type=int, help="this one alone")
    parser.add_argument("--last", type=int, default=1000, help="trials that the two tables count")
    said = parser.parse_args()
    torch.set_num_threads(1)
    print(f"seed {said.seed}", flush=True)
    if said.trial is not None:
        print(*trial(said.seed, said.trial, said.only, loud=True))
        return
    found: list[tuple[str, str]] = []
    end, seen = time.monotonic() + 60 * said.minutes, Counter[str]()
    while time.monotonic() < end and len(found) < said.trials:
        made, how = trial(said.seed, len(found), said.only)
        found.append((made, how))
        if ended(how) == "bad":
            sort = f"{made}: {how.partition(': ')[0]}"
            seen[sort] += 1
            if seen[sort] <= 3:
                print(f"trial {len(found) - 1}, {made}: {how[:300]}", flush=True)
    for title, some in (("First", found[: said.last]), ("Last", found[-said.last :]), ("All", found)):
        print(f"\n{title} {len(some)} trials\n\n{counts(some)}")
    sys.exit(int(any(ended(how) == "bad" for _, how in found[-said.last :])))


if __name__ == "__main__":
    main()
