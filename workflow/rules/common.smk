"""Shared by the workflow's parts: the validated study, the code fingerprint, and all functions, which Snakemake's lint wants here."""

import gc
import shlex
import sys
from pathlib import Path

ROOT = Path(workflow.basedir)
# Snakemake hands sys.path on to every script: jobs import sadm uninstalled, under conda and on a node too.
sys.path.insert(0, str(ROOT / "src"))

# Snakemake makes a million small objects while it plans and keeps most: at Python's own threshold the collector looks through
# them again and again, a tenth of the time of a dry run.
gc.set_threshold(100_000, 50, 100)

from sadm.runtime.errors import SadmError
from sadm.study.copies import ADVICE, copied, mark
from sadm.study.fingerprint import planned
from sadm.runtime.files import read_table
from sadm.study.loader import raw_config
from sadm.study.places import folder, label
from sadm.study.scheduling import spare
from sadm.study.runs import seed_number, tag, training_seed
from sadm.study.study import Study
from sadm.study.weights import HDBET, check

# A cluster sends SIGTERM to a job's every process: the shell around a script must not die before the script, which saves.
# Jobs run the code of this clone, and nothing that a user has set for other programs changes a result.
shell.prefix(
    "set -euo pipefail; trap : TERM; export LC_ALL=C.UTF-8 MPLBACKEND=agg; unset MATPLOTLIBRC PYTHONSTARTUP; "
    f"export PYTHONPATH={shlex.quote(str(ROOT / 'src'))}; "
)

try:
    # Snakemake has merged the same files into `config`, less strictly.
    study = Study.from_config(raw_config(workflow.configfiles, workflow.config_settings.config))
    if workflow.is_main_process:  # in an input function an error would come with a traceback
        all(map(study.scans, study.datasets))
except SadmError as error:
    raise WorkflowError(f"{type(error).__name__}: {error}") from None

if workflow.is_main_process and copied(Path("results")):
    print(ADVICE, file=sys.stderr)
    if not workflow.dryrun:
        mark(Path("results"))


wildcard_constraints:
    dataset=study.one_of(study.datasets),
    folder="sub-[A-Za-z0-9]+(/ses-[A-Za-z0-9]+)?",
    scan="sub-[A-Za-z0-9]+(_ses-[A-Za-z0-9]+)?",
    testset=study.one_of(study.testsets),
    model=study.one_of(study.models),
    fold="[0-9]+",
    seed="(_seed[0-9]+)?",
    network="[a-z0-9_]+",
    row=study.one_of([*study.rows, *study.trivial]),
    label=study.one_of(study.labels),


def untracked(value):
    """A param that says where or how a job runs, not what it makes: no rerun when it changes.

    Snakemake has no word for such a param. But it remembers none that is a function of a job's threads, as these differ from
    machine to machine; a resource would do, too, and be asked of a cluster that knows no such resource.
    """
    return lambda wildcards, threads: value


def grown(mb):
    """Memory that grows with each attempt: a cluster kills a job that needs more than it asked for."""
    return lambda wildcards, attempt: mb * attempt


def code(script, *files):
    """What a job is planned with: a step's script, other `files` of the project, and all that these reach."""
    return planned(ROOT, script, *files)


def t1(wildcards):
    """The T1 of a scan."""
    return study.t1(wildcards.dataset, wildcards.folder, wildcards.scan)


def raw(wildcards):
    """The source files of a scan, as sidecars name them."""
    return study.raw(wildcards.dataset, wildcards.scan)


def kind(wildcards):
    """In which space the scans of a data set come, and whether stripped."""
    return study.kind(wildcards.dataset)


def of_scans(path, dataset, scans, **others):
    """The results `path` of `scans` of a data set; `others`: further wildcards."""
    return [path.format(dataset=dataset, folder=folder(scan), scan=scan, **others) for scan in scans]


def each_scan(path):
    """An input function: the results `path` of all scans of a data set."""
    return lambda w: of_scans(path, w.dataset, study.scans(w.dataset))


def every_scan(path):
    """An input function: the results `path` of all scans of all data sets."""
    return lambda w: [f for name in study.datasets for f in of_scans(path, name, study.scans(name))]


def made_with(weights):
    """What jobs make with `weights` that may be missing: where all of it is there, they are not asked for."""
    if weights.what == HDBET and study.fetches_hdbet:
        return rules.hdbet_weights.output
    if weights.what == HDBET:
        return [
            f for name in weights.users for f in of_scans(rules.brain.output.mask, name, study.scans(name))
        ]
    return expand(rules.imagenet.output, network=weights.users)


def tested(splits, packed):
    """Test scans of fold 0 that passed their check, of a study whose files `splits` and `packed` (scans.tsv) are there."""
    if missing := [path for path in (splits, packed) if not Path(path).exists()]:
        raise WorkflowError(f"Maps are of a finished study: run it first ({missing[0]} is not there).")
    passed = {row["scan"] for row in read_table(packed)}
    dealt = [row["scan"] for row in read_table(splits) if (row["fold"], row["set"]) == ("0", "test")]
    return [scan for scan in dealt if scan in passed]


def assets(*names):
    """Files of the report, which lie in workflow/report."""
    return [f"workflow/report/{name}" for name in names]


def measured(*names):
    """The tables `names` of rule evaluate, of all rows, folds and seeds."""
    files, found = [rules.evaluate.output[name] for name in names], []
    for row, fold, number in study.layout.runs:
        found += expand(files, row=row, fold=fold, seed=tag(number))
    return found


def results(folds):
    """What `sadm.figures.results.Results` is made of, of all rows and test sets, in `folds`, of the first seed."""
    rows, models = study.layout.all_rows, study.drawn.models
    return {
        "packed": expand(rules.pack.output.t1, dataset=study.testsets),
        "splits": expand(rules.splits.output, dataset=sorted(set(study.sources.values()))),
        "scores": expand([rules.evaluate.output[t] for t in study.testsets], row=rows, fold=folds, seed=""),
        # Maps of a trivial score are named as if it were a model, and the synthetic set as if it were packed.
        "maps": expand([rules.predict.output[t] for t in study.testsets], model=models, fold=folds, seed=""),
    }


def pseudo_healthy():
    """The reconstructions of the test sets in fold 0 by all models that rows score with."""
    files = [rules.reconstruct.output[t] for t in study.testsets]
    return expand(files, model=study.drawn.reconstructing, fold=0, seed="")


def figure(name, caption, category):
    """The files of a figure, and what `snakemake --report` says of it."""
    files = [f"results/figures/{name}.png", f"results/figures/{name}.svg"]
    return report(files, caption=f"../report/{caption}.rst", category=category, labels={"figure": name})


def shown_maps(w):
    """The scores of all test scans of fold 0 that passed their check, by the row that is shown on their test set."""
    found = []
    for name in study.native_testsets:
        scans = tested(*expand([rules.splits.output[0], rules.pack.output.scans], dataset=name))
        shown = {"label": label(study.shown[name]), "fold": 0}
        found += of_scans(rules.native_map.output.score, name, scans, **shown)
    return found
