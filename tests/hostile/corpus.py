"""The hostile corpus: at least 60 kinds of input, each given to the step that meets it first.

    PYTHONPATH=src python tests/hostile/corpus.py FOLDER [WORD ...]

makes each (or those with a WORD in their names) below FOLDER, runs its step in a process of its own, and prints a table: kind, step, how it ended, CPU seconds, MB.
"""

import csv
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import configs  # noqa: F401
import images  # noqa: F401
import rightful  # noqa: F401
import stored  # noqa: F401
import torch
import trees  # noqa: F401
from kinds import KINDS, Kind

from sadm.cohort.audit import audit
from sadm.cohort.packed import load_packed
from sadm.cohort.sheet import cohort
from sadm.commands.import_checkpoint import convert, hyper_of
from sadm.preprocess import hdbet1_weights, hdbet2, template
from sadm.preprocess.pack import pack
from sadm.runtime.errors import SadmError
from sadm.study import registry
from sadm.study.study import Study
from sadm.training.checkpoint import load_method

LONGEST, LARGEST = 10.0, 1000.0  # limits of a kind: CPU seconds, which a busy machine does not stretch, MB


def _cohort(importer: str) -> Callable[[Any, Path], Any]:
    def run(given: Path, out: Path) -> Any:
        options = registry.declared("data", importer)[1] | {"path": str(given)}
        cohort("set", importer, options, importer in ("brats", "atlas"), out / "sheet.tsv")
        with open(out / "sheet.tsv", newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream, delimiter="\t"))

    return run


def _audit(given: Path, out: Path) -> None:
    sheet = given.with_name("sheet.tsv")
    sheet.write_text("dataset\tsubject\tscan\tt1\tsha256\nset\t1\tsub-1\ta.nii\tabc\n")
    audit([given], [sheet], out / "audit.tsv")


def _pack(given: Path, out: Path) -> None:
    names = {name: str(out / name) for name in ("t1", "brain", "lesion", "scans", "excluded")}
    pack({}, [str(given)], names, on_failure="stop", on_unusual="keep", dataset="set")


STEPS: dict[str, Callable[[Any, Path], Any]] = {
    **{importer: _cohort(importer) for importer in ("ixi", "brats", "atlas", "bids", "folder")},
    "checkpoint": lambda given, out: convert(given, out, {}, trained_on="draem"),
    "weights": lambda given, out: load_method(given, torch.device("cpu")),
    "atlas files": lambda given, out: template.template(
        str(out / "head.nii.gz"), str(out / "brain.nii.gz"), str(given)
    ),
    "wheel": lambda given, out: template.from_wheel(given),
    "splits": _audit,
    "packed": lambda given, out: load_packed(given),
    "qc": _pack,
    "hd-bet": lambda given, out: hdbet2.load_predictor(hdbet2.find_parameters(str(given)), "cpu", False, 1),
    "hd-bet 1": lambda given, out: hdbet1_weights.convert(out / "a.safetensors", str(given)),
    "config": lambda given, out: Study.from_config(given).scans("healthy"),
    "study file": lambda given, out: hyper_of([given]),
}


def run(kind: Kind, folder: Path) -> tuple[str, Any]:
    """Make ``kind`` in ``folder`` and run its step: how it ended ("Error: message", or "") and its result.

    Raises AssertionError if an error left a file among the outputs, or if code in the input ran.
    """
    (folder / "in").mkdir(parents=True)
    given, out, result, ended = kind.make(folder / "in"), folder / "out", None, ""
    try:
        result = STEPS[kind.step](given, out)
    except SadmError as error:
        ended = f"{type(error).__name__}: {error}"
    left = [path for path in out.rglob("*") if path.is_file()]
    assert not (ended and left), f"left behind: {left}"
    strangers = [path for path in folder.rglob("*") if path.name.startswith(("ran", "evil", ".tmp"))]
    assert not strangers, f"made by the input: {strangers}"
    return ended, result


def measured(kind: Kind, folder: Path) -> tuple[str, float, float]:
    """How ``kind`` ended (its error's first line), CPU seconds and the largest memory in MB of a process of its own."""
    read, write = os.pipe()
    if not (child := os.fork()):
        try:
            (folder / "in").mkdir(parents=True)
            given, start = kind.make(folder / "in"), time.process_time()
            try:
                STEPS[kind.step](given, folder / "out")
                ended = "right result"
            except SadmError as error:
                ended = f"{type(error).__name__}: {str(error.cause or error.what).strip().splitlines()[0]}"
                if not re.match(kind.says or "$", f"{type(error).__name__}: {error}", re.DOTALL):
                    ended = f"UNEXPECTED {ended}"
            except BaseException as error:
                ended = f"UNNAMED {type(error).__name__}: {error}"
            os.write(write, f"{time.process_time() - start}\t{ended}"[:2000].encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        seconds, _, ended = stream.read().partition("\t")
    usage = os.wait4(child, 0)[2]
    return ended or "killed", float(seconds or "nan"), usage.ru_maxrss / 1024


def main(folder: Path, *words: str) -> None:
    """Print the table of the kinds whose names have one of ``words`` (all if none), and the slowest and the largest."""
    torch.set_num_threads(1)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kinds = [kind for kind in KINDS if not words or any(word in kind.name for word in words)]
    found = {kind.name: (kind, *measured(kind, folder / f"{n:03}")) for n, kind in enumerate(kinds)}
    print("| kind | step | how it ends | s | MB |\n|---|---|---|---|---|")
    for name, (kind, ended, seconds, size) in found.items():
        text = " ".join(ended.split()).replace(str(folder), "").replace("|", "/")
        print(f"| {name} | {kind.step} | {text[:160]} | {seconds:.2f} | {size:.0f} |")
    slow, large = (max(found, key=lambda name: found[name][n]) for n in (2, 3))
    print(
        f"\n{len(found)} kinds; {base:.0f} MB with all imports; slowest {slow}: {found[slow][2]:.2f} s; ",
        end="",
    )
    print(f"largest {large}: {found[large][3]:.0f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
