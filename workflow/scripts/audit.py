"""Rule audit: no subject and no image on two sides."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.cohort.audit import audit

    audit(snakemake.input.splits, snakemake.input.sheets, snakemake.output[0])
