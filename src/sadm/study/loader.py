"""From study files to one raw config: read strictly, the later over the earlier.

YAML makes 8 of 010, 90 of 1:30 and 1000 of 1_000, keeps the last of two equal keys, and can name Python objects. Here each of
these stops with the file and the line.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from sadm.runtime.errors import ConfigError
from sadm.study.rows import TABLE1

ROOT = Path(__file__).resolve().parents[3]  # of the project
DEMO = ROOT / "config.yaml"
RELEASED = ROOT / "studies/released.yaml"  # the overlay of the released code's values
# Unquoted text that YAML takes for another number than it looks like, or that reads like a number and is none.
ODD = re.compile(
    r"[-+]?(0[\d_]+(\.[\d_]*)?|0[xob][\da-fA-F_]+|\d[\d_]*(:[0-5]?\d)+(\.[\d_]*)?|\d+_[\d_]*(\.[\d_]*)?|\d*\.\d*_[\d_]*)"
)
TEMPLATE = "__use_yte__"  # Snakemake runs the Python in such a file
PYTHON, DATE = "tag:yaml.org,2002:python/", "tag:yaml.org,2002:timestamp"


def raw_config(files: Iterable[str | Path], given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The config of study ``files``, the later over the earlier, and of ``given`` (--config) over all.

    They lie over the demo study unless a file names its own data sets, that is with importers; and with `protocol: released`
    over the released code's values. Raises ConfigError.
    """
    layers = [read(path) for path in files]
    if not any("importer" in dataset for layer in layers for dataset in _datasets(layer).values()):
        layers.insert(0, read(DEMO))
    stated = [layer["protocol"] for layer in (*layers, given or {}) if "protocol" in layer]
    if stated and stated[-1] == "released":
        layers.insert(0, read(RELEASED))
    found: dict[str, Any] = {}
    for layer in (*layers, given or {}):
        found = laid(_without_foreign_options(_listed(found, layer), layer), layer)
    return found


def _listed(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``rows: table1`` as the first of its rows, where ``over`` brings further ones."""
    both = base.get("rows") == TABLE1 and isinstance(over.get("rows"), Mapping)
    return base | {"rows": {TABLE1: TABLE1}} if both else base


def laid(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` on ``base``: mappings key by key, all else replaced."""
    found = dict(base)
    for key, value in over.items():
        below = found.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            value = laid(below, value)
        found[key] = value
    return found


def _datasets(layer: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    said = layer.get("datasets")
    named = said.items() if isinstance(said, Mapping) else ()
    return {name: dataset for name, dataset in named if isinstance(dataset, Mapping)}


def _without_foreign_options(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` without the options of data sets that get another importer: they are the old one's."""
    below = _datasets(base)
    for name, dataset in _datasets(over).items():
        old = below.get(name, {})
        if "importer" in old and dataset.get("importer", old["importer"]) != old["importer"]:
            kept = {key: value for key, value in old.items() if key != "options"}
            base = base | {"datasets": base["datasets"] | {name: kept}}
    return base


def read(path: str | Path) -> dict[str, Any]:
    """The study file ``path``, YAML or JSON. Raises ConfigError that names the file, and in YAML the line."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        found = _json(text, path) if text.lstrip().startswith("{") else None
        found = parsed(text, path) if found is None else found
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(path, str(error), "write YAML or JSON in UTF-8, with few levels") from None
    if not isinstance(found, dict):
        raise _unreadable(path, f"it holds {type(found).__name__}", "write keys at its top level")
    return found


def _json(text: str, path: str | Path) -> Any:
    """The value of a JSON text; None of any other."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if key == TEMPLATE or keys.count(key) > 1:
                raise _unreadable(path, f"the key {key!r} {_wrong(key)}", "leave it out")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError:
        return None


def _wrong(key: str) -> str:
    return "runs Python" if key == TEMPLATE else "is there twice"


def parsed(text: str, path: str | Path, types: bool = True) -> Any:
    """The value of a YAML text, which lies in ``path``, read strictly; without ``types`` numbers stay text. Raises ConfigError with the line."""
    loader = None
    try:
        loader = (yaml.SafeLoader if types else yaml.BaseLoader)(text)
        node = loader.get_single_node()
        if node is None:
            return {}
        for line, cause, fix in _slips(node):
            raise _unreadable(f"{path}, line {line}", cause, fix)
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}, line {mark.line + 1}" if mark else path
        cause = getattr(error, "problem", None) or str(error)
        raise _unreadable(place, cause, "mend the line: the indentation, a colon or a quote") from None
    finally:
        if loader is not None:
            loader.dispose()


def _unreadable(file: str | Path, cause: str, fix: str) -> ConfigError:
    return ConfigError("A study cannot be read.", file=file, cause=cause, fix=fix)


def _slips(top: yaml.Node) -> Iterator[tuple[int, str, str]]:
    """Line, cause and fix of what `read` refuses, in the order of the text."""
    todo, seen = [top], set[int]()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield from _slip(node)
        if isinstance(node, yaml.MappingNode):
            yield from _keys(node)
            todo += [part for pair in reversed(node.value) for part in reversed(pair)]
        elif isinstance(node, yaml.SequenceNode):
            todo += reversed(node.value)


def _slip(node: yaml.Node) -> Iterator[tuple[int, str, str]]:
    line = node.start_mark.line + 1
    if node.tag.startswith(PYTHON):
        yield line, f"the tag !!{node.tag.rpartition(':')[2]} runs Python", "write a plain value"
    elif isinstance(node, yaml.ScalarNode) and node.style is None:
        if ODD.fullmatch(node.value):
            fix = "write a number as decimal digits (1000, 0.001), and text in quotes"
            yield line, f"{node.value}: YAML may take it for another number", fix
        elif node.tag == DATE:
            yield line, f"{node.value}: YAML takes it for a date", "put it in quotes"


def _keys(node: yaml.MappingNode) -> Iterator[tuple[int, str, str]]:
    seen = set[str]()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.value == TEMPLATE:
            yield line, f"{TEMPLATE} runs Python in the file", "leave it out, and write plain values"
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            yield line, f"the key {key.value!r} is there twice", "leave one of them out"
        if isinstance(key, yaml.ScalarNode):
            seen.add(key.value)
