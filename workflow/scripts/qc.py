"""Rule qc: the checks and pictures of all scans of a data set as one page."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.report.qc import qc

    files, params = snakemake.input, snakemake.params
    qc(files.checks, files.pictures, files.assets, snakemake.output[0], params.title)
