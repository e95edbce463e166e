"""Shared by the workflow's parts, the validated study and the code fingerprint."""

import gc
import re
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
# Snakemake hands sys.path on to every script: jobs import sadm uninstalled, under conda and on a node too.
sys.path.insert(0, str(ROOT / "src"))

# Snakemake keeps most of what it makes: looking for garbage less often spares a tenth of a dry run.
gc.set_threshold(100_000, 50, 100)

from sadm.study.chunks import chunks
from sadm.runtime.errors import SadmError
from sadm.study.fingerprint import fingerprint
from sadm.runtime.files import read_table
from sadm.study.loader import raw_config
from sadm.study.runs import runs, tag, tags, training_seed
from sadm.study.study import Study

# A cluster sends SIGTERM to a job's every process: the shell around a script must not die before the script, which saves.
shell.prefix("set -euo pipefail; trap : TERM; ")

try:
    # Snakemake has merged the same files into `config`, less strictly.
    study = Study.from_config(raw_config(workflow.configfiles, workflow.config_settings.config))
except SadmError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}") from None


wildcard_constraints:
    dataset="|".join(study.datasets),
    scan="sub-[A-Za-z0-9_-]+",
    testset="|".join(study.testsets),
    model="|".join(map(re.escape, study.models)),
    fold="[0-9]+",
    seed="(_seed[0-9]+)?",
    network="[a-z0-9_]+",
    row="|".join(map(re.escape, [*study.rows, *study.trivial])),


def untracked(value):
    """A param that says where or how a job runs, not what it makes: no rerun when it changes.

    Snakemake remembers no param that is a function of a job's threads.
    """
    return lambda wildcards, threads: value


def grown(mb):
    """Memory that grows with each attempt: a cluster kills a job that needs more than it asked for."""
    return lambda wildcards, attempt: mb * attempt


def code(script, *modules):
    """Fingerprint of a step's script, of `modules` of sadm and of all that these reach."""
    files = [ROOT / "workflow/scripts" / script]
    files += [ROOT / "src/sadm" / module for module in modules]
    return fingerprint(ROOT / "src", *files)


def stripped(dataset):
    """The scans of a data set in chunks for HD-BET; none if its tree is not there, as the jobs that ask for it will say."""
    try:
        scans = study.scans(dataset)
    except SadmError:
        return []
    return chunks(scans, study.section("brain")["chunk"])


def tested(splits, packed):
    """Test scans of fold 0 that passed their check, of a study whose files `splits` and `packed` (scans.tsv) are there."""
    if missing := [path for path in (splits, packed) if not Path(path).exists()]:
        raise WorkflowError(f"Maps are of a finished study: run it first ({missing[0]} is not there).")
    passed = {row["scan"] for row in read_table(packed)}
    dealt = [row["scan"] for row in read_table(splits) if (row["fold"], row["set"]) == ("0", "test")]
    return [scan for scan in dealt if scan in passed]
