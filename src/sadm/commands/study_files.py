"""The study files that a call of Snakemake reads, held against code before Snakemake reads them.

Snakemake runs the Python of a study file that has `__use_yte__`, even in a dry run. So the commands that start it look first.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sadm.study.loader import read

DEFAULT = "config.yaml"  # of the Snakefile, in the folder that Snakemake runs in


def refuse_code(words: Sequence[str], folder: str | Path = ".") -> None:
    """Read the study files that Snakemake would with the options ``words`` in ``folder``. Raises ConfigError for one that would run code, or is none."""
    own = Path(folder, DEFAULT)
    for file in [*([own] if own.is_file() else []), *named(words)]:
        read(file)


def named(words: Sequence[str]) -> Iterator[str]:
    """The files behind --configfile, in all the ways in which Snakemake's command line takes it."""
    inside = False
    for word in words:
        option = re.match(r"--configf\w*(?:=(.*))?$", word, re.DOTALL)
        inside = bool(option) or (inside and not word.startswith("-"))
        if option and option[1] is not None:
            yield option[1]
        elif inside and not option:
            yield word
