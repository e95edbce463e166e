"""The kinds of values that settings of methods and importers may have: ``epochs: Count = 1600``.

To Python and mypy a kind is its plain type; what it admits is told by LIMITS, as a JSON schema. `registry` reads the
annotations from the syntax trees, without importing a method. Upper limits are far above any use: they stop numbers that
would hang the planning or fill the memory.
"""

import ast
import math
from collections.abc import Mapping
from typing import Any

from sadm.runtime.errors import ConfigError

Count = int  # of passes, steps, slices
Several = int  # slices a batch: normalisation over a batch needs two
Stock = int  # of slices kept ready, or none
Blocks = int  # of a network's stage, patches or points along an axis
Width = int  # channels, or numbers of a code
Pixels = int  # along an axis of a slice
Heads = int  # of the demo
Share = float  # from 0 to 1
Dropped = float  # share of what training leaves out: never all
Hidden = float  # share of what is masked: some, and not all
Rate = float  # of learning
Positive = float  # above 0
Weight = float  # of a term, or a standard deviation: 0 or more
LogOdds = float
Names = tuple[str, ...] | str  # a list, or the path of a file with one a line

INTEGER, NUMBER = {"type": "integer"}, {"type": "number"}
LIMITS: dict[str, dict[str, Any]] = {
    "Count": {**INTEGER, "minimum": 1, "maximum": 1_000_000},
    "Several": {**INTEGER, "minimum": 2, "maximum": 4096},
    "Stock": {**INTEGER, "minimum": 0, "maximum": 100_000},
    "Blocks": {**INTEGER, "minimum": 1, "maximum": 64},
    "Width": {**INTEGER, "minimum": 1, "maximum": 4096},
    "Pixels": {**INTEGER, "minimum": 16, "maximum": 1024},
    "Heads": {**INTEGER, "minimum": 1, "maximum": 10_000},
    "Share": {**NUMBER, "minimum": 0, "maximum": 1},
    "Dropped": {**NUMBER, "minimum": 0, "exclusiveMaximum": 1},
    "Hidden": {**NUMBER, "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "Rate": {**NUMBER, "exclusiveMinimum": 0, "maximum": 1},
    "Positive": {**NUMBER, "exclusiveMinimum": 0, "maximum": 1000},
    "Weight": {**NUMBER, "minimum": 0, "maximum": 1000},
    "LogOdds": {**NUMBER, "minimum": -50, "maximum": 50},
    "Names": {"type": ["array", "string"], "items": {"type": "string"}},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "int": INTEGER,  # of methods that others add: any
    "float": NUMBER,
}
MOST = 16  # values of a list, such as the levels of a network


def form(annotation: str) -> dict[str, Any]:
    """JSON schema of an annotation: a kind, ``Literal["a", "b"]``, ``tuple[KIND, ...]`` or ``tuple[KIND, KIND]``.

    Raises ConfigError for another one.
    """
    node = ast.parse(annotation, mode="eval").body
    if not isinstance(node, ast.Subscript):
        return _limits(annotation)
    outer, inner = ast.unparse(node.value), node.slice
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if outer == "Literal":
        return {"type": "string", "enum": [ast.literal_eval(part) for part in parts]}
    least, most = (1, MOST) if ast.unparse(parts[-1]) == "..." else (len(parts), len(parts))
    if outer != "tuple":
        return _limits(annotation)
    return {"type": "array", "items": _limits(ast.unparse(parts[0])), "minItems": least, "maxItems": most}


def fault(value: object, wanted: Mapping[str, Any]) -> str:
    """Why ``value`` is not what the schema ``wanted`` of `form` admits, "" if it is; lists and tuples are arrays."""
    kind = wanted["type"]
    if kind == "array":
        if not isinstance(value, list | tuple):
            return "is no list"
        if not wanted["minItems"] <= len(value) <= wanted["maxItems"]:
            return f"has {len(value)} values, not {wanted['minItems']} to {wanted['maxItems']}"
        return next((said for each in value if (said := fault(each, wanted["items"]))), "")
    types = {"boolean": bool, "string": str, "integer": int, "number": int | float}
    if not isinstance(value, types[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return f"is no {kind}"
    if isinstance(value, str):
        return "" if value in wanted.get("enum", [value]) else f"is none of {', '.join(wanted['enum'])}"
    return _beyond(value, wanted) if isinstance(value, int | float) else ""


def _beyond(value: float, wanted: Mapping[str, Any]) -> str:
    low, high = wanted.get("minimum", -math.inf), wanted.get("maximum", math.inf)
    above, below = wanted.get("exclusiveMinimum", -math.inf), wanted.get("exclusiveMaximum", math.inf)
    if low <= value <= high and above < value < below:
        return ""
    return f"is not {'above ' + str(above) if 'exclusiveMinimum' in wanted else low} to {'below ' + str(below) if 'exclusiveMaximum' in wanted else high}"


def _limits(kind: str) -> dict[str, Any]:
    if kind not in LIMITS:
        known = "Literal[...], tuple[KIND, ...], " + ", ".join(LIMITS)
        raise ConfigError(f"{kind}: no kind of a setting", fix=f"use one of {known} (sadm.runtime.kinds)")
    return LIMITS[kind]
