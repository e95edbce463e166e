"""The net: what the smallest study gives, file by file, in a form that is kept in git.

.venv/bin/python tests/workflow/net.py RESULTS

writes tests/golden/net anew from the results folder of a finished run of config.yaml and studies/ci.yaml. A change that changes
bytes says so in the CHANGELOG, and renews the net in a commit of its own. Two files:

- KIND.json: the SHA-256 of each file, one such list for each torch build and kind of processor;
- numbers.json: means and deviations of arrays, and all numbers of tables, which any machine can compare.

Numbers are compared to 1e-5 where the kind of machine is stored. Elsewhere they cannot be: a machine with AVX-512, told to
use AVX2 kernels (2026-11-29), made demo heads that differ in their last bits, then registrations and brain masks that
differ by 1 % of the voxels, and after two epochs of training on them a Table 1 that differs by up to 1.4 points. Processors of other makers
may differ more. So there volumes, reconstructions and maps are compared to several times what was found then, scores and the table by
their files and columns.
"""

import json
import math
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file

from sadm.runtime.files import digest, write_text

STORED = Path(__file__).resolve().parents[1] / "golden" / "net"
NUMBERS = STORED / "numbers.json"
# What is compared, and to what elsewhere: a share of a number above 1, absolute below; None: files and columns alone.
ELSEWHERE = {"packed": 0.05, "reconstructions": 0.05, "maps": 1.0, "scores": None, "table1.csv": None}
PARTS = 4  # an array also tells the means of its parts, so that what moves within it is seen
HERE = dict.fromkeys(ELSEWHERE, 1e-5)


def kind() -> str:
    """The name of this torch build and kind of processor, by what its libraries choose their kernels."""
    about = Path("/proc/cpuinfo")
    said = (
        dict(re.findall(r"^(vendor_id|cpu family|model)\s*: (.*)$", about.read_text(), re.MULTILINE))
        if about.exists()
        else {}
    )
    processor = [platform.machine(), *said.values(), torch.backends.cpu.get_cpu_capability()]
    return re.sub(r"[^\w.+-]+", "-", "_".join(["torch", torch.__version__, *processor]))


def files(results: Path) -> Iterator[tuple[str, Path]]:
    """The files of the net in the folder ``results``, by their names within it."""
    for folder in ELSEWHERE:
        place = results / folder
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.is_file():
                yield path.relative_to(results).as_posix(), path


def hashes(results: Path) -> dict[str, str]:
    """SHA-256 of each file."""
    return {name: digest(path) for name, path in files(results)}


def numbers(results: Path) -> dict[str, dict[str, list[float]]]:
    """For each file what it says: of arrays the summary, of tables the numbers of each column."""
    return {name: _numbers(path) for name, path in files(results)}


def _numbers(path: Path) -> dict[str, list[float]]:
    if path.suffix == ".npy":
        return {"array": _summary(np.load(path))}
    if path.suffix == ".safetensors":
        return {scan: _summary(array) for scan, array in sorted(load_file(path).items())}
    head, *rows = (
        line.split("," if path.suffix == ".csv" else "\t") for line in path.read_text().splitlines()
    )
    columns = {name: [_number(row[k]) for row in rows] for k, name in enumerate(head)}
    return {
        name: [x for x in column if x is not None]
        for name, column in columns.items()
        if any(x is not None for x in column)
    }


def _summary(array: np.ndarray) -> list[float]:
    """Shape, mean, standard deviation, means of equal parts."""
    flat = array.astype(np.float64).ravel()
    means = [part.mean() for part in np.array_split(flat, PARTS)] if flat.size else []
    return [*map(float, array.shape), *(_short(x) for x in (flat.mean(), flat.std(), *means))]


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return _short(value) if math.isfinite(value) else None


def _short(value: float) -> float:
    """Eight digits, which is finer than what is compared and keeps the file small."""
    return float(f"{value:.8g}")


def differing(found: dict[str, Any], stored: dict[str, Any], to: Mapping[str, float | None]) -> list[str]:
    """The files that only one side has, and those whose numbers differ by more than ``to`` says of their folder."""
    both = sorted(found.keys() | stored.keys())
    return [name for name in both if not _close(found.get(name), stored.get(name), to[name.split("/")[0]])]


def _close(found: Any, stored: Any, tolerance: float | None) -> bool:
    if found is None or stored is None or found.keys() != stored.keys():
        return False
    pairs = [(found[key], stored[key]) for key in found]
    return tolerance is None or all(
        len(a) == len(b) and np.allclose(a, b, rtol=tolerance, atol=tolerance) for a, b in pairs
    )


def write(results: Path) -> None:
    """Renew the net. Numbers stay as they are where they still hold; lists of other machines go where this one's has changed."""
    found, own = hashes(results), STORED / f"{kind()}.json"
    if own.exists() and json.loads(own.read_text()) != found:
        for other in STORED.glob("torch_*.json"):
            other.unlink()
    _write(found, own)
    said = numbers(results)
    if not NUMBERS.exists() or differing(said, json.loads(NUMBERS.read_text()), HERE):
        _write(said, NUMBERS)


def _write(entries: dict[str, Any], path: Path) -> None:
    """JSON with a line a file, which git can compare."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(entry, sort_keys=True)}" for name, entry in sorted(entries.items())
    ]
    write_text("{\n" + ",\n".join(lines) + "\n}\n", path)
    print(f"{path}: {len(entries)} files of results")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
