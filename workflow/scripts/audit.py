"""Rule audit: no subject and no image on two sides."""

from sadm.study.step import step

with step(snakemake):
    from sadm.cohort.audit import audit

    audit(snakemake.input.splits, snakemake.input.sheets, snakemake.output[0])
