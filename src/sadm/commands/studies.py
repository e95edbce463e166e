"""The config of a study as Snakemake reads it, for commands that run no workflow."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from sadm.runtime.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def read(path: str | Path) -> Any:
    """The content of the YAML file at ``path``, below the project's root if it is relative."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def merged(files: Iterable[str | Path]) -> dict[str, Any]:
    """The keys of the study ``files``, later ones over earlier ones. Raises ConfigError for a file that cannot be read."""
    config: dict[str, Any] = {}
    for file in files:
        try:
            update_config(config, read(Path(file).absolute()))
        except (OSError, ValueError, AttributeError, TypeError, yaml.YAMLError) as error:
            cause = f"{type(error).__name__}: {error}"
            fix = "check the path, and that it holds keys and values"
            raise ConfigError("A study cannot be read.", file=file, cause=cause, fix=fix) from error
    return config


def config_of(files: Iterable[str | Path]) -> dict[str, Any]:
    """The config that Snakemake makes of ``files``: laid on config.yaml where none names data sets. Raises ConfigError."""
    config = merged(files)
    if "datasets" in config:
        return config
    demo: dict[str, Any] = read("config.yaml")
    update_config(demo, config)
    return demo
