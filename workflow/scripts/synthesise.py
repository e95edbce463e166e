"""Rule synthesise: the fixed DRAEM test set."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from pathlib import Path

    from sadm.cohort.synthesise import synthesise

    source, out = Path(snakemake.input.t1[0]).parent, Path(snakemake.output.t1).parent
    params = snakemake.params
    synthesise(source, snakemake.input.splits[0], out, params.seed, params.draem)
