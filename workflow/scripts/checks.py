"""Rule checks: the checks of all scans of a data set as a table."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.preprocess.quality_table import checks

    checks(snakemake.input.qc, snakemake.output[0])
