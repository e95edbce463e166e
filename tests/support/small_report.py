"""What the report of the small study is made of, on disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from safetensors.numpy import save
from small_study import LAYOUT, ROOT, make, text

from sadm.report.blocks import Cell, Table
from sadm.report.material import Material
from sadm.study.study import Study

METRICS = ("dice", "dice_testset", "dice_validation", "dice_healthy_1", "dice_healthy_5", "dice_healthy_10", "auprc", "auroc_brain",
           "lesion_f1", "sq", "rq", "pq", "nsd", "hd95", "missed", "found_ml", "false_ml")  # fmt: skip
GROUPS = "testset\trow\tkind\tthreshold\tby\tgroup\tmetric\tmean\tci_low\tci_high\n" + "".join(
    f"les\tcDDPM\tmethod\tvalidation\tsite\tscanner {k}\tfalse_ml\t{1234.5 + k}\t1000.25\t1500.75\n"
    for k in range(11)
)
JUDGED = {
    "rankings": "testset\trow\tmetric\tmean\trank\trank_low\trank_high\tfirst\n"
    "les\tcDDPM\tdice\t.2\t2\t1\t2\t.1\nles\tcDDPM\tdice_validation\t.2\t1\t1\t1\t1\n"
    "les\tSADM-LES\tdice\t.6\t1\t1\t2\t.9\nles\tSADM-LES\tdice_validation\t\t\t\t\t\n",
    "agreement": "testset\tmetric_a\tmetric_b\ttau\ttau_low\ttau_high\trows\nles\tdice\tdice_validation\t-1\t-1\t.5\t2\n"
    "les\tdice\tpaper\t.37\t\t\t2\n",
    "released": "row\tkind\ttestset\tmetric\texact\treleased\tdifference\n"
    "cDDPM\tmethod\tles\tdice\t.2\t.185\t-.015\ncDDPM\tmethod\tles\tdice_validation\t.1\t.10001\t.00001\n",
    "thresholds": "row\tkind\tfold\tseed\ttestset\tthreshold\tvalue\tdataset\tscans\n"
    + "".join(
        f"{row}\tmethod\t0\t1\tles\t{name}\t.5\tles\t{scans}\n"
        for row in ("cDDPM", "SADM-LES")
        for name, scans in (("testset", ",".join(f"s{k}" for k in range(70))), ("validation", "sub-v1,sub-v2"))
    ),
    "audit_used": "row\tfold\tseed\ttestset\tuse\tdataset\tset\tscans\n"
    "cDDPM\t0\t1\tles\tscores\tles\ttest\t70\ncDDPM\t0\t1\tles\tvalidation\tles\tval\t2\n",
    "alarms": GROUPS,
    "claims": "testset\tclaim\trow\tagainst\tmetric\tdifference\tci_low\tci_high\tp\tp_holm\tp_least\tfamily\tsubjects\n"
    "les\tpaper\tSADM-LES\tcDDPM\tdice\t.4\t.3\t.5\t.004\t.008\t.008\t2\t9\n"
    "les\ttrivial\tcDDPM\trandom\tdice\t-.1\t-.2\t0\t.3\t1\t.6\t2\t3\n",
}  # fmt: skip
MEANS = {"cDDPM": 20.0, "SADM-LES": 60.0, "random": 30.0}
ASSETS = ("sections.yaml", "page.html.j2", "report.css", "page.js", "viewer.js", "paper_table1.csv")


def kind(row: str) -> str:
    return "trivial" if row == "random" else "method"


def table(folder: Path) -> Path:
    head = [
        "row",
        "kind",
        *(f"{t}_{m}_{s}" for t in ("les", "draem") for m in ("dice", "auprc") for s in ("mean", "std")),
    ]
    more = (
        "ci_low",
        "ci_high",
        "subjects",
        "above_trivial",
        "above_trivial_low",
        "above_trivial_high",
        "marks",
    )
    head += [f"{t}_{m}_{name}" for t in ("les", "draem") for m in ("dice", "auprc") for name in more]
    marks = {"cDDPM": "▽", "SADM-LES": "†"}
    lines = [
        [row, "x", *[mean, 1.5] * 4, *[10, 70, 9, mean - 30, mean - 40, mean - 20, marks.get(row, "")] * 4]
        for row, mean in MEANS.items()
    ]
    return text(folder / "table1.csv", "\n".join(",".join(map(str, line)) for line in [head, *lines]) + "\n")


def cell(made: Table, row: str, column: int) -> Cell:
    return next(line[column] for body in made.bodies for line in body.rows if line[0].text == row)


def weights(path: Path, model: str) -> Path:
    """Weights that tell their model."""
    told = json.dumps({"model": model, "fold": 0, "seed": 1})
    path.write_bytes(save({"w": np.zeros(3, np.float32)}, {"sadm": told}))
    return path


def told(study: Study) -> dict[str, Any]:
    """What the rule hands on beside the config."""
    return {
        "limits": {name: study.limits(name) for name in study.datasets},
        "trained": study.trained,
        "protocol": study.protocol,
    }


def material(folder: Path) -> Material:
    """All that the report shows of one fold, and files of checks with long names and many columns."""
    about, files = make(folder, folds=1)
    audit = text(
        folder / "audit.tsv",
        "dataset\tfold\tset\tscans\tsubjects\nixi\t0\ttrain\t8\t7\nixi\t1\ttrain\t9\t7\n",
    )
    spans = "testset\trow\tkind\tmetric\tmean\tstd_folds\tstd_seeds\tci_low\tci_high\tsubjects\n" + "".join(
        f"{t}\t{row}\t{kind(row)}\t{metric}\t{mean / 100}\t0.02\t0.013\t0.1\t0.7\t9\n"
        for t in ("les", "draem")
        for row, mean in MEANS.items()
        for metric in METRICS
    )
    pairs = "testset\tmetric\trow_a\trow_b\tp\nles\tdice\tcDDPM\tSADM-LES\t0.3\n"
    files.tables = [
        table(folder),
        audit,
        text(folder / "summary.tsv", spans),
        text(folder / "pairs.tsv", pairs),
        *(text(folder / f"{name}.tsv", content) for name, content in JUDGED.items()),
    ]
    files.figures = [
        text(folder / f"{name}.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        for name in ("beta", "les_cases")
    ]
    names = ("ixi", "les")
    files.excluded = [folder / n / "excluded.tsv" for n in names]
    files.kept = [folder / n / "scans.tsv" for n in names]
    head = "\t".join(["dataset", "scan", "overlap", *(f"largest_number_{k}" for k in range(18))])
    row = "\t".join(["sub-a-long-name-001", "0.9", *["1234.567"] * 18])
    files.checks = [text(folder / n / "checks.tsv", f"{head}\n{n}\t{row}\n") for n in names]
    files.sheets = [
        text(folder / f"cohort/{n}.tsv", f"dataset\tscan\tsha256\n{n}\ts0\tbb\n{n}\ts1\taa\n") for n in names
    ]
    files.notes = [
        text(folder / f"cohort/{n}_notes.tsv", f"dataset\tnote\n{n}\t2 of 3 images used; 1 not: 1 hidden\n")
        for n in names
    ]
    files.weights = [weights(folder / "w.safetensors", "cddpm")]
    text(folder / "logs/train/a.log", "work\nused 3.1 CPU s, 500 MB, 4.0 s\n")
    study = Study.from_config(yaml.safe_load((ROOT / "config.yaml").read_text()))
    known = {"config": study.config, "told": told(study), "logs": str(folder / "logs")}
    return Material.of(files, ROOT, about=about, layout=LAYOUT, **known)
