"""What methods and importers declare, read from their syntax trees.

The process that parses the workflow has no torch, so no method is imported to learn its needs and hyper-parameters.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from sadm.runtime.errors import ConfigError

PACKAGE = Path(__file__).parents[1]
SETTINGS = {"methods": "Hyper", "data": "Options"}
TRAINING_SETS = ("healthy", "labels")
RECORD = "DECLARES"  # the name that a method's file gives its `Declares`


@dataclass(frozen=True)
class Declares:
    """What the workflow and the training loop know of a method: ``DECLARES = Declares(...)`` in its file, of literals."""

    needs: tuple[
        str, ...
    ] = ()  # methods it is built upon, trained before it in the same fold, handed over frozen
    needs_if: Mapping[str, str] = field(
        default_factory=dict
    )  # {hyper-parameter: method needed if that is true}
    shares: tuple[str, ...] = ()  # hyper-parameters that must be equal in it and those of needs_if
    trains_on: str = "healthy"  # the healthy data set, or "labels": the training set that the row names
    pairs: bool = False  # its loss takes `Batch.partner`
    imagenet: str = ""  # the network whose ImageNet weights `Method.adopt` takes over; "" for none
    reconstructs: bool = False  # it leaves pseudo-healthy volumes, which all rows share
    passes: str = (
        ""  # hyper-parameter with an entry for each reconstruction of a volume; "" where there is one
    )
    scored_with: tuple[str, ...] = ()  # hyper-parameters that only its reconstructions read
    fits: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # {check of `sadm.study.fits`: hyper-parameters that it takes after the slice's shape}
    synthetic: str = ""  # name of the anomalies that it makes of its healthy scans and learns from
    maps: bool = True  # False: it only prepares another method, and can be no row

    def count(self, hyper: Mapping[str, Any]) -> int:
        """Reconstructions of a volume with the hyper-parameters ``hyper``."""
        return len(hyper[self.passes]) if self.passes else 1


@cache
def names(kind: str) -> tuple[str, ...]:
    """Sorted names of the methods or importers in ``kind`` ("methods" or "data"); the other modules hold what these share.

    Each method is a file beside ``base``; importers have ``class Options``.
    """
    files = [path for path in (PACKAGE / kind).glob("[a-z]*.py") if path.stem != "base"]
    if kind == "data":
        files = [path for path in files if "\nclass Options" in path.read_text(encoding="utf-8")]
    return tuple(sorted(path.stem for path in files))


@cache
def method(name: str) -> Declares:
    """What method ``name`` declares. Raises ConfigError if there is no such method, or no such declaration."""
    if name not in names("methods"):
        raise ConfigError(f"There is no method {name!r}.", fix=nearest(name, names("methods")))
    file = PACKAGE / "methods" / f"{name}.py"
    call = next(
        (node.value for node in ast.parse(file.read_text(encoding="utf-8")).body
         if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == RECORD),
        None,
    )  # fmt: skip
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != Declares.__name__ or call.args:
        fix = f"write {RECORD} = {Declares.__name__}(name=value, ...)"
        raise ConfigError("A method declares nothing.", file=file, fix=fix)
    said = Declares(**{word.arg or "": _literal(word, file) for word in call.keywords})
    _known("needs", [*said.needs, *said.needs_if.values()], names("methods"), file)
    _known("trains_on", [said.trains_on], TRAINING_SETS, file)
    return said


def _known(declaration: str, given: list[str], known: Iterable[str], file: Path) -> None:
    for value in set(given) - set(known):
        raise ConfigError(f"{declaration}: unknown {value!r}", file=file, fix=nearest(value, known))


def _literal(word: ast.keyword, file: Path) -> Any:
    known = [each.name for each in fields(Declares)]
    if word.arg not in known:
        raise ConfigError(
            f"There is no declaration {word.arg!r}.", file=file, fix=nearest(str(word.arg), known)
        )
    try:
        return ast.literal_eval(word.value)
    except (ValueError, TypeError) as error:
        cause = f"{word.arg}={ast.unparse(word.value)} is no literal"
        raise ConfigError(
            "A declaration is computed.", file=file, cause=cause, fix="write the value"
        ) from error


def nearest(name: object, known: Iterable[object]) -> str:
    """A hint to the nearest of ``known`` names, or all of them."""
    known = sorted(map(str, known))
    near = get_close_matches(str(name), known, 1, 0.5)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


@cache
def constants(module: str) -> dict[str, Any]:
    """Upper-case literals assigned at the top of ``module`` ("data/bids", "prediction/trivial")."""
    found = {}
    for node in ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id.isupper():
            try:
                found[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            except (ValueError, TypeError):
                continue  # computed, hence not a declaration
    return found


@cache
def settings(kind: str, name: str) -> dict[str, dict[str, Any]]:
    """Fields of ``class Hyper`` (methods) or ``class Options`` (data): {name: {type, default, description}}.

    The description is the comment beside the field. A base class is one of the folder's ``base`` module, or "module.Class";
    its fields come first.
    """
    return _fields(kind, name, SETTINGS[kind])


def _fields(kind: str, name: str, wanted: str) -> dict[str, dict[str, Any]]:
    source = (PACKAGE / kind / f"{name}.py").read_text(encoding="utf-8")
    lines, fields = source.splitlines(), dict[str, dict[str, Any]]()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and node.name == wanted:
            for base in node.bases:
                module, _, cls = ast.unparse(base).rpartition(".")
                fields |= _fields(kind, module or "base", cls)
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.value:
                    text = "\n".join(lines[item.lineno - 1 : item.end_lineno])
                    _, _, comment = text.partition("  # ")
                    fields[item.target.id] = {
                        "type": ast.unparse(item.annotation),
                        "default": ast.literal_eval(item.value),
                        "description": comment.partition("\n")[0].strip(),
                    }
    return fields


def declared(kind: str, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Constants of a module in ``kind``, and its settings with their defaults."""
    return constants(f"{kind}/{name}"), {k: v["default"] for k, v in settings(kind, name).items()}
