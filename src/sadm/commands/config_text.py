"""The study that files and --config describe, with every key, as YAML.

    sadm config [STUDY.yaml ...] [--config KEY=VALUE ...]

What is printed is a study file itself, and describes the same study.
"""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from sadm.runtime.errors import ConfigError
from sadm.study.loader import parsed, raw_config
from sadm.study.study import Study


def given(pairs: Sequence[str]) -> dict[str, Any]:
    """What ``KEY=VALUE`` say, values without types, as Snakemake's --config reads them. Raises ConfigError."""
    found = {}
    for pair in pairs:
        key, equal, value = pair.partition("=")
        found[key] = parsed(value, f"--config {key}", types=False)
        if not equal:
            raise ConfigError(f"--config {pair}: no value", fix="write KEY=VALUE")
    return found


def plain(value: Any) -> Any:
    """``value`` with lists for tuples, as YAML has them."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def text(study: Study) -> str:
    """`Study.whole` as YAML, in the order of the keys, short lists and mappings in a line."""

    class Dumper(yaml.SafeDumper):
        """Without anchors: a list that stands in two places is written twice."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    made: str = yaml.dump(
        plain(study.whole),
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=110,
    )
    return made


def main(arguments: Sequence[str]) -> None:
    """Print the resolved study of the files and keys on the command line."""
    parser = argparse.ArgumentParser(
        prog="sadm config", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "study", nargs="*", help="study files, later ones over earlier ones; none: the demo study"
    )
    parser.add_argument(
        "--config", nargs="+", default=[], metavar="KEY=VALUE", help="keys over those of the files"
    )
    said = parser.parse_args(arguments)
    print(text(Study.from_config(raw_config(said.study, given(said.config)))), end="")
