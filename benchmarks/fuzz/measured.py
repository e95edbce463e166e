"""Results of a training and its measure: curves, maps, scores."""

from pathlib import Path
from typing import Any

import numpy as np
from breaking import Draw, break_file, edit_table, edited
from sound import packed

from sadm.cohort.packed import load_packed
from sadm.evaluation.scores import read_scores
from sadm.figures.charts import losses
from sadm.prediction.maps import (
    Origin,
    by_origin,
    read_maps,
    read_reconstructions,
    write_maps,
    write_reconstructions,
)
from sadm.runtime.files import write_table
from sadm.runtime.tensors import write_tensors
from sadm.study.layout import Layout

LAYOUT = Layout({"AE": ["set"]}, [], ["les"], 1, "set", {"set": "Set", "les": "Les"})


def curve(folder: Path, draw: Draw) -> str:
    """A training curve."""
    (folder / "curve.csv").write_text(
        "model,fold,seed,epoch,step,train_loss,val_loss,lr\nae,0,1,1,10,0.5,0.4,0.001\nae,0,1,2,20,0.4,0.3,0.001\n"
    )
    edit_table(folder / "curve.csv", draw, ",")
    found = losses([folder / "curve.csv"], ["ae"])
    assert all(len(one["epoch"]) for one in found["ae"]), "an empty curve"
    return "drawn"


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
