"""What a config key is: a default, a meaning, and the limits that its schema sets."""

from dataclasses import field
from typing import Any


def key(default: Any, description: str, **limits: Any) -> Any:
    """A config key: its default, what it means, and JSON-schema limits (``minimum``, ``enum`` ...)."""
    made = {"default_factory": lambda: default} if isinstance(default, list | dict) else {"default": default}
    return field(metadata={"description": description, **limits}, **made)


INT, NUMBER, TEXT, FLAG = ({"type": t} for t in ("integer", "number", "string", "boolean"))


def listed(item: dict[str, Any], size: int | None = None) -> dict[str, Any]:
    """Schema of a list of ``item``, of exactly ``size`` if given."""
    return {"type": "array", "items": item} | (
        {"minItems": size, "maxItems": size} if size else {"minItems": 1}
    )


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    """Schema that also admits null."""
    return {**schema, "type": [schema["type"], "null"]}


COUNT_OR_SHARE = {"type": "number", "minimum": 0}
