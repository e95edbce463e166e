"""Write envs/*.yaml from requirements.lock: what each environment imports, and all that this depends on, at the lock's pins.

python envs/make.py          writes the files (run it in the environment that the lock describes)
"""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "3.11"
DIRECT = {
    "imaging": ["numpy", "scipy", "nibabel", "simpleitk", "antspyx", "safetensors"],
    "torch": [
        "numpy",
        "scipy",
        "nibabel",
        "torch",
        "torchvision",
        "torchio",
        "deepbet",
        "hd-bet",
        "safetensors",
    ],
    "tables": [
        "numpy",
        "scipy",
        "nibabel",
        "pandas",
        "matplotlib",
        "openpyxl",
        "xlrd",
        "jinja2",
        "pyyaml",
        "safetensors",
    ],
}


def normal(name: str) -> str:
    """Normalised name of a package (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, str]:
    """Normalised name -> "name==version" of every line of the lock file."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").split()
    return {normal(line.split("==")[0]): line for line in lines}


def closure(direct: list[str]) -> set[str]:
    """``direct`` and all that they depend on here, as normalised names."""
    todo, found = list(direct), set()
    while todo:
        name = normal(todo.pop())
        if name in found:
            continue
        try:
            needs = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue  # of another platform
        found.add(name)
        todo += [need.name for need in needs if not need.marker or need.marker.evaluate({"extra": ""})]
    return found


def text(direct: list[str]) -> str:
    """The environment file for ``direct``."""
    pins = locked()
    names = sorted(name for name in closure(direct) if name in pins)
    head = "# Made by envs/make.py from requirements.lock. Even a comment changed here reruns the jobs of this environment.\n"
    body = f"channels:\n  - conda-forge\ndependencies:\n  - python={PYTHON}\n  - pip\n  - pip:\n"
    return head + body + "".join(f"      - {pins[name]}\n" for name in names)


if __name__ == "__main__":
    for name, direct in DIRECT.items():
        (ROOT / "envs" / f"{name}.yaml").write_text(text(direct), encoding="utf-8")
