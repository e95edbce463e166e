"""Covers sadm.runtime.kinds, sadm.study.config, sadm.study.keys: each key refuses three values that it cannot have."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sadm.runtime.errors import ConfigError
from sadm.study import config, registry
from sadm.study.study import Study

ROOT = Path(__file__).resolve().parents[2]
DEMO = (ROOT / "config.yaml").read_text()
Schema = dict[str, Any]


def keys(schema: Schema, where: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every key that holds a value, by its path in a config, and its schema; sections and data sets are walked through."""
    for name, said in schema.get("properties", {}).items():
        if name == "hyper":
            for method in registry.names("methods"):
                yield from keys(said["patternProperties"][f"^{method}(@[a-z0-9_]+)?$"], ("hyper", method))
        elif name == "datasets":
            yield from keys(said["additionalProperties"], ("datasets", "healthy"))
        elif name == "options":
            for case in schema["allOf"]:
                importer = case["if"]["properties"]["importer"]["const"]
                yield from keys(case["then"]["properties"]["options"], ("datasets", importer, "options"))
        elif "properties" in said:
            yield from keys(said, (*where, name))
        else:
            yield (*where, name), said


def bad(said: Schema) -> list[Any]:
    """Three values that a key of schema ``said`` must refuse: of another type, and beyond its limits where it has any."""
    types = said["type"] if isinstance(said["type"], list) else [said["type"]]
    if "array" in types:
        wrong = [[value] * said.get("minItems", 1) for value in bad(said["items"])[:2]]
        if "string" in types:  # a list, or a file that has it
            return [5, *wrong]
        return ["text", *wrong] if said.get("minItems", 0) < 1 else [[], *wrong]
    if "object" in types:
        return [["a"], 3, {"a key": ["b"]}]
    if "string" in types:
        return ["no such value" if "enum" in said else ["text"], 5, True]
    if "boolean" in types:
        return ["perhaps", 2, [True]]
    low, high = (
        said.get("minimum", said.get("exclusiveMinimum")),
        said.get("maximum", said.get("exclusiveMaximum")),
    )
    if "enum" in said:
        low, high = min(said["enum"]), max(said["enum"])
    assert low is not None, f"without a lower limit: {said}"
    assert high is not None, f"without an upper limit: {said}"
    below = low if "exclusiveMinimum" in said else low - 1
    above = high if "exclusiveMaximum" in said else high + 1
    return [below, above, "text", math.nan]


def cases() -> list[tuple[tuple[str, ...], Any]]:
    return [(path, value) for path, said in keys(config.schema()) for value in bad(said)[:3]]


def study_with(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The demo's config with ``value`` at ``path``; a study of one data set for the options of an importer."""
    raw: dict[str, Any] = yaml.load(DEMO, yaml.CSafeLoader)
    if path[-2:-1] == ("options",):
        raw = {"name": "options", "datasets": {path[1]: {"importer": path[1]}}}
    at = raw
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value
    return raw


@pytest.mark.parametrize("path", sorted({path for path, _ in cases()}), ids=".".join)
def test_each_key_refuses_what_it_cannot_have(path: tuple[str, ...]) -> None:
    for value in [value for at, value in cases() if at == path]:
        with pytest.raises(ConfigError, match=path[-1]):
            Study.from_config(study_with(path, value))
