"""The config's JSON schema, made from its keys, and the checks that stop a study before any job is planned.

Runs where only Snakemake is installed.
"""

import math
import re
from dataclasses import fields
from functools import cache
from typing import Any

import jsonschema

from sadm.runtime import kinds
from sadm.runtime.errors import ConfigError
from sadm.runtime.literal import check_title
from sadm.study import fits, registry
from sadm.study.keys import SECTIONS, TOP
from sadm.study.keys.experiment import Dataset
from sadm.study.registry import nearest
from sadm.study.rows import expanded

TABLE = ("healthy", "testsets", "rows")  # keys of a study that ends in a table
WORDS = {"true": True, "false": False}
WHOLE = re.compile(r"[-+]?(0|[1-9]\d*)")
DECIMAL = re.compile(r"[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
LONGEST = 300  # characters of a message
DEEPEST = 20  # levels of sections in sections
MOST = 20_000  # keys and values of a config: the paper's study has 500; YAML's references make billions of ten lines


def _integer(checker: Any, value: Any) -> bool:
    """JSON schema takes 2.0 for an integer; range(2.0) does not."""
    return isinstance(value, int) and not isinstance(value, bool)


VALIDATOR = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _integer),
)


def _object(properties: dict[str, Any], description: str) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "description": description,
        "properties": properties,
    }


def _section(cls: type) -> dict[str, Any]:
    values = {f.name: {**f.metadata, "default": _default(f)} for f in fields(cls)}
    return _object(values, (cls.__doc__ or "").strip())


def _default(f: Any) -> Any:
    return f.default_factory() if callable(f.default_factory) else f.default


def _settings(kind: str, name: str) -> dict[str, Any]:
    values = {}
    for setting, said in registry.settings(kind, name).items():
        default = list(said["default"]) if isinstance(said["default"], tuple) else said["default"]
        about = {"default": default, "description": said["description"]}
        values[setting] = kinds.form(said["type"]) | about
    return _object(values, f"settings of {name}")


@cache
def schema() -> dict[str, Any]:
    """JSON schema of the config, with every key described; `workflow/schemas/config.schema.json` is this."""
    properties = {
        name: said | ({} if default is None else {"default": default})
        for name, (default, said) in TOP.items()
    }
    properties |= {name: _section(cls) for name, cls in SECTIONS.items()}
    dataset = _section(Dataset) | {"required": ["importer"]}
    dataset["allOf"] = [
        {
            "if": {"properties": {"importer": {"const": name}}, "required": ["importer"]},
            "then": {"properties": {"options": _settings("data", name)}},
        }
        for name in registry.names("data")
    ]
    properties["datasets"] |= {
        "additionalProperties": dataset,
        "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
    }
    hyper = {f"^{name}(@[a-z0-9_]+)?$": _settings("methods", name) for name in registry.names("methods")}
    properties["hyper"] = {"type": "object", "additionalProperties": False, "patternProperties": hyper,
                           "description": "hyper-parameters that differ from a method's own: METHOD, or METHOD@TRAINING_SET"}  # fmt: skip
    required = ["name", "datasets"]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A study of the SADM pipeline",
    }
    return head | _object(properties, "the config") | {"required": required}


def _explain(error: jsonschema.ValidationError) -> ConfigError:
    where = ".".join(map(str, error.absolute_path)) or "the config"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        patterns = [p.split("(")[0].strip("^$") for p in error.schema.get("patternProperties", {})]
        known = [*error.schema.get("properties", {}), *patterns]
        unknown = [k for k in error.instance if str(k).split("@")[0] not in known]
        return ConfigError(f"{where}: unknown key {unknown[0]!r}", fix=nearest(str(unknown[0]), known))
    if error.validator == "enum":
        return ConfigError(
            f"{where}: {error.instance!r} is not possible",
            fix=nearest(str(error.instance), error.validator_value),
        )
    if error.validator == "pattern":
        fix = "use Latin letters, digits and _ (in rows also - and .), and begin with a letter"
        return ConfigError(f"{where}: the name {error.instance!r} is not possible", fix=fix)
    if (
        error.validator == "type"
        and isinstance(error.instance, str)
        and re.match("[-+]?[.0-9]", error.instance)
    ):
        fix = "write decimal digits: no leading zeros, no colons, no underscores"
        return ConfigError(f"{where}: {error.message[:LONGEST]}", fix=fix)
    if error.validator == "contains":
        return ConfigError(f"{where}: {error.instance} has no number above 0", fix="give one at least")
    if error.validator == "multipleOf":
        fix = "give a count of subjects, or a share below 1"
        return ConfigError(f"{where}: {error.instance} is neither a whole number nor a share", fix=fix)
    return ConfigError(
        f"{where}: {error.message[:LONGEST]}",
        fix=str(error.schema.get("description") or "see docs/paper-numbers.md for what the key may hold"),
    )


def typed(value: Any, said: dict[str, Any]) -> Any:
    """``value`` with text that is a number, true or false as such where the schema ``said`` asks for one.

    Snakemake hands the nested values of --config on as text, and YAML takes 1e-4 for text.
    """
    if isinstance(value, dict):
        return {key: typed(item, _said_of(key, value, said)) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item, said.get("items", {})) for item in value]
    types = said.get("type", "string")
    types = types if isinstance(types, list) else [types]
    if not isinstance(value, str) or len(value) > len("-1.2345678901234567e-300"):
        return value
    if "null" in types and value == "null":
        return None
    if "string" in types:
        return value
    if "boolean" in types:
        return WORDS.get(value.lower(), value)
    if {"integer", "number"} & set(types) and WHOLE.fullmatch(value):
        return int(value)
    return float(value) if "number" in types and DECIMAL.fullmatch(value) else value


def _said_of(key: str, parent: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Schema of ``key`` of ``parent``, of schema ``said``; {} for one that is unknown."""
    for case in said.get("allOf", []):
        wanted = case["if"]["properties"]["importer"]["const"]
        if key == "options" and parent.get("importer") == wanted:
            return case["then"]["properties"]["options"]
    found = said.get("properties", {}).get(key)
    fitting = [each for pattern, each in said.get("patternProperties", {}).items() if re.match(pattern, key)]
    others = said.get("additionalProperties")
    return found or next(iter(fitting), others if isinstance(others, dict) else {})


def _check_plain(raw: dict[str, Any]) -> None:
    """Raise ConfigError for what YAML can say and a config cannot: keys that are no text, nan, references without end."""
    todo: list[tuple[str, Any, int]] = [("", raw, 0)]
    seen = 0
    while todo:
        where, value, depth = todo.pop()
        seen += 1
        if depth > DEEPEST:
            cause = f"more than {DEEPEST} levels"
            raise ConfigError(f"{where.partition('.')[0]}: too deep", cause=cause, fix="see the schema")
        if seen > MOST:
            fix = "write it without references (&, *) to references"
            raise ConfigError("The config is too large.", cause=f"more than {MOST} keys and values", fix=fix)
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{where}: {value} is not possible", fix="give a number, or leave the key out")
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str) or not key.isprintable():
                    what = f"{where or 'the config'}: the key {key!r} is no plain text"
                    raise ConfigError(
                        what, fix="put it in quotes: YAML takes yes, no, on, off and numbers for themselves"
                    )
            todo += [(f"{where}.{key}" if where else key, item, depth + 1) for key, item in value.items()]
        elif isinstance(value, list | tuple):
            todo += [(f"{where}.{n}", item, depth + 1) for n, item in enumerate(value)]


def _check_whole(raw: dict[str, Any]) -> None:
    """Raise ConfigError for a study that says some of what a table needs, and not all."""
    lacking = [name for name in TABLE if name not in raw]
    if lacking and len(lacking) < len(TABLE):
        fix = f"give {', '.join(TABLE)}; or none of them: such a study only prepares its scans"
        raise ConfigError(f"the config: {lacking[0]!r} is missing", fix=fix)


def resolve(raw: dict[str, Any]) -> dict[str, Any]:
    """Check ``raw`` against the schema and fill in every default.

    Raises ConfigError that names the key and the nearest known one.
    """
    _check_plain(raw)
    raw = {k: ({} if v is None and k in (*SECTIONS, "hyper") else v) for k, v in raw.items()}
    raw = typed(raw, schema())
    problems = sorted(
        VALIDATOR(schema()).iter_errors(raw),
        key=lambda e: (e.validator != "additionalProperties", str(e.path)),
    )
    if problems:
        raise _explain(problems[0])
    _check_whole(raw)
    full = {name: raw.get(name, default) for name, (default, _) in TOP.items()}
    full |= {
        name: {f.name: _default(f) for f in fields(cls)} | raw.get(name, {}) for name, cls in SECTIONS.items()
    }
    full["draem"] |= {"max_scale": _finest(full["grid"])} | raw.get("draem", {})
    full["hyper"] = raw.get("hyper", {})
    full["datasets"] = {name: _dataset(name, given) for name, given in raw["datasets"].items()}
    sets = full["datasets"]
    check_title("name", full["name"])
    for name, dataset in sets.items():
        check_title(f"datasets.{name}.title", dataset["title"])
    full["rows"] = expanded(full["rows"], [t for t in full["testsets"] if t in sets and sets[t]["annotated"]])
    return full


def _finest(grid: dict[str, Any]) -> int:
    """The finest lattice of synthetic anomalies on a ``grid``: the one default that hangs on another key."""
    shape = [size // grid["downsample"] for size in grid["shape"][:2]]
    return fits.finest(shape, grid["spacing"] * grid["downsample"])


def _dataset(name: str, given: dict[str, Any]) -> dict[str, Any]:
    if given["importer"] not in registry.names("data"):
        raise ConfigError(
            f"datasets.{name}.importer: unknown {given['importer']!r}",
            fix=nearest(given["importer"], registry.names("data")),
        )
    dataset = {f.name: _default(f) for f in fields(Dataset)} | given
    defaults = registry.declared("data", given["importer"])[1]
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in defaults.items()}
    dataset["options"] = plain | dataset["options"]
    dataset["title"] = dataset["title"] or name
    return dataset
