"""Rule synthesise: the fixed DRAEM test set."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.cohort.synthesise import synthesise

    files, params = snakemake.input, snakemake.params
    source, out = Path(files.t1).parent, Path(snakemake.output.t1).parent
    synthesise(source, files.splits, out, params.seed, params.draem)
