"""What every workflow script begins with: the code that its job was planned with, its log, its threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sadm
from sadm.runtime.job import to_log
from sadm.runtime.process import keep_freed_memory, limit_threads
from sadm.study import fingerprint


@contextmanager
def step(snakemake: Any) -> Iterator[Path]:
    """Run the body as the job ``snakemake``: what it prints goes to the job's log, its libraries use the job's threads.

    Yields the folder of the project. Raises SystemExit, with the error in the log, if the body raises, or if the code is not the one that the job was planned with.
    """
    limit_threads(snakemake.threads)
    keep_freed_memory()
    with to_log(snakemake.log[0]):
        root = Path(snakemake.scriptdir).resolve().parents[1]
        fingerprint.check(snakemake.params.code, root, Path(sadm.__file__).parents[1])
        yield root
