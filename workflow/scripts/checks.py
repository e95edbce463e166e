"""Rule checks: the checks of all scans of a data set as a table."""

from sadm.logs import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.preprocess.checks import checks

    checks(snakemake.params.scans, list(snakemake.input.qc), snakemake.output[0])
