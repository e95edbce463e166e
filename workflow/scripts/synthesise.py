"""Rule synthesise: the fixed DRAEM test set."""

from sadm.study.step import step

with step(snakemake):
    from pathlib import Path

    from sadm.cohort.synthesise import synthesise

    files, params = snakemake.input, snakemake.params
    source, out = Path(files.t1).parent, Path(snakemake.output.t1).parent
    synthesise(source, files.splits, out, params.seed, params.draem)
