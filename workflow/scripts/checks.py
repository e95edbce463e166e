"""Rule checks: the checks of all scans of a data set as a table."""

from sadm.study.step import step

with step(snakemake):
    from sadm.preprocess.quality_table import checks

    checks(snakemake.input.qc, snakemake.output[0])
