"""The study files that a call of Snakemake reads, held against code before Snakemake reads them.

Snakemake runs the Python of a study file that has `__use_yte__`, even in a dry run. So the commands that start it look first.
"""

import re
from collections.abc import Iterator, Sequence

from sadm.study.loader import read


def refuse_code(words: Sequence[str]) -> None:
    """Read the study files that Snakemake would with the options ``words``. Raises ConfigError for one that runs code, or is none."""
    for file in named(words):
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
