"""What a config key is: a default, a meaning, and the limits that its schema sets."""

from dataclasses import field
from typing import Any


def key(default: Any, description: str, **limits: Any) -> Any:
    """A config key: its default, what it means, and JSON-schema limits (``minimum``, ``enum`` ...)."""
    made = {"default_factory": lambda: default} if isinstance(default, list | dict) else {"default": default}
    return field(metadata={"description": description, **limits}, **made)


INT, NUMBER, TEXT, FLAG = ({"type": t} for t in ("integer", "number", "string", "boolean"))
PATH = {**TEXT, "minLength": 1}
MOST = 64  # values of a list


def listed(item: dict[str, Any], size: int | None = None) -> dict[str, Any]:
    """Schema of a list of ``item``, of exactly ``size`` if given."""
    least, most = (size, size) if size else (1, MOST)
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """Schema that also admits null."""
    return {**schema, "type": [schema["type"], "null"]}


# A count of subjects, or below 1 a share of them.
COUNT_OR_SHARE = {**NUMBER, "minimum": 0, "maximum": 1_000_000, "if": {**NUMBER, "minimum": 1}, "then": {"multipleOf": 1}}  # fmt: skip
SOME = {**{k: v for k, v in COUNT_OR_SHARE.items() if k != "minimum"}, "exclusiveMinimum": 0}
# Iterations by level, coarse to fine, of which one is not 0.
LEVELS = {**listed({**INT, "minimum": 0, "maximum": 10_000}), "maxItems": 4, "contains": {"minimum": 1}}
