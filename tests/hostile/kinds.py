"""The register of hostile inputs: what each is, which step meets it first, and how that step must end."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[Path], Any]


@dataclass(frozen=True)
class Kind:
    """One kind of input: ``make`` writes it into a folder and returns what ``step`` takes.

    ``says``: the name of the error and a pattern of its message, or "" for a right result, which ``right`` looks at.
    """

    name: str
    step: str
    make: Make
    says: str
    right: Callable[[Any], None] | None = None


KINDS: list[Kind] = []


def kind(step: str, says: str = "", right: Callable[[Any], None] | None = None) -> Callable[[Make], Make]:
    """Register the decorated maker under its name."""

    def register(make: Make) -> Make:
        name = make.__name__.strip("_").replace("_", " ")
        assert name not in {k.name for k in KINDS}, name
        assert bool(says) != bool(right), name
        KINDS.append(Kind(name, step, make, says, right))
        return make

    return register
